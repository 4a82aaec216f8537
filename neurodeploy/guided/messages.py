"""Messages that are drawn at the synapses of every node, each node by itself, to reach what inputs hardly do.

Deep in a network an input decides little: whether a membrane comes to lie on its threshold, or a relay at the end of
its range, depends on all layers before. Fed with drawn messages (``drive``), every node is on its own, and they can be
chosen for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import sent_in_fact
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.run import run_compiled
from neurodeploy.guided.aimed import Span, aimed_at
from neurodeploy.guided.reached import Reached, nothing, reached
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Entry, Trace, joined

IntArray = NDArray[np.int64]
STEPS, SAMPLES = 16, 8
"""Steps of every sample, and samples that are kept, at most."""
CANDIDATES, FEWEST, SHORTEST = 48, 2, 4
"""Samples that are drawn of a small network, as many again are aimed; of a large one, in so many steps at least."""
CELLS = 1 << 24
"""Neurons times steps times candidates at most, so that memory is bounded, where a large network allows it."""
WATCHED = 8
"""Neurons of a population, at most, that are remembered for what they reached."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Messages for every node, and where something rare happens on them.

    - ``messages``: what every node is to be taken to send, ``(B, T, *shape)`` each, as ``drive`` takes it.
    - ``watched``: by population, flat, neurons that come to lie on or beside their threshold or at an end.
    """

    messages: Trace
    watched: Mapping[str, IntArray]

    def stimulus(self, program: Program) -> Stimulus:
        """The same messages as real values of the inputs."""
        return _stimulus(program, self.messages)


def drawn_messages(program: Program, seed: int = 0) -> Drawn:
    """Of messages that are drawn, and of some that are aimed, the samples that together reach most branches.

    Of a large network fewer samples of fewer steps are drawn. Raises EnvironmentFailureError where the compiler fails.
    Without a compiler the reference runs the candidates.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    width = sum(node.size for node in (*program.inputs, *program.populations))
    steps = min(STEPS, max(SHORTEST, CELLS // (FEWEST * max(width, 1))))
    count = min(CANDIDATES, max(FEWEST, CELLS // max(width * steps, 1)))
    spans = {node.name: _span(program, node) for node in (*program.inputs, *program.populations)}
    drawn = {name: _drawn(rng, span, (count, steps), program.node(name).shape) for name, span in spans.items()}
    first = _trace(program, drawn)
    ran = _run(program, first)
    aimed = _trace(program, aimed_at(program, drawn, ran, spans, rng))
    found = [*reached(program, ran), *reached(program, _run(program, aimed))]
    branches = [Reached({}, one.taken) for one in found]
    chosen = _richest(branches, Reached({}, nothing(program).taken), min(SAMPLES, count))
    messages = joined([first, aimed], 0)
    kept = {name: _rows(entry, chosen) for name, entry in messages.entries.items()}
    return Drawn(Trace(kept), _watched(program, [branches[row] for row in chosen]))


def _richest(branches: list[Reached], known: Reached, samples: int) -> list[int]:
    """The samples that reach most together, the richest first."""
    chosen: list[int] = []
    while len(chosen) < min(samples, len(branches)):
        gains = [-1.0 if row in chosen else known.gain(one) for row, one in enumerate(branches)]
        best = int(np.argmax(gains))
        if gains[best] <= 0 and chosen:
            break
        chosen.append(best)
        known |= branches[best]
    return chosen


def _watched(program: Program, branches: list[Reached]) -> dict[str, IntArray]:
    """By population, some of the neurons that took a branch, those of rare branches first."""
    watched: dict[str, IntArray] = {}
    for population in program.populations:
        taken = np.logical_or.reduce([one.taken[population.name] for one in branches])
        rare = sorted(taken[taken.any(axis=1)], key=np.count_nonzero)
        each = max(1, WATCHED // max(len(rare), 1))
        picked = [np.flatnonzero(mask)[:each] for mask in rare]
        watched[population.name] = np.unique(np.concatenate(picked)) if picked else np.zeros(0, np.int64)
    return watched


def _span(program: Program, node: Input | Population) -> Span:
    """Least and greatest message of a node, and whether it is a spike."""
    output = sent_in_fact(node, program.numerics)
    if output.kind == "graded":
        return Span(output.low, output.high)
    return Span(0, node.max_spikes_per_step if isinstance(node, Population) else output.high)


def _drawn(rng: np.random.Generator, span: Span, lead: tuple[int, int], shape: tuple[int, ...]) -> IntArray:
    """Messages of one node: in every sample at another rate, of another size, anew in every step or standing still."""
    messages = np.zeros((*lead, *shape), np.int64)
    for sample in messages:
        still = rng.random() < 0.3
        size = sample[:1].shape if still else sample.shape
        active = rng.random(size) < 10 ** rng.uniform(-2, 0)
        sample[:] = np.where(active, span.values(rng, size), 0)
    return messages


def _trace(program: Program, messages: Mapping[str, IntArray]) -> Trace:
    nodes = (*program.inputs, *program.populations)
    graded = {node.name: node.output.kind == "graded" for node in nodes}
    scales = {node.name: node.scale for node in program.inputs}
    return Trace({name: Entry(sent, graded[name], scales.get(name, 0)) for name, sent in messages.items()})


def _rows(entry: Entry, rows: list[int]) -> Entry:
    return Entry(entry.output[rows], entry.graded, entry.scale)


def _stimulus(program: Program, messages: Trace) -> Stimulus:
    return Stimulus({node.name: messages[node.name].output * 2.0**-node.scale for node in program.inputs})


def _run(program: Program, messages: Trace) -> Trace:
    shown = _stimulus(program, messages)
    if find_compiler() is None:
        return run_program(program, shown, states=True, drive=messages)
    return run_compiled(program, shown, states=True, drive=messages, threads=1)
