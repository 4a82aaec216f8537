"""A model of a kernel's time in cycles: from how many events on a dense kernel is faster than an event-driven one.

The constants were measured with gcc 12 on an AMD EPYC of the Zen 3 generation (AVX2), by forcing each kernel on the
convolutions of SpikeSEG and of the SEW blocks; those of AVX-512 follow from its width.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.conv_pairs import vectors
from neurodeploy.codegen.native.vector_widths import lanes, pieces

EVENT = 10.0
"""Finding an event's place."""
PIXEL, PAIR, PAIRED = 12.0, 1.0, 0.5
"""Beginning a pixel that is not silent; finding one of its pairs; adding what a pair brings to one vector of sums."""
ADDED = {"avx2": 1.1, "avx512": 1.3, "baseline": 1.1}
"""Loading, adding to and storing one vector of sums at any address."""
GRADED = 0.4
"""Multiplying a vector by a message."""
DOT = {"avx2": 0.65, "avx512": 0.65}
"""One vector of products of bytes."""
MAPPED = 0.1
"""Copying one message into a map."""
PICK, PICKED = 0.5, 0.8
"""Finding a row of a table, adding one vector of it."""
UPDATE = 8.0
"""Updating a vector of neurons."""
GAIN = 1.1
"""How many times faster a stage must be at full activity for a second kernel to be worth its code."""
TYPICAL = 0.05
"""Share of active neurons at which single events are compared with pairs."""
Ladder = tuple[tuple[int, str], ...]
"""Names of kernels, each with the number of events from which on it is used; the first from 0."""


def ladder(edge: Edge, machine: Machine, able: Sequence[str]) -> Ladder:
    """``scatter`` or ``pairs``, and from where it pays on the fastest dense kernel.

    ``able``: the kernels that apply, ``scatter`` among them. Pairs that are not silent are as many as events where few
    neurons are active, and half as many where all are.
    """
    driven, begin, per_event, most = "scatter", 0.0, _event_cycles(edge, machine), edge.source.size
    if "pairs" in able:
        pixels, pair = _pixels_cycles(edge, machine), _pair_cycles(edge, machine)
        touched = 1.0 - (1.0 - TYPICAL) ** edge.window.channels_in
        if pixels * touched + pair * TYPICAL * most < per_event * TYPICAL * most:
            driven, begin, per_event, most = "pairs", pixels, pair, most // 2
    cycles = {name: DENSE_CYCLES[name](edge, machine) for name in able if name in DENSE_CYCLES}
    if not cycles:
        return ((0, driven),)
    fastest = min(cycles, key=lambda name: cycles[name])
    update, busy = edge.target.size / lanes(machine) * UPDATE, cycles[fastest] + edge.source.size * MAPPED
    pays = update + begin + per_event * most > GAIN * (update + busy)
    return ((0, driven), (max(1, int((busy - begin) / per_event)), fastest)) if pays else ((0, driven),)


def _event_cycles(edge: Edge, machine: Machine) -> float:
    kernel_rows, kernel_columns = edge.window.kernel
    touched = len(pieces(machine, edge.bits, kernel_columns * edge.window.channels_out))
    return EVENT + kernel_rows * touched * (ADDED[machine.name] + (0.0 if edge.unit else GRADED))


def _pixels_cycles(edge: Edge, machine: Machine) -> float:
    """All pixels, each with at least one event."""
    rows, columns = edge.window.space
    return rows * columns * (PIXEL + len(vectors(edge, edge.window, machine)) * ADDED[machine.name])


def _pair_cycles(edge: Edge, machine: Machine) -> float:
    return PAIR + len(vectors(edge, edge.window, machine)) * PAIRED


def _table_cycles(edge: Edge, machine: Machine) -> float:
    (kernel_rows, kernel_columns), (rows, columns) = edge.window.kernel, edge.window.out
    picks = kernel_rows * kernel_columns * edge.window.channels_in / 4
    added = len(pieces(machine, edge.bits, edge.window.channels_out))
    return rows * columns * picks * (PICK + added * PICKED)


def _dense_cycles(edge: Edge, machine: Machine) -> float:
    (kernel_rows, kernel_columns), (rows, columns) = edge.window.kernel, edge.window.out
    groups = kernel_rows * -(-kernel_columns * edge.window.channels_in // 4)
    quads = groups * -(-edge.window.channels_out * 4 // machine.vector_bytes)
    return rows * columns * quads * DOT[machine.name]


DENSE_CYCLES = {"table": _table_cycles, "dense": _dense_cycles}
"""Cycles of the kernels whose time does not depend on the messages; they read a map."""
