"""The recurrences in numpy: all signals at once, one step after another.

Every sum and product is float32 in a fixed order, for a comparison decides each spike. ``compiled`` states the same
for one signal after another.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.encoding.arrays import Float, Spikes


def step_forward(signal: Float, threshold: Float) -> Spikes:
    """Signed spikes of ``(N, T)`` signals against a baseline that starts at the first sample and follows by steps."""
    columns = np.ascontiguousarray(signal.T)
    spikes = np.zeros(columns.shape, np.int8)
    base = columns[0].copy()
    limit, up, down = np.empty_like(base), np.empty(base.shape, bool), np.empty(base.shape, bool)
    for t in range(1, len(columns)):
        np.add(base, threshold, out=limit)
        np.greater(columns[t], limit, out=up)
        np.copyto(base, limit, where=up)
        np.subtract(base, threshold, out=limit)
        np.less(columns[t], limit, out=down)
        np.copyto(base, limit, where=down)
        np.subtract(up, down, out=spikes[t], dtype=np.int8)
    return np.ascontiguousarray(spikes.T)


def leaky(signal: Float, threshold: Float, constant: Float, aliased: bool) -> Spikes:
    """Signed spikes of a leaky integrator: add the sample, compare, reset to zero, then decay.

    ``aliased`` is spike-encoding 1.8.2: the first sample is left out, and the second stays the baseline of a signal
    until its first spike.
    """
    columns = np.ascontiguousarray(signal.T)
    spikes = np.zeros(columns.shape, np.int8)
    voltage, base = np.zeros_like(columns[0]), np.zeros_like(columns[0])
    rise, low = np.empty_like(voltage), -threshold
    up, down = np.empty(voltage.shape, bool), np.empty(voltage.shape, bool)
    for t in range(1 if aliased else 0, len(columns)):
        voltage += columns[t]
        if aliased and t == 1:
            base[:] = voltage
        np.subtract(voltage, base, out=rise)
        np.greater(rise, threshold, out=up)
        np.less(rise, low, out=down)
        np.subtract(up, down, out=spikes[t], dtype=np.int8)
        np.logical_or(up, down, out=up)
        np.copyto(voltage, 0, where=up)
        if aliased:
            np.copyto(base, 0, where=up)
        voltage *= constant
    return np.ascontiguousarray(spikes.T)


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
        whole = np.add.accumulate(np.abs(window), axis=0)[-1]
        fires = remaining <= whole - threshold
        spikes[t] = fires
        if fires.any():
            window -= np.where(fires, cut, np.float32(0))
    return np.ascontiguousarray(spikes.T)
