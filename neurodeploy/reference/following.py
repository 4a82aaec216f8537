"""Whether a recorded run is the reference's own: many steps at once, each from what was recorded before it.

Where every node did in every step what the reference makes of the state that the node was in and of what the others
sent, the whole run is what the reference would have done, by induction over the steps and over the nodes of a step. So
none of them waits for another, and all steps of a node are computed as if they were samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import State, step
from neurodeploy.reference.program_runner import memory_steps, summed
from neurodeploy.reference.room import Room
from neurodeploy.trace import Entry, Trace

Array = NDArray[Any]
IntArray = NDArray[np.int64]
CELLS = 1 << 16
"""Neurons, or what they read, times steps times samples that are computed at once."""


def follows(
    program: Program,
    inputs: Mapping[str, IntArray],
    run: Trace,
    start: Mapping[str, State],
    past: Mapping[str, IntArray],
) -> bool:
    """Whether the reference, from the state ``start``, sends and keeps what ``run`` recorded, states included.

    - ``inputs``: what the inputs sent, ``(B, T, *shape)``; ``run``: what the populations did.
    - ``past``: what every node sent in the ``memory_steps`` steps before, ``(B, memory_steps, *shape)``.

    False where a population that has states was recorded without them.
    """
    sent = {**inputs, **{p.name: run[p.name].output for p in program.populations}}
    late = memory_steps(program) > 0
    lines = {name: np.concatenate([past[name], array], axis=1) if late else array for name, array in sent.items()}
    return all(_node_follows(program, p, lines, run[p.name], start[p.name]) for p in program.populations)


def _node_follows(
    program: Program, population: Population, lines: Mapping[str, Array], entry: Entry, start: State
) -> bool:
    kept = _kept(population, entry, start)
    if kept is None:
        return False
    batch, total = entry.output.shape[:2]
    entering, memory = program.into(population.name), memory_steps(program)
    widest = max([population.size, *(program.node(p.source).size for p in entering)])
    some, room = max(1, CELLS // (batch * widest)), Room(population, program.numerics)
    for first in range(0, total, some):
        steps = slice(first, min(first + some, total))
        state = State(*(_together(_before(*record, steps)) for record in kept))
        late = {p.name: slice(steps.start + memory - p.delay, steps.stop + memory - p.delay) for p in entering}
        arriving = [(p, _together(lines[p.source][:, late[p.name]])) for p in entering]
        a = summed(program.numerics, population, arriving, len(state.u), state.u)
        output = step(population, state, a, room.numerics(state, a)).output
        pairs = [(output, entry.output), (state.u, entry.u), (state.v, entry.v)]
        if not all(there is None or np.array_equal(ours, _together(there[:, steps])) for ours, there in pairs):
            return False
    return True


def _kept(population: Population, entry: Entry, start: State) -> tuple[tuple[Array, Array], ...] | None:
    """Current, membrane, and whether it has fired: at first, and after every step, ``(B, T, *shape)``.

    None where a population that keeps them was recorded without.
    """
    fired = np.broadcast_to(start.fired[:, None], entry.output.shape)
    if population.fire_once:
        fired = np.logical_or.accumulate(entry.output != 0, axis=1) | fired
    if population.kind == "relay":
        still = np.broadcast_to(np.int64(0), entry.output.shape)
        return (still[:, 0], still), (still[:, 0], still), (start.fired, fired)
    if entry.u is None or entry.v is None:
        return None
    return (start.u, entry.u), (start.v, entry.v), (start.fired, fired)


def _before(first: Array, record: Array, steps: slice) -> Array:
    """What a record of every step's end says of how some steps began; ``first``: how the first of all did."""
    if steps.start:
        return record[:, steps.start - 1 : steps.stop - 1]
    return before_each_step(first, record[:, steps])


def before_each_step(first: Array, record: Array) -> Array:
    """What a record of every step's end, ``(B, T, ...)``, says of every step's beginning; ``first``: of the first."""
    return np.concatenate([first[:, None], record[:, :-1]], axis=1)


def _together(record: Array) -> Array:
    """The steps of all samples as so many samples, ``(B * T, *shape)``."""
    return record.reshape(-1, *record.shape[2:])
