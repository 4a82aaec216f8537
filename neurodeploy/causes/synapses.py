"""Hypotheses about whole projections: numbers and windows in the wrong place, wrong exponents, times and messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from math import log2, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import Border
from neurodeploy.causes.hypothesis import Hypothesis, Synapses
from neurodeploy.causes.neurons import RULE
from neurodeploy.causes.values import Term
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
ROWS_AT_MOST = 64
"""Rows or columns of which a neighbor is tried in their place."""


def synapse_hypotheses(program: Program, name: str, neuron: int) -> Iterator[Hypothesis]:
    """Everything that is tried of the projections into a population. ``neuron``: flat, the first that differs."""
    for number, projection in enumerate(program.into(name)):
        source, target = program.node(projection.source).shape, program.by_name[name].shape
        for hypothesis in (
            *_whole(projection),
            *_turned(projection, source),
            *_moved(projection, source, target),
            *_rows(projection, target, neuron),
        ):
            assert hypothesis.synapses is not None
            yield replace(hypothesis, synapses=replace(hypothesis.synapses, number=number))


def _otherwise(
    projection: Projection, term: Term, change: str, bits: float = RULE, parts: bool = False, **fields: Any
) -> Hypothesis:
    changed = replace(projection, **fields)
    return Hypothesis(term, f"{projection.name}: {change}", bits, synapses=Synapses(0, changed, parts=parts))


def _whole(projection: Projection) -> Iterator[Hypothesis]:
    weights = projection.weights
    yield _otherwise(projection, "weights", "all signs the other way", weights=-weights)
    yield _otherwise(projection, "weights", "missing", parts=True, weights=0 * weights)
    windowed = projection.kind not in ("dense", "sparse")
    if projection.shift < 0:
        low = -projection.shift
        after = Synapses(0, projection, total=lambda sums: -(sums >> low) << low)
        yield Hypothesis("weights", f"{projection.name}: what it delivers has the other sign", RULE, synapses=after)
    for by in (1, -1, 2, -2):
        if windowed and projection.shift + by < 0:
            continue
        exponents = f"exponent {projection.shift} → {projection.shift + by}"
        yield _otherwise(projection, "exponent", exponents, RULE + abs(by) - 1, True, shift=projection.shift + by)
    for delay in {*range(projection.delay + 4)} - {projection.delay}:
        cost = RULE + log2(1 + abs(delay - projection.delay)) - 1
        yield _otherwise(projection, "delay", f"delay {projection.delay} → {delay}", cost, True, delay=delay)
    if projection.message_bits > 1:
        yield _otherwise(projection, "message", "values read as spikes", message_bits=1)
        for bits in range(1, projection.message_bits):
            yield from _cut(projection, bits)
    else:
        yield _otherwise(projection, "message", "spikes read as values", message_bits=62)


def _cut(projection: Projection, bits: int) -> Iterator[Hypothesis]:
    """Messages cut to fewer bits."""
    top, words = (1 << bits) - 1, f"messages of {bits} bits instead of {projection.message_bits}"
    cost = RULE + log2(projection.message_bits)
    rules: dict[str, Callable[[IntArray], IntArray]] = {
        "clipped": lambda x: np.clip(x, -top, top),
        "signed, clipped": lambda x: np.clip(x, -(top + 1) // 2, top // 2),
        "wrapped": lambda x: x & top,
    }
    if bits < 4:
        rules["low bits lost"] = lambda x: (x >> bits) << bits
    for rule, read in rules.items():
        synapses = Synapses(0, projection, read=read)
        yield Hypothesis("message", f"{projection.name}: {words}, {rule}", cost, synapses=synapses)


def _turned(projection: Projection, source: tuple[int, ...]) -> Iterator[Hypothesis]:
    """Weights that stand in another order."""
    weights, changed = projection.weights, dict[str, IntArray]()
    if weights.ndim > 2:
        space = tuple(range(2, weights.ndim))
        for axes in (space, *((axis,) for axis in space)):
            along = "" if len(axes) == len(space) else f" along axis {axes[0] - 2}"
            changed[f"kernel flipped{along}"] = np.flip(weights, axes)
        if weights.ndim == 4 and weights.shape[2] == weights.shape[3]:
            changed["kernel transposed"] = weights.swapaxes(2, 3)
        if weights.shape[0] == weights.shape[1]:
            changed["channels of the kernel transposed"] = weights.swapaxes(0, 1)
    elif projection.kind == "sum-pool":
        return
    elif weights.shape[0] == weights.shape[1]:
        changed["matrix transposed"] = weights.T
    if weights.ndim == 2 and len(source) > 1:
        index = np.arange(prod(source)).reshape(source)
        for order in permutations(range(len(source))):
            name = f"source flattened in the order of axes {', '.join(map(str, order))}"
            changed[name] = weights[:, index.transpose(order).ravel()]
    for change, array in changed.items():
        if not np.array_equal(array, weights):
            yield _otherwise(projection, "geometry", change, weights=np.ascontiguousarray(array))


BEYOND: dict[Border, str] = {"wrap": "the other side of it", "edge": "its outermost element"}


def _moved(projection: Projection, source: tuple[int, ...], target: tuple[int, ...]) -> Iterator[Hypothesis]:
    """Windows that stand elsewhere."""
    if projection.kind in ("dense", "sparse"):
        return
    axes = len(source) - 1
    single = [tuple(by if i == axis else 0 for i in range(axes)) for axis in range(axes) for by in (1, -1)]
    for moved in (*single, *(((by,) * axes) for by in (1, -1) if axes > 1)):
        far = ", ".join(f"{by:+d}" for by in moved)
        synapses = Synapses(0, projection, moved)
        change = f"{projection.name}: windows begin {far} further (stride phase or padding)"
        yield Hypothesis("geometry", change, RULE + 1, synapses=synapses)
    for border, words in BEYOND.items():
        change = f"{projection.name}: beyond the map windows find {words}"
        yield Hypothesis("geometry", change, RULE, synapses=Synapses(0, projection, border=border))
    for key in ("dilation", "stride"):
        sound: tuple[int, ...] = getattr(projection, key)
        others = [tuple(1 for _ in sound), *(tuple(max(1, s + by) for s in sound) for by in (1, -1))]
        for value in dict.fromkeys(others):
            if value != sound:
                window: dict[str, Any] = {key: value}
                yield _otherwise(projection, "geometry", f"{key} {sound} → {value}", **window)
    if projection.kind == "sum-pool" or projection.groups > 1 or source[0] == 1:
        return
    for by in (1, -1):
        rolled = np.roll(projection.weights, by, 1)
        yield _otherwise(projection, "channels", f"input channels moved by {by}", weights=rolled)


def _rows(projection: Projection, target: tuple[int, ...], neuron: int) -> Iterator[Hypothesis]:
    """Rows and columns that stand in each other's place, or have the other sign."""
    weights = projection.weights
    if projection.kind == "sum-pool":
        return
    dense = projection.kind in ("dense", "sparse")
    row = neuron if dense else neuron // (prod(target) // weights.shape[0])
    place = RULE + log2(max(2, weights.shape[0]))
    signs = weights.copy()
    signs[row] = -signs[row]
    yield _otherwise(projection, "weights", f"signs of row {row} the other way", place, weights=signs)
    lost = weights.copy()
    lost[row] = 0
    yield _otherwise(projection, "weights", f"row {row} missing", place, weights=lost)
    others = sorted((i for i in range(len(weights)) if i != row), key=lambda i: abs(i - row))[:ROWS_AT_MOST]
    for other in others:
        order = np.arange(len(weights))
        order[[row, other]] = order[[other, row]]
        yield _swapped(projection, 0, order, f"rows {row} and {other} swapped", place - RULE)
    columns = weights.shape[1]
    for first in range(columns - 1 if columns <= ROWS_AT_MOST else 0):
        for second in range(first + 1, columns) if columns <= 12 else (first + 1,):
            order = np.arange(columns)
            order[[first, second]] = order[[second, first]]
            yield _swapped(projection, 1, order, f"columns {first} and {second} swapped", log2(columns) + 1)


def _swapped(projection: Projection, axis: int, order: IntArray, change: str, bits: float) -> Hypothesis:
    return _otherwise(projection, "channels", change, bits + 1, weights=np.take(projection.weights, order, axis))
