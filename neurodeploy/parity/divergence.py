"""The first differing cell of a node, and what explains it: membranes on both sides, threshold, arrived messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import apply_weights
from neurodeploy.parity.measure import first_cell
from neurodeploy.parity.report import Divergence, NodeResult
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Entry, Trace

Mask = NDArray[np.bool_]


def first_of(nodes: Mapping[str, NodeResult], program: Program) -> Divergence | None:
    """The first divergence in causal order: earliest step, then topological rank, then sample and neuron."""
    found = [node.first for node in nodes.values() if node.first is not None]
    order = (*program.input_by_name, *program.order)
    return min(found, key=lambda first: (first.step, order.index(first.node)), default=None)


def divergence(
    program: Program, name: str, masks: Mapping[str, Mask], expected: Trace, actual: Trace
) -> Divergence | None:
    """The first cell of ``name`` in which a quantity differs; quantities in the order of ``masks`` within a step.

    ``masks``: differing cells ``(B, T, *shape)`` by quantity (``output``, ``membrane``, ``current``).
    """
    cells = {what: first_cell(mask) for what, mask in masks.items()}
    found = [(cell[0], rank, what, cell) for rank, (what, cell) in enumerate(cells.items()) if cell is not None]
    if not found:
        return None
    _, _, what, (step, sample, *neuron) = min(found, key=lambda each: each[:2])
    one, other = (_quantity(trace[name], what)[sample, step, *neuron] for trace in (expected, actual))
    first = Divergence(name, sample, step, tuple(neuron), float(one), float(other), what)
    return replace(first, inputs=_arrived(program, first, expected, actual))


def with_membranes(first: Divergence, program: Program, expected: Entry, actual: Entry) -> Divergence:
    """The divergence with the membranes before the threshold of both sides, in the last bits of the Program's.

    ``actual`` is an entry of the reference on what really arrived at the other side.
    """
    population = program.by_name[first.node]
    threshold = threshold_bits(program, population, first.neuron)
    one, other = (_membrane_bits(program, population, entry, first) for entry in (expected, actual))
    return replace(
        first,
        expected_membrane=one,
        actual_membrane=other,
        threshold=threshold,
        margin_lsb=None if one is None or threshold is None else one - threshold,
    )


def threshold_bits(program: Program, population: Population, neuron: tuple[int, ...]) -> float | None:
    """A neuron's threshold in state units; None where nothing is compared."""
    if population.kind != "cuba-lif":
        return None
    full = np.broadcast_to(np.asarray(population.threshold), population.shape)
    return float(int(full[neuron]) << program.numerics.state_shift)


def _membrane_bits(program: Program, population: Population, entry: Entry, first: Divergence) -> float | None:
    if entry.v_before is None:
        return None
    finer = population.scale + program.numerics.state_shift - entry.state_scale
    return float(entry.v_before[first.sample, first.step, *first.neuron]) * 2.0**finer


def _quantity(entry: Entry, what: str) -> NDArray[np.generic]:
    states = {"membrane": entry.v, "current": entry.u}
    found = states.get(what)
    return entry.values if found is None else found


def _arrived(program: Program, first: Divergence, expected: Trace, actual: Trace) -> dict[str, tuple[int, int]]:
    """Non-zero messages that reached the neuron over its synapses in that step, by source, on both sides."""
    counts: dict[str, tuple[int, int]] = {}
    for projection in program.into(first.node):
        one, other = counts.get(projection.source, (0, 0))
        shape = program.by_name[first.node].shape
        one += _messages(projection, shape, first, expected)
        counts[projection.source] = one, other + _messages(projection, shape, first, actual)
    return counts


def _messages(projection: Projection, shape: tuple[int, ...], first: Divergence, trace: Trace) -> int:
    step = first.step - projection.delay
    if step < 0:
        return 0
    sent = (trace[projection.source].output[first.sample, step] != 0).astype(np.float64)
    synapses = (projection.weights != 0).astype(np.float64)
    return round(float(apply_weights(projection.kind, synapses, sent, shape, projection)[first.neuron]))
