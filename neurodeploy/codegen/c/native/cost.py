"""From how many events on a step is better done without looking at which are silent: a model of time in cycles.

The constants were measured with gcc 12 on an AMD EPYC of the Zen 3 generation (AVX2), by forcing each kernel on the
convolutions of SpikeSEG and of the SEW blocks; those of AVX-512 follow from its width.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.codegen.c.kernels import Edge
from neurodeploy.codegen.c.machine import Machine
from neurodeploy.codegen.c.native.vectors import lanes, pieces
from neurodeploy.codegen.c.window import Window, window_of

EVENT = 10.0
"""Finding an event's place."""
ADDED = {"avx2": 1.1, "avx512": 1.3, "baseline": 1.1}
"""Loading, adding to and storing one vector of sums at any address."""
GRADED = 0.4
"""Multiplying a vector by a message."""
DOT = {"avx2": 0.85, "avx512": 0.85}
"""One vector of products of bytes."""
MAPPED = 0.1
"""Copying one message into its padded map."""
PICK, PICKED = 0.5, 0.8
"""Finding a row of a table, adding a vector of it."""
UPDATE = 8.0
"""Updating a vector of neurons."""
GAIN = 1.1
"""How many times less time a stage must take at full activity for a further kernel to be worth its code."""
Ladder = tuple[tuple[int, str], ...]
"""Kernels, each with the number of events from which on it is used; the first from 0."""
MAPS = ("dense", "table")
"""Kernels whose time does not depend on the messages, which they need in a padded map."""


def ladder(edge: Edge, machine: Machine, able: Sequence[str]) -> Ladder:
    """The scatter, and from where it pays on the fastest kernel of those ``able`` to do the edge that needs a map."""
    window = window_of(edge.projection, edge.source.shape)
    event, update = _event(edge, window, machine), edge.target.size / lanes(machine) * UPDATE
    costs = {kernel: COSTS[kernel](edge, window, machine) for kernel in able if kernel in MAPS}
    if not costs:
        return ((0, "scatter"),)
    fastest = min(costs, key=lambda kernel: costs[kernel])
    busy = costs[fastest] + edge.source.size * MAPPED
    pays = update + event * edge.source.size > GAIN * (update + busy)
    return ((0, "scatter"), (max(1, int(busy / event)), fastest)) if pays else ((0, "scatter"),)


def _event(edge: Edge, window: Window, machine: Machine) -> float:
    vectors = len(pieces(machine, edge.bits, window.kernel[1] * window.channels_out))
    return EVENT + window.kernel[0] * vectors * (ADDED[machine.name] + (0.0 if edge.unit else GRADED))


def _table(edge: Edge, window: Window, machine: Machine) -> float:
    picks = window.kernel[0] * window.kernel[1] * window.channels_in / 4
    vectors = len(pieces(machine, edge.bits, window.channels_out))
    return window.out[0] * window.out[1] * picks * (PICK + vectors * PICKED)


def _dense(edge: Edge, window: Window, machine: Machine) -> float:
    (kh, kw), out = window.kernel, window.channels_out
    quads = kh * -(-kw * window.channels_in // 4) * -(-out * 4 // machine.vector_bytes)
    return window.out[0] * window.out[1] * quads * DOT[machine.name]


COSTS = {"table": _table, "dense": _dense}
"""Cycles of a kernel that needs a map."""
