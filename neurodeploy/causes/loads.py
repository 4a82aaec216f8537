"""Hypotheses about how tables of weights and registers were loaded: bits, signs, ends, addresses, other tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis, Synapses
from neurodeploy.causes.neurons import RULE
from neurodeploy.causes.values import Term
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Table = tuple[Term, str, IntArray, float]
"""The term, the change in words, the weights, and what it takes to say which it is."""
BITS = 8
ENDS = 1024
"""Places that are tried as the last one that was loaded."""
LINES = 512
"""Rows, columns or taps of which each is tried alone."""
COPIED = 1 << 25
"""Words that are written at most to try the ends, or the lines, of one table: of a large one fewer are tried."""


def load_hypotheses(program: Program, name: str) -> Iterator[Hypothesis]:
    """Everything that is tried of the tables of the projections into a population, and of its threshold register."""
    for number, projection in enumerate(program.into(name)):
        tables = (*_words(projection), *_addresses(projection), *_ends(projection), *_others(program, projection))
        for term, change, weights, bits in tables:
            if not np.array_equal(weights, projection.weights):
                synapses = Synapses(number, replace(projection, weights=weights))
                yield Hypothesis(term, f"{projection.name}: {change}", bits, synapses=synapses)
    population = program.by_name[name]
    for other in program.populations:
        spiking = "cuba-lif" == population.kind == other.kind and np.ndim(other.threshold) == 0
        if spiking and not np.array_equal(other.threshold, population.threshold):
            change = f"threshold of {other.name}: {other.threshold}"
            yield Hypothesis("threshold", change, RULE + 1, {"threshold": other.threshold})


def _words(projection: Projection) -> Iterator[Table]:
    """Every word read otherwise: bits that are stuck or missing, signs, widths."""
    weights = projection.weights
    sign, size = np.sign(weights), np.abs(weights)
    yield "weights", "signs lost", size, RULE
    yield "weights", "negative ones missing", np.maximum(weights, 0), RULE
    yield "weights", "positive ones missing", np.minimum(weights, 0), RULE
    for by in (*range(1, 17), 32, 64, 128):
        for amount in (by, -by):
            cost = RULE + log2(1 + by)
            yield "weights", f"all {amount:+d}, zeros too", weights + amount, cost
            yield "weights", f"all but zeros {amount:+d}", weights + amount * (weights != 0), cost
    yield "weights", "nibbles swapped", sign * ((size & ~255) | ((size & 15) << 4) | ((size & 255) >> 4)), RULE
    for bit in range(BITS + 1):
        one, cost = 1 << bit, RULE + log2(BITS)
        yield "weights", f"bit {bit} of magnitudes reads 0", sign * (size & ~one), cost
        yield "weights", f"bit {bit} of magnitudes reads 1", sign * (size | one), cost
        yield "weights", f"clipped to {bit} bits", np.clip(weights, 1 - one, one - 1), cost
        yield "weights", f"low {bit} bits lost, rounding down", (weights >> bit) << bit, cost
        yield "weights", f"low {bit} bits of magnitudes lost", sign * ((size >> bit) << bit), cost


def _addresses(projection: Projection) -> Iterator[Table]:
    """Words at other addresses."""
    weights = projection.weights
    for by in (1, -1):
        flat = np.roll(weights.ravel(), by)
        yield "geometry", f"words stand {by:+d} addresses further", flat.reshape(weights.shape), RULE
        flat[0 if by > 0 else -1] = 0
        yield "geometry", f"words stand {by:+d} addresses further, the end reads 0", flat.reshape(weights.shape), RULE
    yield "geometry", "words in the opposite order", weights.ravel()[::-1].reshape(weights.shape), RULE
    if projection.kind == "sum-pool":
        return
    if projection.kind in ("dense", "sparse"):
        yield "geometry", "columns read as rows", weights.T.reshape(weights.shape), RULE
    for axis in range(weights.ndim):
        term: Term = "channels" if axis < 2 else "geometry"
        for by in (1, -1):
            yield term, f"moved by {by} along axis {axis}", np.roll(weights, by, axis), RULE + 1
        yield term, f"axis {axis} counted from its end", np.flip(weights, axis), RULE + 1
    rows = np.arange(len(weights))
    for line in range(max(1, len(rows) - 1).bit_length()):
        yield "channels", f"address line {line} of the rows reads 0", weights[rows & ~(1 << line)], RULE + 1
        high = np.minimum(rows | (1 << line), len(rows) - 1)
        yield "channels", f"address line {line} of the rows reads 1", weights[high], RULE + 1


def _ends(projection: Projection) -> Iterator[Table]:
    """Words that are missing or count twice: ends, taps, columns, the last of every list."""
    weights = projection.weights
    every = max(1, -(-weights.size // min(ENDS, max(1, COPIED // max(1, weights.size)))))
    for end in range(every, weights.size, every):
        cut = weights.copy()
        cut.flat[end:] = 0
        yield "weights", f"words from {end} on missing", cut, 1 + log2(weights.size)
    if projection.kind in ("dense", "sparse"):
        last = weights.copy()
        for source in range(weights.shape[1]):
            last[np.flatnonzero(weights[:, source])[-1:], source] = 0
        yield "weights", "the last synapse of every source missing", last, RULE
    axes = (1,) if projection.kind in ("dense", "sparse") else tuple(range(1, weights.ndim))
    for axis in axes:
        few = weights.shape[axis] <= min(LINES, COPIED // max(1, weights.size))
        for place in range(weights.shape[axis]) if few else ():
            index = (*(slice(None),) * axis, place)
            for factor, words in ((0, "missing"), (2, "twice")):
                changed = weights.copy()
                changed[index] *= factor
                yield "weights", f"place {place} of axis {axis} {words}", changed, RULE + log2(weights.shape[axis])
    if weights.ndim > 2:
        taps = weights.reshape(*weights.shape[:2], -1)
        for tap in range(taps.shape[2]):
            changed = taps.copy()
            changed[:, :, tap] = 0
            yield "weights", f"tap {tap} of kernels missing", changed.reshape(weights.shape), RULE + log2(taps.shape[2])


def _others(program: Program, projection: Projection) -> Iterator[Table]:
    """The words of another projection."""
    size = projection.weights.size
    for other in program.projections:
        if other is not projection and other.weights.size >= size:
            words = other.weights.ravel()[:size].reshape(projection.weights.shape)
            yield "weights", f"those of {other.name}", words, RULE
