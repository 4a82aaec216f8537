"""The stages of quantization, one class each; the files beside this one hold what they compute with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

import numpy as np

from neurodeploy.errors import InputError, choices
from neurodeploy.finding import Finding
from neurodeploy.numerics import Numerics
from neurodeploy.passes import conditions as c
from neurodeploy.passes.accuracy import neuron_report
from neurodeploy.passes.budget import Search, fewest_bits, kept_aside, with_bits
from neurodeploy.passes.calibration.applying import RunProgram
from neurodeploy.passes.calibration.choices import Seen
from neurodeploy.passes.calibration.populations import Array, calibrated
from neurodeploy.passes.counts import with_values
from neurodeploy.passes.draft import Draft, layer_report
from neurodeploy.passes.events import arranged, as_the_machine, by_events, resets_at_once, with_gain
from neurodeploy.passes.machine import Machine, widest_weights
from neurodeploy.passes.messages import choose_messages, input_quantizer
from neurodeploy.passes.names import unique_names
from neurodeploy.passes.neurons import neuron_of, with_fewer_spikes
from neurodeploy.passes.options import (
    EVERY_LAYER,
    MachineName,
    OneOf,
    PerLayer,
    Share,
    WholeNumber,
    option,
)
from neurodeploy.passes.paths import output_nodes, synapses
from neurodeploy.passes.resets import reset_at_once
from neurodeploy.passes.room import AUTO as AUTO_ROOM
from neurodeploy.passes.room import MEMBRANE, STEP, with_room
from neurodeploy.passes.rounding import check_bits, rounded_paths, sent_messages, worst_case
from neurodeploy.passes.scales import ceiling, choose_scale
from neurodeploy.passes.stage import Condition, Stage, run_stages
from neurodeploy.passes.units import AUTO, LAYER, POWER, ROW, in_units
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program

Conditions = tuple[Condition, ...]


@dataclass(frozen=True)
class Arithmetic:
    """Choose the arithmetic of the machine, where a target has several."""

    name: ClassVar[str] = "arithmetic"
    requires: ClassVar[Conditions] = ()
    ensures: ClassVar[Conditions] = ()

    numerics: Numerics | None = option(  # noqa: RUF009  # a field
        "the machine's arithmetic, where the target has several", MachineName()
    )

    def __call__(self, draft: Draft) -> Draft:
        return replace(draft, machine=Machine.of(self.numerics or draft.numerics))


@dataclass(frozen=True)
class Widths:
    """Choose how many bits of the machine's weights may be used, and how far they may be shifted."""

    name: ClassVar[str] = "widths"
    requires: ClassVar[Conditions] = ()
    ensures: ClassVar[Conditions] = ()

    weight_bits: int | Mapping[str, int] | None = option(
        "bits of a weight; more than the machine has become two projections",
        PerLayer(
            WholeNumber(1, widest_weights, "twice the bits of the machine's weights, where it can shift them"),
            "8,NAME:4",
        ),
    )
    weight_exponent: int | None = option(
        "largest power of two beside a layer's weights; 0 keeps a chain within lava-dl's .net files",
        WholeNumber(0, lambda numerics: numerics.shift_max, "the machine's largest shift"),
    )

    def __call__(self, draft: Draft) -> Draft:
        machine, bits = draft.machine, self.weight_bits
        layers = dict(bits) if isinstance(bits, Mapping) else {EVERY_LAYER: bits or machine.weight_bits}
        most = layers.pop(EVERY_LAYER, machine.weight_bits)
        unknown = sorted(layers.keys() - draft.network.nodes.keys())
        if unknown:
            raise InputError(
                f"no layer is called {unknown[0]!r}", "-O weight-bits", choices(unknown[0], draft.network.nodes)
            )
        exponent = machine.weight_exponent if self.weight_exponent is None else self.weight_exponent
        return replace(draft, machine=Machine(machine.numerics, most, exponent, layers))


@dataclass(frozen=True)
class Resets:
    """Rewrite resets that reach into the next step as resets in the step of the spike."""

    name: ClassVar[str] = "resets"
    requires: ClassVar[Conditions] = ()
    ensures: ClassVar[Conditions] = (c.RESETS_AT_ONCE,)

    def __call__(self, draft: Draft) -> Draft:
        network = draft.network
        if by_events(draft.numerics):
            network, told = resets_at_once(network)
            draft = replace(draft, adapted=(*draft.adapted, *told))
        rewritten = reset_at_once(network)
        return replace(draft, network=rewritten.network, sources=rewritten.origins)


