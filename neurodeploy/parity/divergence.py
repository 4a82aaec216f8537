"""The first differing cell of a node, and what explains it: membranes on both sides, threshold, arrived messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurodeploy.analysis.ranges import apply_weights
from neurodeploy.parity.block import Block, Place
from neurodeploy.parity.compare import Cell, Differences, quantity
from neurodeploy.parity.rung import Divergence, NodeResult, Quantity
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Entry


def first_of(nodes: Mapping[str, NodeResult], program: Program) -> Divergence | None:
    """The first divergence in causal order: earliest step, then topological rank, then sample and neuron."""
    firsts = [node.first for node in nodes.values() if node.first is not None]
    order = (*program.input_by_name, *program.order)
    return min(firsts, key=lambda first: (first.step, order.index(first.node)), default=None)


def divergence(
    program: Program,
    node: str,
    differences: Differences,
    expected: Block,
    actual: Block,
    before: Divergence | None = None,
) -> Divergence | None:
    """The first cell of ``node`` in which a quantity differs; within a step in the order of ``differences``.

    ``before``: one of the same node that is known already; it is returned where it is the earlier one.
    """
    if before is not None and before.step < expected.place.step:
        return before
    firsts: dict[Quantity, Cell | None] = {name: expected.place.cell(mask) for name, mask in differences.items()}
    cells: dict[Quantity, Cell] = {name: cell for name, cell in firsts.items() if cell is not None}
    if not cells:
        return before
    differing: Quantity = min(cells, key=lambda name: cells[name][0])
    if before is not None and (before.step, before.sample, *before.neuron) <= cells[differing]:
        return before
    step, sample, *neuron = cells[differing]
    index = sample - expected.place.sample, step - expected.place.step, *neuron
    expected_value, actual_value = (_value(side.trace[node], differing, index) for side in (expected, actual))
    first = Divergence(node, sample, step, tuple(neuron), expected_value, actual_value, differing)
    return replace(first, inputs=_arrived(program, first, expected, actual))


def with_membranes(
    first: Divergence, program: Program, expected: Entry, actual: Entry | None, place: Place | None = None
) -> Divergence:
    """The divergence with the membranes before the threshold of both sides, in the last bits of the Program's.

    ``actual`` is an entry of the reference on what really arrived at the other side, where that is known; ``place``:
    where both entries begin.
    """
    start = Place() if place is None else place
    cell = first.sample - start.sample, first.step - start.step, *first.neuron
    population = program.by_name[first.node]
    threshold = threshold_bits(program, population, first.neuron)
    membrane = _membrane_bits(program, population, expected, cell)
    return replace(
        first,
        expected_membrane=membrane,
        actual_membrane=None if actual is None else _membrane_bits(program, population, actual, cell),
        threshold=threshold,
        margin_lsb=None if membrane is None or threshold is None else membrane - threshold,
    )


def threshold_bits(program: Program, population: Population, neuron: tuple[int, ...]) -> float | None:
    """A neuron's threshold in state units; None where nothing is compared."""
    if population.kind != "cuba-lif":
        return None
    full = np.broadcast_to(np.asarray(population.threshold), population.shape)
    return float(int(full[neuron]) << program.numerics.state_shift)


def _membrane_bits(program: Program, population: Population, entry: Entry, cell: Cell) -> float | None:
    if entry.v_before is None:
        return None
    finer = population.scale + program.numerics.state_shift - entry.state_scale
    unit, counted = (
        np.broadcast_to(value, population.shape)[cell[2:]] for value in (population.unit, entry.state_unit)
    )
    return float(entry.v_before[cell]) * 2.0**finer * float(unit / counted)


def _value(entry: Entry, name: Quantity, cell: tuple[int, ...]) -> float:
    """An output after scaling, a state as the integer it is; the record may have another shape than expected."""
    record = entry.values if name == "output" else quantity(entry, name)
    return float(record[cell]) if record is not None and _inside(cell, record.shape) else float("nan")


def _inside(cell: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(cell) == len(shape) and all(place < size for place, size in zip(cell, shape, strict=True))


def _arrived(program: Program, first: Divergence, expected: Block, actual: Block) -> dict[str, tuple[int, int]]:
    """Non-zero messages that reached the neuron over its synapses in that step, by source, on both sides."""
    counts: dict[str, tuple[int, int]] = {}
    for projection in program.into(first.node):
        shape = program.by_name[first.node].shape
        before = counts.get(projection.source, (0, 0))
        more = [_messages(projection, shape, first, side) for side in (expected, actual)]
        counts[projection.source] = before[0] + more[0], before[1] + more[1]
    return counts


def _messages(projection: Projection, shape: tuple[int, ...], first: Divergence, side: Block) -> int:
    sent = side.sent(projection.source, first.sample, first.step - projection.delay)
    if sent is None:
        return 0
    synapses = (projection.weights != 0).astype(np.float64)
    messages = (sent != 0).astype(np.float64)
    return round(float(apply_weights(projection.kind, synapses, messages, shape, projection)[first.neuron]))
