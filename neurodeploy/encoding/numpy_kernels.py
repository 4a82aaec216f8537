"""The recurrences in numpy: all signals at once, one step after another.

Every sum and product is float32 in a fixed order, because a comparison decides each spike. ``numba_kernels`` states the
same for one signal after another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import Float, Spikes


def step_forward(signal: Float, threshold: Float) -> Spikes:
    """Signed spikes of ``(N, T)`` signals against a baseline that starts at the first sample and follows by steps."""
    columns = np.ascontiguousarray(signal.T)
    up, down = np.zeros(columns.shape, bool), np.zeros(columns.shape, bool)
    base, limit = columns[0].copy(), np.empty_like(columns[0])
    for value, rises, falls in zip(columns[1:], up[1:], down[1:], strict=True):
        np.add(base, threshold, out=limit)
        np.greater(value, limit, out=rises)
        np.copyto(base, limit, where=rises)
        np.subtract(base, threshold, out=limit)
        np.less(value, limit, out=falls)
        np.copyto(base, limit, where=falls)
    return _signed(up, down)


def leaky(signal: Float, threshold: Float, constant: Float, aliased: bool) -> Spikes:
    """Signed spikes of a leaky integrator: add the sample, compare, reset to zero, then decay.

    ``aliased`` is spike-encoding 1.8.2: the first sample is left out, and the second stays the baseline of a signal
    until its first spike.
    """
    columns = np.ascontiguousarray(signal.T)
    up, down = np.zeros(columns.shape, bool), np.zeros(columns.shape, bool)
    voltage, low, fires = np.zeros_like(columns[0]), -threshold, np.empty(threshold.shape, bool)
    base = np.zeros_like(voltage) if aliased else None
    for t in range(1 if aliased else 0, len(columns)):
        voltage += columns[t]
        if base is not None and t == 1:
            base[:] = voltage
        rise = voltage if base is None else voltage - base
        np.greater(rise, threshold, out=up[t])
        np.less(rise, low, out=down[t])
        np.logical_or(up[t], down[t], out=fires)
        np.copyto(voltage, 0, where=fires)
        if base is not None:
            np.copyto(base, 0, where=fires)
        voltage *= constant
    return _signed(up, down)


def _signed(up: NDArray[np.bool_], down: NDArray[np.bool_]) -> Spikes:
    """Columns of rises and falls as rows of +1 and -1."""
    return np.ascontiguousarray((up.view(np.int8) - down.view(np.int8)).T)


def decay_sum(steps: Float, constant: Float) -> Float:
    """``r[t] = r[t-1] * constant + steps[t]`` of ``(N, T)``, from zero."""
    columns = np.array(steps.T, order="C")
    for t in range(1, len(columns)):
        columns[t] += columns[t - 1] * constant
    return np.ascontiguousarray(columns.T)


def bens_spiker(signal: Float, taps: Float, threshold: Float, first: int) -> Spikes:
    """Spikes where taking the filter ``taps`` (N, K) off the signal lessens the error by the threshold or more.

    Sums run over the taps in order; a window that leaves the signal is cut off at its end.
    """
    rest = np.array(signal.T, order="C")
    filters = np.ascontiguousarray(taps.T)
    spikes = np.zeros(rest.shape, np.int8)
    for t in range(first, len(rest)):
        window = rest[t : t + len(filters)]
        cut = filters[: len(window)]
        remaining = np.add.accumulate(np.abs(window - cut), axis=0)[-1]
        before = np.add.accumulate(np.abs(window), axis=0)[-1]
        fires = remaining <= before - threshold
        spikes[t] = fires
        if fires.any():
            window -= np.where(fires, cut, np.float32(0))
    return np.ascontiguousarray(spikes.T)