@dataclass(frozen=True)
class Paths:
    """Merge the layers between two populations into one linear operator per path."""

    name: ClassVar[str] = "paths"
    requires: ClassVar[Conditions] = ()
    ensures: ClassVar[Conditions] = (c.PATHS_JOIN_POPULATIONS,)

    def __call__(self, draft: Draft) -> Draft:
        return replace(draft, paths=synapses(draft.network, by_events(draft.numerics)))


@dataclass(frozen=True)
class Neurons:
    """Write every neuron as per-step decay factors, threshold and bias, with its input gain in the weights."""

    name: ClassVar[str] = "neurons"
    requires: ClassVar[Conditions] = (c.RESETS_AT_ONCE, c.PATHS_JOIN_POPULATIONS)
    ensures: ClassVar[Conditions] = (c.EVERY_NEURON,)

    spikes_per_step: int | None = option(
        "most spikes of a neuron in one step, where its contract allows more",
        WholeNumber(1, lambda numerics: (1 << numerics.message_bits) - 1, "what the machine's messages hold"),
    )

    def __call__(self, draft: Draft) -> Draft:
        events = by_events(draft.numerics)
        if events:
            network, told = as_the_machine(draft.network, draft.paths, draft.numerics, self.spikes_per_step)
            draft = replace(draft, adapted=(*draft.adapted, *told))
        else:
            network = with_fewer_spikes(draft.network, self.spikes_per_step)
        draft = replace(draft, network=network)
        neurons = {name: neuron_of(network, name, draft.paths, draft.numerics) for name in network.populations}
        for name, neuron in neurons.items() if events else ():
            neurons[name], told = with_gain(neuron, draft.numerics)
            draft = replace(draft, adapted=(*draft.adapted, *told))
        paths = [path.scaled(neurons[path.target].gain, network.shapes[path.target]) for path in draft.paths]
        return replace(draft, neurons=neurons, paths=tuple(paths))


@dataclass(frozen=True)
class ValueBounds:
    """Bound the values that every input, neuron and sum can send, whatever the stimulus."""

    name: ClassVar[str] = "values"
    requires: ClassVar[Conditions] = (c.EVERY_NEURON,)
    ensures: ClassVar[Conditions] = (c.EVERY_SENDER_BOUNDED,)

    def __call__(self, draft: Draft) -> Draft:
        return with_values(draft)


@dataclass(frozen=True, eq=False)
class LayerBits:
    """Choose the fewest bits per layer that keep a share of the spikes of a stimulus, where one is asked for.

    What the chosen bits keep is also told for samples set aside, where there are enough of them.
    ``rest``: the stages that follow. ``stimulus``, ``run``, ``seed``: as of ``Calibration``.
    """

    name: ClassVar[str] = "bits"
    requires: ClassVar[Conditions] = (c.EVERY_NEURON, c.EVERY_SENDER_BOUNDED)
    ensures: ClassVar[Conditions] = ()

    budget: float | None = option(
        "share of the spikes that every population keeps, with the fewest bits per layer; needs --calibrate", Share()
    )
    rest: tuple[Stage, ...] = ()
    stimulus: Mapping[str, Array] | None = None
    run: RunProgram = run_program
    seed: int = 0

    def __call__(self, draft: Draft) -> Draft:
        if self.budget is None:
            return draft
        if self.stimulus is None:
            raise InputError(
                "a budget is kept on a stimulus, and there is none", "-O budget", "give one with --calibrate STIMULUS"
            )
        stimulus = {name: self.stimulus[name] for name in draft.network.input_names}
        choice = fewest_bits(self._search(draft, stimulus, stimulus), self.budget)
        samples = Seen.of(len(next(iter(stimulus.values()))), np.random.default_rng(self.seed))
        if samples.apart:
            fitted, aside = (
                {name: values[part] for name, values in stimulus.items()} for part in (samples.fitted, samples.aside)
            )
            choice = kept_aside(self._search(draft, fitted, aside), choice)
        return replace(with_bits(draft, choice.bits), bit_choice=choice)

    def _search(self, draft: Draft, fitted: Mapping[str, Array], judged: Mapping[str, Array]) -> Search:
        """Bits judged by some samples, where calibration sees others or the same."""
        rest = [replace(stage, stimulus=fitted) if isinstance(stage, Calibration) else stage for stage in self.rest]

        def finish(narrowed: Draft) -> Program:
            program = run_stages(rest, narrowed).program
            assert program is not None
            return program

        expected = run_network(draft.network, judged)
        return Search(draft, finish, lambda program: self.run(program, judged), expected)


