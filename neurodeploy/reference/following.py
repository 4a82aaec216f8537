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
from neurodeploy.trace import Entry, Trace

Array = NDArray[Any]
IntArray = NDArray[np.int64]
CELLS = 1 << 17
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
    lines = {name: np.concatenate([past[name], array], axis=1, dtype=np.int64) for name, array in sent.items()}
    return all(_node_follows(program, p, lines, run[p.name], start[p.name]) for p in program.populations)


def _node_follows(
    program: Program, population: Population, lines: Mapping[str, IntArray], entry: Entry, start: State
) -> bool:
    before = _before(population, entry, start)
    if before is None:
        return False
    batch, total = entry.output.shape[:2]
    entering, memory = program.into(population.name), memory_steps(program)
    widest = max([population.size, *(program.node(p.source).size for p in entering)])
    some = max(1, CELLS // (batch * widest))
    for first in range(0, total, some):
        steps = slice(first, min(first + some, total))
        state = State(*(_together(part, steps) for part in before))
        late = {p.name: slice(steps.start + memory - p.delay, steps.stop + memory - p.delay) for p in entering}
        arriving = [(p, _together(lines[p.source], late[p.name])) for p in entering]
        a = summed(program.numerics, population, arriving, len(state.u), state.u)
        output = step(population, state, a, program.numerics).output
        pairs = [(output, entry.output), (state.u, entry.u), (state.v, entry.v)]
        if not all(there is None or np.array_equal(ours, _together(there, steps)) for ours, there in pairs):
            return False
    return True


def _before(population: Population, entry: Entry, start: State) -> tuple[IntArray, IntArray, Array] | None:
    """Current, membrane, and whether it has fired, before every step, ``(B, T, *shape)``; None where not recorded."""
    fired = np.broadcast_to(start.fired[:, None], entry.output.shape)
    if population.kind == "relay":
        still = np.broadcast_to(np.int64(0), entry.output.shape)
        return still, still, fired
    if entry.u is None or entry.v is None:
        return None
    if population.fire_once:
        ever = np.logical_or.accumulate(entry.output != 0, axis=1) | fired
        fired = before_each_step(start.fired, ever)
    return before_each_step(start.u, entry.u), before_each_step(start.v, entry.v), fired


def before_each_step(first: Array, record: Array) -> Array:
    """What a record of every step's end, ``(B, T, ...)``, says of every step's beginning; ``first``: of the first."""
    return np.concatenate([first[:, None], record[:, :-1]], axis=1)


def _together(record: Array, steps: slice) -> Array:
    """Some steps of all samples as so many samples, ``(B * steps, *shape)``."""
    part = record[:, steps]
    return part.reshape(-1, *part.shape[2:])
