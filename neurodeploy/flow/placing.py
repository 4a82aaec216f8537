"""Where a network stands on chips."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import numpy as np

from neurodeploy.bundle import Bundle, write_bundle
from neurodeploy.costs.blocks import program_pieces
from neurodeploy.errors import InputError
from neurodeploy.flow.arguments import SubjectOptions, divided, spell_out, stimulus_of, texts
from neurodeploy.flow.loading import load
from neurodeploy.flow.subject import Subject, network_of, open_subject, program_of
from neurodeploy.placement.chip import Chip, find_chip
from neurodeploy.placement.place import DEFAULTS, Wanted, place_program
from neurodeploy.placement.placement import Placement
from neurodeploy.placement.traffic import Events
from neurodeploy.program.program import Program
from neurodeploy.stimuli import Source
from neurodeploy.stimulus import Stimulus


@spell_out(stimulus_of, load)
def place(
    subject: Program | Subject | str | Path,
    chip: Chip | str = "loihi2",
    stimulus: Source = None,
    *,
    options: Mapping[str, object] | None = None,
    store: bool = False,
    **how: Unpack[SubjectOptions],
) -> Placement:
    """Put the neurons of a network, and with them the synapses onto them, on the cores of chips.

    Populations that no core holds are cut into blocks, as few as an even cut gives; ``strategy=first-fit`` puts each
    on the first core with room, ``strategy=traffic`` then exchanges cores until messages cross as few tiles as they
    can that way. The same input gives the same placement.

    Args:
        subject: a Program, a bundle or its folder, a Network, or what ``load`` takes together with the arguments of
            ``load``; a source is quantized to the chip's numerics.
        chip: one that comes along, by name (``loihi1``, ``loihi2``), the YAML file of another, or a Chip.
        stimulus: whose messages are counted between cores, as ``run`` takes it; without one every neuron and input
            line sends once. A Program takes a Stimulus.
        options: ``strategy`` and ``chips``, how many there are; and options of quantization of a source.
        store: keep the placement in the bundle, whose digest then is another one.

    Raises:
        CapabilityError: with everything that does not fit, each with the smallest change that would.
        InputError: for an unknown chip, strategy or option, a YAML that is no chip, a stimulus that does not fit.

    Example:
        >>> placement = nd.place("model.nir", "loihi2", options={"strategy": "traffic"})
        >>> placement.core_of("lif1", (0, 3, 5))
    """
    chosen = chip if isinstance(chip, Chip) else find_chip(chip)
    asked = texts(options)
    wanted = Wanted.of({name: value for name, value in asked.items() if name in DEFAULTS})
    rest = {name: value for name, value in asked.items() if name not in DEFAULTS}
    loading, showing = divided(how)
    if isinstance(subject, Program):
        if store:
            raise InputError("there is no bundle to keep the placement in", "store", "export one first")
        if stimulus is not None and not isinstance(stimulus, Stimulus):
            raise InputError("needs a Stimulus beside a Program", "stimulus", "give nd.Stimulus({name: array})")
        return _placed(subject, chosen, wanted, stimulus)
    opened = open_subject(subject, **loading)
    if store and not isinstance(opened, Bundle):
        raise InputError("there is no bundle to keep the placement in", "--store", "export one first")
    program = _integers(opened, chosen, rest)
    shown = None if stimulus is None else stimulus_of(stimulus, network_of(opened), **showing)
    placement = _placed(program, chosen, wanted, shown)
    if store and isinstance(opened, Bundle):
        parts = opened.target, opened.options, opened.network, opened.artifact, opened.report
        write_bundle(opened.path, *parts, placement.stored())
    return placement


def _integers(subject: Subject, chip: Chip, options: dict[str, str]) -> Program:
    """A bundle's program, or that of a source: its own options, and the chip's numerics where they name none."""
    chosen = options if isinstance(subject, Bundle) else {"numerics": chip.numerics, **options}
    return program_of(subject, chosen)


def _placed(program: Program, chip: Chip, wanted: Wanted, stimulus: Stimulus | None) -> Placement:
    if stimulus is None:
        return place_program(program, chip, wanted)
    words = f"stimulus of {stimulus.batch} samples, {stimulus.steps} steps"
    return place_program(program, chip, wanted, events_of(program, stimulus), words)


def events_of(program: Program, stimulus: Stimulus) -> Events:
    """How often each neuron and input line sent something, counted while the run streams by."""
    nodes = (*program.inputs, *program.populations)
    events = {node.name: np.zeros(node.shape, np.int64) for node in nodes}
    for piece in program_pieces(program, stimulus, states=False):
        for name, counts in events.items():
            counts += np.count_nonzero(piece.trace[name].output, axis=(0, 1))
    return events
