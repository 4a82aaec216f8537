"""In which neurons a wrong rule shows: nodes under wrong rules beside nodes under the right ones.

A neuron that in every step, from where the right rules left it, does what they do under them, does all of it, by
induction. So no step waits for another but where a wrong rule showed in the states of a neuron and not yet in what it
sends: only such neurons run step after step, and no longer than until the last of them sends something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.node import (
    Node,
    Record,
    entering,
    grouped,
    received_by,
    run_group,
    simplest,
    split,
    stacked,
    started,
)
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.following import before_each_step
from neurodeploy.reference.integer import State, initial_state
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
Beside = tuple[int, IntArray]
"""The number of a node under the right rules, and some of its neurons."""


@dataclass(frozen=True, eq=False)
class Differs:
    """Neurons that do something else in some step, ``(K,)`` each: in their output or a state; in their output."""

    states: Mask
    outputs: Mask

    @staticmethod
    def between(record: Record, other: Record) -> Differs:
        """Those that differ between two records."""
        outputs, v, u = (
            (ours != theirs).any(axis=(0, 1))
            for ours, theirs in ((record.output, other.output), (record.v, other.v), (record.u, other.u))
        )
        return Differs(outputs | v | u, outputs)


def run_beside(
    right: Sequence[Node], wrong: Sequence[Node], beside: Sequence[Beside]
) -> tuple[list[Record], list[Differs]]:
    """What nodes do under the right rules, and by node under a wrong one, where it differs from them.

    ``beside``: by wrong node, the right one and those of its neurons that it is but for one rule. All nodes have the
    same samples and steps.
    """
    nodes, first = (*right, *wrong), len(right)
    received, records, differs = received_by(nodes), dict[int, Record](), dict[int, Differs]()
    groups = _groups(nodes, first)
    runs = [(numbers, run_group(_of(nodes, numbers), received)) for numbers in groups if min(numbers) < first]
    for numbers, run in runs:
        records |= zip(numbers, split(run, _of(nodes, numbers)), strict=True)
    every, starts = _joined([records[number] for number in range(first)]), _starts(right)

    def likely(numbers: Sequence[int]) -> Record:
        """What neurons do under the right rules that stand side by side under wrong ones."""
        places = (beside[number - first] for number in numbers)
        return every.neurons(np.concatenate([starts[place] + neurons for place, neurons in places]))

    for numbers, run in runs:
        ours = [number for number in numbers if number >= first]
        if ours:
            columns = np.flatnonzero(
                np.repeat([n >= first for n in numbers], [nodes[n].population.size for n in numbers])
            )
            differs |= _divided(Differs.between(run.neurons(columns), likely(ours)), nodes, ours)
    for numbers in (numbers for numbers in groups if min(numbers) >= first):
        group, expected = _of(nodes, numbers), likely(numbers)
        late = group[0].late != (0, 0) and not group[0].by_events
        found = _later(group, expected) if late else _differing(group, received, expected)
        differs |= _divided(found, nodes, numbers)
    return [records[number] for number in range(first)], [differs[number] for number in range(first, len(nodes))]


def _groups(nodes: Sequence[Node], first: int) -> list[list[int]]:
    """The numbers of nodes, those together that run side by side; so do wrong ones, from ``first``, that are late."""
    late: dict[tuple[int, int], list[int]] = {}
    for number, node in enumerate(nodes):
        if number >= first and node.late != (0, 0) and not node.by_events:
            late.setdefault(node.late, []).append(number)
    away = {*chain(*late.values())}
    others = [number for number in range(len(nodes)) if number not in away]
    return [*([others[place] for place in places] for places in grouped(_of(nodes, others))), *late.values()]


def _of(nodes: Sequence[Node], numbers: Sequence[int]) -> list[Node]:
    return [nodes[number] for number in numbers]


def _starts(nodes: Sequence[Node]) -> IntArray:
    """Where the neurons of each begin, and those of the last end, where all stand side by side."""
    return np.cumsum([0, *(node.population.size for node in nodes)])


def _divided(found: Differs, nodes: Sequence[Node], numbers: Sequence[int]) -> dict[int, Differs]:
    """By the number of a node, what was found of nodes side by side."""
    ends = _starts(_of(nodes, numbers))[1:-1]
    parts = zip(np.split(found.states, ends), np.split(found.outputs, ends), strict=True)
    return {number: Differs(*masks) for number, masks in zip(numbers, parts, strict=True)}


def _joined(records: Sequence[Record]) -> Record:
    """Records of neurons side by side."""
    return Record(
        *(np.concatenate([getattr(record, key) for record in records], axis=-1) for key in ("output", "v", "u"))
    )


def _later(group: Sequence[Node], likely: Record) -> Differs:
    """Where nodes differ that do the same, all of them so many steps later."""
    starts = [initial_state(node.population, len(likely.output)) for node in group]
    start = State(*(np.concatenate([getattr(s, key) for s in starts], axis=-1) for key in ("u", "v", "fired")))
    return Differs.between(likely.later(*group[0].late, start), likely)


def _differing(group: Sequence[Node], received: Mapping[int, IntArray], likely: Record) -> Differs:
    """Where nodes of one structure differ from what they do under the right rules."""
    first = group[0]
    if first.by_events or first.forgets or first.remembers:
        return Differs.between(run_group(group, received, likely), likely)
    population, start = stacked([node.population for node in group]), started(group, likely)
    total, update = entering(group, received), first.updating()
    before = _before(likely, start)
    lead = -1, population.size
    cells = State(before.u.reshape(lead), before.v.reshape(lead), before.fired.reshape(lead))
    output = update(population, cells, total.reshape(-1, population.size), first.numerics).output
    sent = (output != likely.output.reshape(output.shape)).reshape(total.shape)
    left = (cells.v != likely.v.reshape(output.shape)) | (cells.u != likely.u.reshape(output.shape))
    left = left.reshape(total.shape) | sent
    earliest = left.argmax(axis=1)
    states = left.any(axis=1)
    outputs = np.logical_or.reduce(np.take_along_axis(sent, earliest[:, None], axis=1), axis=(0, 1))
    away = np.flatnonzero(states.any(axis=0) & ~outputs)
    if len(away):
        begin = int(earliest[:, away][states[:, away]].min())
        began = State(before.u[:, begin, away], before.v[:, begin, away], before.fired[:, begin, away])
        expected, arriving = likely.output[:, begin:, away], total[:, begin:, away]
        outputs[away] = _sends(stacked([population], away), update, arriving, expected, began, first.numerics)
    return Differs(states.any(axis=0), outputs)


def _before(likely: Record, start: State) -> State:
    """The states before each step, ``(B, T, K)``."""
    fired = np.logical_or.accumulate(likely.output != 0, axis=1) | start.fired[:, None]
    u, v = before_each_step(start.u, likely.u), before_each_step(start.v, likely.v)
    return State(u, v, before_each_step(start.fired, fired))


def _sends(
    population: Population, update: Update, total: IntArray, expected: IntArray, state: State, numerics: Numerics
) -> Mask:
    """Which neurons send something else than expected in some step."""
    found = np.zeros(population.size, np.bool_)
    population, numerics = simplest(population, update, total, state, numerics)
    for t in range(total.shape[1]):
        found |= (update(population, state, total[:, t], numerics).output != expected[:, t]).any(axis=0)
        if found.all():
            break
    return found
