"""The first divergence synapse by synapse: which messages came over which weights, and which branches were taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import fan_in
from neurodeploy.parity.block import Block
from neurodeploy.parity.rung import Arrival, Divergence
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Entry

AT_MOST = 32
"""Synapses that a divergence holds."""


def with_arrivals(first: Divergence, program: Program, expected: Block, actual: Block) -> Divergence:
    """The divergence with the synapses that carried a message, and the branches that should have been taken."""
    if first.node not in program.by_name or not expected.holds(first.sample, first.step):
        return first
    neuron = np.array([np.ravel_multi_index(first.neuron, program.by_name[first.node].shape)])
    arrivals = [a for p in program.into(first.node) for a in _arrivals(program, p, neuron, first, expected, actual)]
    arrivals.sort(key=lambda a: (a.expected == a.actual, -abs(a.weight)))
    return replace(first, arrivals=tuple(arrivals[:AT_MOST]), taken=_taken(program, first, expected))


def _arrivals(
    program: Program, projection: Projection, neuron: NDArray[np.int64], first: Divergence, ours: Block, theirs: Block
) -> list[Arrival]:
    shape = program.node(projection.source).shape
    sides = [block.sent(projection.source, first.sample, first.step - projection.delay) for block in (ours, theirs)]
    expected, actual = (np.zeros(shape) if sent is None else sent for sent in sides)
    reached = fan_in(projection, shape, program.by_name[first.node].shape, neuron)
    lines = reached.lines[(expected.ravel()[reached.lines] != 0) | (actual.ravel()[reached.lines] != 0)]
    weights = dict(zip(reached.lines.tolist(), reached.matrix[0].tolist(), strict=True))
    return [
        Arrival(
            projection.name,
            projection.source,
            tuple(int(i) for i in np.unravel_index(line, shape)),
            weights[int(line)],
            int(expected.ravel()[line]),
            int(np.nan_to_num(actual.ravel()[line])),
        )
        for line in lines
        if weights[int(line)]
    ]


def _taken(program: Program, first: Divergence, block: Block) -> tuple[str, ...]:
    population, entry = program.by_name[first.node], block.trace[first.node]
    cell = first.sample - block.place.sample, first.step - block.place.step, *first.neuron
    if population.kind != "cuba-lif" or entry.v is None or entry.v_before is None:
        return ()
    shift, before = program.numerics.state_shift, int(entry.v_before[cell])
    spikes = int(entry.output[cell])
    taken = [f"{spikes} spikes" if spikes > 1 else "a spike" if spikes else "no spike"]
    if spikes and population.reset != "none":
        taken.append(f"reset ({population.reset}) to {int(entry.v[cell])}")
    for name in ("floor", "ceiling"):
        bound = getattr(population, name)
        if bound is not None and before == bound << shift:
            taken.append(f"clamped at its {name}")
    return tuple(taken) if _integers(entry) else ()


def _integers(entry: Entry) -> bool:
    return entry.output.dtype.kind in "biu"
