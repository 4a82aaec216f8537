"""Decays and gains as a producer computes them, written as time constants and factors that reproduce them.

The float runner computes ``dt / tau`` (Euler) or ``exp(-dt / tau)`` and multiplies gains by what is lost, in float64.
A producer computes the same in float32 and in its own order; where its result is a short binary number, ours must be
that number, or ties fall differently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.contract import Terms
from neurodeploy.network.raw import RawNode

Array = NDArray[np.float64]
Forward = Callable[[NDArray[np.float32]], NDArray[Any]]
single = np.float32
NOTHING_KEPT = 1000.0
FOREVER = 1e300
"""Seconds: the time constant of a state that never decays."""


def numbers(node: RawNode, key: str, default: float = 0.0) -> NDArray[Any]:
    """A parameter in the file's own precision; ``default`` where it is missing."""
    value = node.number(key)
    return np.asarray(default, np.float32) if value is None else value


def tau_for(keep: ArrayLike, terms: Terms) -> Array:
    """The time constant in seconds that gives the float runner exactly this per-step decay factor.

    ``keep`` lies from 0 to 1; where it is 1, tau is ``FOREVER``. Exact for a float32 number and Euler.
    """
    kept = np.asarray(keep, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if terms.method == "exponential":
            tau = np.where(kept > 0, terms.dt / np.abs(np.log(kept)), terms.dt / NOTHING_KEPT)
        else:
            tau = terms.dt / (1.0 - kept)
    return np.minimum(tau, FOREVER)


def factor_for(gain: ArrayLike, keep: ArrayLike) -> Array:
    """The ``r`` (or ``w_in``) with which the gain of the specification, r * (1 - keep), is ``gain``."""
    lost = 1.0 - np.asarray(keep, np.float64)
    target = np.asarray(gain, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _neighbor(target / lost, lambda r: r * lost, target + 0.0 * lost)


def _neighbor(value: Array, result: Callable[[Array], Array], target: Array) -> Array:
    """``value`` or one of the floats next to it, whichever result is nearest to ``target``."""
    best, error = value, np.abs(result(value) - target)
    for direction in (-np.inf, np.inf):
        candidate = value
        for _ in range(3):
            candidate = np.nextafter(candidate, direction)
            distance = np.abs(result(candidate) - target)
            best, error = np.where(distance < error, candidate, best), np.fmin(distance, error)
    return best


def recover(estimate: ArrayLike, forward: Forward, written: ArrayLike) -> Array:
    """The float32 number that the exporter turned into ``written``: of those near ``estimate`` the shortest.

    ``forward`` is the exporter's own arithmetic. Several numbers can give ``written``; the one with the fewest binary
    digits is the likeliest choice of a producer (0.75 before its neighbors). Where none does, the estimate stays.
    """
    best = np.atleast_1d(np.asarray(estimate, np.float64)).astype(single)
    shortness = np.full(best.shape, -1, np.int64)
    target, start = np.atleast_1d(np.asarray(written)), best.copy()
    for offset in (0, 1, -1, 2, -2, 3, -3):
        bits = start.view(np.int32) + np.int32(offset)
        candidate = bits.view(single)
        with np.errstate(all="ignore"):
            same = forward(candidate) == target
        zeros = (bits & -bits).astype(np.int64)
        chosen = same & (zeros > shortness)
        best, shortness = np.where(chosen, candidate, best), np.where(chosen, zeros, shortness)
    return best.astype(np.float64).reshape(np.shape(estimate))


def uniform(value: NDArray[Any]) -> float | None:
    """The one number all elements are, or None."""
    return float(value.flat[0]) if value.size and np.all(value == value.flat[0]) else None


def close(a: ArrayLike, b: ArrayLike, tolerance: float = 1e-4) -> bool:
    """Whether all elements are equal up to a relative error; shapes that do not fit are not."""
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if left.size == 0 or (left.shape != right.shape and 1 not in (left.size, right.size)):
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(left - right) <= tolerance * np.maximum(np.abs(right), 1e-300)))
