"""Intervals of integers, element by element, and how a machine's widths and repeated steps change them.

An interval is a pair of int64 arrays, the least and the greatest value, both included. Ends are kept within
``+-LARGE``, which stands for anything beyond: no width is that large, and int64 holds every sum made of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.numerics import Overflow

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Interval = tuple[IntArray, IntArray]
LARGE = 1 << 50
"""Beyond every width: an end that reaches it is unknown."""


def limits(bits: int, rule: Overflow) -> tuple[int, int]:
    """The least and greatest value that a width leaves as it is."""
    half = 1 << (bits - 1)
    return {"saturate": (1 - half, half - 1), "wrap-once": (1 - half, half)}.get(rule, (-half, half - 1))


def within(interval: Interval, least: int, most: int) -> BoolArray:
    """Where an interval lies in ``least .. most``; an unknown end lies nowhere."""
    low, high = interval
    return (low >= max(least, 1 - LARGE)) & (high <= min(most, LARGE - 1))


def hull(a: Interval, b: Interval) -> Interval:
    """The smallest interval that holds both."""
    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])


def constant(value: ArrayLike, shape: tuple[int, ...]) -> IntArray:
    """A value, or one per element, as an array of a shape."""
    return np.broadcast_to(np.asarray(value, dtype=np.int64), shape)


def rounded(low: NDArray[np.float64], high: NDArray[np.float64], shift: int = 0) -> Interval:
    """Whole numbers in float64 times ``2**shift``, floored, as an interval."""
    factor = 2.0**shift
    ends = (np.clip(np.floor(end * factor), -LARGE, LARGE).astype(np.int64) for end in (low, high))
    return next(ends), next(ends)


def added(a: Interval, b: Interval) -> Interval:
    """The sum of two intervals."""
    return np.clip(a[0] + b[0], -LARGE, LARGE), np.clip(a[1] + b[1], -LARGE, LARGE)


def limited(interval: Interval, bits: int, rule: Overflow) -> Interval:
    """What a width makes of an interval: clipped, or anything the width can hold where it may wrap."""
    least, most = limits(bits, rule)
    if rule in ("saturate", "clip"):
        return np.clip(interval[0], least, most), np.clip(interval[1], least, most)
    held = within(interval, least, most)
    if np.all(held):
        return interval
    if rule == "wrap-once":
        # One wrap brings up to three halves back; a value further out stays out of range by one turn less.
        turn = 2 << (bits - 1)
        least = np.minimum(least, interval[0] + turn)
        most = np.maximum(most, interval[1] - turn)
    return np.where(held, interval[0], least), np.where(held, interval[1], most)


def settled_above(step: Callable[[IntArray], IntArray], start: IntArray, most: int) -> IntArray:
    """The smallest value from ``start`` up that ``step`` does not raise: no step ever leads beyond it.

    ``step`` must be monotone, rise by at most as much as its argument, and lead to no more than ``most`` from there. A
    value that it does not raise is then followed by such values only, so that halving finds the smallest. It is no less
    than where ``step`` leads from ``start``, and no more than where it leads from the largest: often one of the two.
    """
    high = np.maximum(start, most)
    low, high = np.maximum(start, step(start)), np.maximum(start, np.minimum(high, step(high)))
    low = np.where(step(high - 1) < high, low, high)
    while np.any(low < high):
        middle = (low + high) >> 1
        holds = step(middle) <= middle
        low, high = np.where(holds, low, middle + 1), np.where(holds, middle, high)
    return high


def settled_below(step: Callable[[IntArray], IntArray], start: IntArray, least: int) -> IntArray:
    """The largest value from ``start`` down that ``step`` does not lower; as ``settled_above``, mirrored."""
    return -settled_above(lambda x: -step(-x), -start, -least)
