"""From how many events on a step is better done without looking at which are silent: a model of time in cycles.

The constants were measured with gcc 12 on an AMD EPYC of the Zen 3 generation (AVX2), by forcing each kernel on the
convolutions of SpikeSEG and of the SEW blocks; those of AVX-512 follow from its width.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.pairs import vectors
from neurodeploy.codegen.native.vectors import lanes, pieces
from neurodeploy.codegen.window import Window, window_of

EVENT = 10.0
"""Finding an event's place."""
PIXEL, PAIR, PAIRED = 12.0, 1.0, 0.5
"""Beginning a pixel that is not silent, finding a pair of its, adding what this brings to a vector of sums."""
ADDED = {"avx2": 1.1, "avx512": 1.3, "baseline": 1.1}
"""Loading, adding to and storing one vector of sums at any address."""
GRADED = 0.4
"""Multiplying a vector by a message."""
DOT = {"avx2": 0.65, "avx512": 0.65}
"""One vector of products of bytes."""
MAPPED = 0.1
"""Copying one message into its padded map."""
PICK, PICKED = 0.5, 0.8
"""Finding a row of a table, adding a vector of it."""
UPDATE = 8.0
"""Updating a vector of neurons."""
GAIN = 1.1
"""How many times less time a stage must take at full activity for a further kernel to be worth its code."""
TYPICAL = 0.05
"""Share of active neurons at which events are compared with pairs."""
Ladder = tuple[tuple[int, str], ...]
"""Kernels, each with the number of events from which on it is used; the first from 0."""
MAPS = ("dense", "table")
"""Kernels whose time does not depend on the messages, which they need in a padded map."""


def ladder(edge: Edge, machine: Machine, able: Sequence[str]) -> Ladder:
    """By events or by pairs, and from where it pays on the fastest kernel of those ``able`` that needs a map.

    Pairs are as many as events where few neurons are active, and half as many where all are.
    """
    window = window_of(edge.projection, edge.source.shape)
    driven, begin, each, most = "scatter", 0.0, _event(edge, window, machine), edge.source.size
    if "pairs" in able:
        pixels, pair = _pixels(edge, window, machine), _pair(edge, window, machine)
        touched = 1.0 - (1.0 - TYPICAL) ** window.channels_in
        if pixels * touched + pair * TYPICAL * most < each * TYPICAL * most:
            driven, begin, each, most = "pairs", pixels, pair, most // 2
    costs = {kernel: COSTS[kernel](edge, window, machine) for kernel in able if kernel in MAPS}
    if not costs:
        return ((0, driven),)
    fastest = min(costs, key=lambda kernel: costs[kernel])
    update, busy = edge.target.size / lanes(machine) * UPDATE, costs[fastest] + edge.source.size * MAPPED
    pays = update + begin + each * most > GAIN * (update + busy)
    return ((0, driven), (max(1, int((busy - begin) / each)), fastest)) if pays else ((0, driven),)


def _event(edge: Edge, window: Window, machine: Machine) -> float:
    vectors = len(pieces(machine, edge.bits, window.kernel[1] * window.channels_out))
    return EVENT + window.kernel[0] * vectors * (ADDED[machine.name] + (0.0 if edge.unit else GRADED))


def _pixels(edge: Edge, window: Window, machine: Machine) -> float:
    return window.space[0] * window.space[1] * (PIXEL + len(vectors(edge, window, machine)) * ADDED[machine.name])


def _pair(edge: Edge, window: Window, machine: Machine) -> float:
    return PAIR + len(vectors(edge, window, machine)) * PAIRED


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
