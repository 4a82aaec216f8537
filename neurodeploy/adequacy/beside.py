"""In which neurons a wrong rule shows: nodes under wrong rules beside nodes under the right ones.

A neuron that in every step, from where the right rules left it, does what they do under them, does all of it, by
induction. So no step waits for another but where a wrong rule showed in the states of a neuron and not yet in what it
sends: only such neurons run step after step, and no longer than until the last of them sends something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.node import (
    Node,
    Record,
    entering,
    grouped,
    received_by,
    run_group,
    split,
    stacked,
    started,
    steady,
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
    received, records = received_by(nodes), dict[int, Record]()
    late = [
        number for number in range(first, len(nodes)) if nodes[number].late != (0, 0) and not nodes[number].by_events
    ]
    others = [number for number in range(len(nodes)) if number not in late]
    groups = [[others[place] for place in places] for places in grouped([nodes[number] for number in others])]
    for numbers in (numbers for numbers in groups if min(numbers) < first):
        group = [nodes[number] for number in numbers]
        records |= zip(numbers, split(run_group(group, received), group), strict=True)

    def likely(number: int) -> Record:
        place, neurons = beside[number - first]
        return records[place].neurons(neurons)

    differs = {number: Differs.between(record, likely(number)) for number, record in records.items() if number >= first}
    for number in late:
        expected, start = likely(number), initial_state(nodes[number].population, len(nodes[number].lines[0].sent))
        differs[number] = Differs.between(expected.later(*nodes[number].late, start), expected)
    for numbers in (numbers for numbers in groups if min(numbers) >= first):
        group = [nodes[number] for number in numbers]
        found = _differing(group, received, _joined([likely(number) for number in numbers]))
        ends = np.cumsum([node.population.size for node in group])[:-1]
        parts = zip(*(np.split(mask, ends) for mask in (found.states, found.outputs)), strict=True)
        differs |= {number: Differs(*masks) for number, masks in zip(numbers, parts, strict=True)}
    return [records[number] for number in range(first)], [differs[number] for number in range(first, len(nodes))]


def _joined(records: Sequence[Record]) -> Record:
    """Records of neurons side by side."""
    return Record(
        *(np.concatenate([getattr(record, key) for record in records], axis=-1) for key in ("output", "v", "u"))
    )


def _differing(group: Sequence[Node], received: Mapping[int, IntArray], likely: Record) -> Differs:
    """Where nodes of one structure differ from what they do under the right rules."""
    first = group[0]
    if first.by_events or first.forgets or first.remembers:
        return Differs.between(run_group(group, received, likely), likely)
    population, start = stacked([node.population for node in group]), started(group, likely)
    total, update = entering(group, received), first.updating()
    before = _before(likely, start)
    cells = State(*(array.reshape(-1, population.size) for array in (before.u, before.v, before.fired)))
    output = update(population, cells, total.reshape(-1, population.size), first.numerics).output
    sent = (output != likely.output.reshape(output.shape)).reshape(total.shape)
    left = (cells.v != likely.v.reshape(output.shape)) | (cells.u != likely.u.reshape(output.shape))
    left = left.reshape(total.shape) | sent
    earliest = left.argmax(axis=1)
    states = left.any(axis=1)
    outputs = np.take_along_axis(sent, earliest[:, None], axis=1)[:, 0].any(axis=0)
    away = np.flatnonzero(states.any(axis=0) & ~outputs)
    if len(away):
        begin = int(earliest[:, away][states[:, away]].min())
        began = State(*(array[:, begin][:, away] for array in (before.u, before.v, before.fired)))
        expected, arriving = likely.output[:, begin:, away], total[:, begin:, away]
        outputs[away] = _sends(stacked([population], away), update, arriving, expected, began, first.numerics)
    return Differs(states.any(axis=0), outputs)


def _before(likely: Record, start: State) -> State:
    """The states before each step, ``(B, T, K)``."""
    fired = np.logical_or.accumulate(likely.output != 0, axis=1) | start.fired[:, None]
    pairs = (start.u, likely.u), (start.v, likely.v), (start.fired, fired)
    return State(*(before_each_step(*pair) for pair in pairs))


def _sends(
    population: Population, update: Update, total: IntArray, expected: IntArray, state: State, numerics: Numerics
) -> Mask:
    """Which neurons send something else than expected in some step."""
    found = np.zeros(population.size, np.bool_)
    numerics = steady(population, update, total, state, numerics)
    for t in range(total.shape[1]):
        found |= (update(population, state, total[:, t], numerics).output != expected[:, t]).any(axis=0)
        if found.all():
            break
    return found