@dataclass(frozen=True)
class Units:
    """Choose the unit in which each spiking population counts, so that its weights use all of the machine's levels."""

    name: ClassVar[str] = "units"
    requires: ClassVar[Conditions] = (c.EVERY_NEURON, c.EVERY_SENDER_BOUNDED)
    ensures: ClassVar[Conditions] = ()

    unit: str = option(
        "unit in which spiking populations count: a power of two, or what fits a layer or each of its rows best; "
        "auto is row for weights of up to eight bits, else a power of two",
        OneOf((AUTO, POWER, LAYER, ROW)),
        default=AUTO,
    )

    def __call__(self, draft: Draft) -> Draft:
        return in_units(draft, self.unit)


@dataclass(frozen=True)
class Ceilings:
    """Find the largest scale of each population that its threshold, bias, input and weights allow."""

    name: ClassVar[str] = "ceilings"
    requires: ClassVar[Conditions] = (c.EVERY_NEURON, c.EVERY_SENDER_BOUNDED)
    ensures: ClassVar[Conditions] = (c.EVERY_CEILING,)

    def __call__(self, draft: Draft) -> Draft:
        return replace(draft, ceilings={name: ceiling(draft, neuron) for name, neuron in draft.neurons.items()})


@dataclass(frozen=True)
class Messages:
    """Choose the quantizer of each input and the width of graded messages, against the bits of their weights."""

    name: ClassVar[str] = "messages"
    requires: ClassVar[Conditions] = (c.EVERY_SENDER_BOUNDED, c.EVERY_CEILING)
    ensures: ClassVar[Conditions] = (c.MESSAGES_HOLD_VALUES,)

    message_bits: int = option(
        "widest graded message between populations",
        WholeNumber(2, lambda numerics: numerics.message_bits, "the bits of the machine's messages"),
        default=8,
    )

    def __call__(self, draft: Draft) -> Draft:
        inputs = {name: input_quantizer(draft, name, self.message_bits) for name in draft.network.input_names}
        graded = [name for name, neuron in draft.neurons.items() if neuron.kind == "relay"]
        outputs = {name: quantizer.output for name, quantizer in inputs.items()}
        outputs |= choose_messages(draft, graded, self.message_bits)
        outputs |= {name: neuron.output for name, neuron in draft.neurons.items() if neuron.kind != "relay"}
        return replace(draft, inputs=inputs, outputs=outputs)


@dataclass(frozen=True)
class Room:
    """Choose the populations whose scales leave room for every membrane, so that none saturates."""

    name: ClassVar[str] = "room"
    requires: ClassVar[Conditions] = (c.EVERY_CEILING, c.MESSAGES_HOLD_VALUES)
    ensures: ClassVar[Conditions] = ()

    room: str | Mapping[str, str] = option(
        "what a scale leaves room for: the input of a step, or every membrane of any run; auto is membrane where "
        "nothing of the network is rounded with it, else step",
        PerLayer(OneOf((AUTO_ROOM, STEP, MEMBRANE)), "membrane,NAME:step"),
        default=AUTO_ROOM,
    )

    def __call__(self, draft: Draft) -> Draft:
        return replace(draft, roomy=with_room(draft, self.room))


MOST_CELLS = 1 << 24
"""Neurons times steps times samples of the float network that calibration looks at: about 400 MB of states."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Choose weights, biases, thresholds and units for the membranes they make on a stimulus, where one is given.

    ``stimulus``: real values ``(B, T, *shape)`` by input. ``run``: runs a Program. ``seed``: of the steps looked at.
    """

    name: ClassVar[str] = "calibration"
    requires: ClassVar[Conditions] = (c.EVERY_CEILING, c.MESSAGES_HOLD_VALUES)
    ensures: ClassVar[Conditions] = (c.EVERY_CEILING,)

    stimulus: Mapping[str, Array] | None = None
    run: RunProgram = run_program
    seed: int = 0

    def __call__(self, draft: Draft) -> Draft:
        if self.stimulus is None:
            return draft
        if by_events(draft.numerics):
            problem = (
                f"{draft.numerics.name} adds event by event, which calibration does not: numbers are rounded plainly"
            )
            finding = Finding("not-calibrated", "warning", "network", problem, "leave out --calibrate")
            return replace(draft, adapted=(*draft.adapted, finding))
        samples = max(MOST_CELLS // _cells_per_sample(draft, self.stimulus), 1)
        some = {name: self.stimulus[name][:samples] for name in draft.network.input_names}
        network = run_network(draft.network, some, states=True)
        after, reports = calibrated(draft, network, self.run, self.seed)
        return replace(after, calibrated=reports)


@dataclass(frozen=True)
class Scales:
    """Choose the scale of each population: the largest at which its rounded weights still fit."""

    name: ClassVar[str] = "scales"
    requires: ClassVar[Conditions] = (c.EVERY_CEILING, c.MESSAGES_HOLD_VALUES)
    ensures: ClassVar[Conditions] = (c.SCALES_BELOW_CEILINGS,)

    def __call__(self, draft: Draft) -> Draft:
        return replace(draft, scales={name: choose_scale(draft, neuron) for name, neuron in draft.neurons.items()})


@dataclass(frozen=True)
class Rounding:
    """Round weights, thresholds, biases and decays to the machine's grids at the chosen scales."""

    name: ClassVar[str] = "rounding"
    requires: ClassVar[Conditions] = (c.SCALES_BELOW_CEILINGS,)
    ensures: ClassVar[Conditions] = (c.EVERY_PATH_ROUNDED, c.WORST_CASE_FITS)

    def __call__(self, draft: Draft) -> Draft:
        after = draft
        for name, neuron in draft.neurons.items():
            scale, entering = draft.scales[name], draft.entering(name)
            rounded = rounded_paths(draft, entering, scale, neuron.unit)
            worst = worst_case(rounded, sent_messages(draft, (path.source for path in entering)), neuron.shape)
            check_bits(draft, rounded, scale, worst)
            after = replace(
                after,
                rounded=(*after.rounded, *rounded),
                worst_cases={**after.worst_cases, name: worst},
                populations=(*after.populations, neuron.population(scale, draft.outputs[name], draft.numerics)),
            )
        return after


@dataclass(frozen=True)
class Assembly:
    """Name the projections, note the layers each comes from, and join all to a Program with its accuracy."""

    name: ClassVar[str] = "assembly"
    requires: ClassVar[Conditions] = (c.EVERY_PATH_ROUNDED,)
    ensures: ClassVar[Conditions] = (c.EVERYTHING_HAS_A_SOURCE,)

    def __call__(self, draft: Draft) -> Draft:
        names = unique_names(draft.rounded)
        layers = [layer_report(draft, layer, name) for layer, name in zip(draft.rounded, names, strict=True)]
        reports = [
            neuron_report(
                draft.neurons[population.name], population, draft.worst_cases[population.name], draft.numerics
            )
            for population in draft.populations
        ]
        nodes = {name: layer.path.nodes for name, layer in zip(names, draft.rounded, strict=True)}
        nodes |= {population.name: (population.name,) for population in draft.populations}
        program = Program(
            draft.numerics,
            tuple(draft.inputs.values()),
            draft.populations,
            tuple(replace(layer.projection, name=name) for layer, name in zip(draft.rounded, names, strict=True)),
            output_nodes(draft.network),
            draft.network.host,
            {name: draft.source_nodes(path) for name, path in nodes.items()},
        )
        program = arranged(program) if by_events(draft.numerics) else program
        return replace(draft, program=program, layers=tuple(layers), reports=tuple(reports))


def _cells_per_sample(draft: Draft, stimulus: Mapping[str, Array]) -> int:
    """Neurons times steps of one sample."""
    steps = next(iter(stimulus.values())).shape[1]
    return steps * sum(prod(neuron.shape) for neuron in draft.neurons.values())
