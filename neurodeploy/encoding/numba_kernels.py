"""The recurrences of ``numpy_kernels``, one signal after another, compiled by numba to the same bits.

No fast math: sums keep their order and nothing is fused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.encoding.arrays import Float, Spikes
from neurodeploy.extras import need

ZERO = np.float32(0)


def _compile(function: Any) -> Any:
    """Compiled on first use, and kept on disk where the system lets numba keep it."""
    jit = need("numba", "fast", "encoding").njit
    try:
        return jit(cache=True, nogil=True)(function)
    except RuntimeError:  # there is no folder to keep it in
        return jit(nogil=True)(function)


@_compile
def step_forward(signal: Float, threshold: Float) -> Spikes:
    """As ``numpy_kernels.step_forward``."""
    spikes = np.zeros(signal.shape, np.int8)
    for n in range(signal.shape[0]):
        base, step = signal[n, 0], threshold[n]
        for t in range(1, signal.shape[1]):
            value = signal[n, t]
            higher = base + step
            up = value > higher
            base = higher if up else base
            lower = base - step
            down = value < lower
            base = lower if down else base
            spikes[n, t] = np.int8(up) - np.int8(down)
    return spikes


@_compile
def leaky(signal: Float, threshold: Float, constant: Float, aliased: bool) -> Spikes:
    """As ``numpy_kernels.leaky``."""
    spikes = np.zeros(signal.shape, np.int8)
    for n in range(signal.shape[0]):
        voltage, base, step, decay = ZERO, ZERO, threshold[n], constant[n]
        for t in range(1 if aliased else 0, signal.shape[1]):
            voltage = voltage + signal[n, t]
            if aliased and t == 1:
                base = voltage
            rise = voltage - base
            up, down = rise > step, rise < -step
            if up or down:
                spikes[n, t] = np.int8(up) - np.int8(down)
                voltage, base = ZERO, ZERO
            voltage = voltage * decay
    return spikes


@_compile
def decay_sum(steps: Float, constant: Float) -> Float:
    """As ``numpy_kernels.decay_sum``."""
    sums = steps.copy()
    for n in range(steps.shape[0]):
        for t in range(1, steps.shape[1]):
            sums[n, t] = sums[n, t - 1] * constant[n] + steps[n, t]
    return sums


@_compile
def bens_spiker(signal: Float, taps: Float, threshold: Float, first: int) -> Spikes:
    """As ``numpy_kernels.bens_spiker``."""
    rest = signal.copy()
    spikes = np.zeros(signal.shape, np.int8)
    for n in range(signal.shape[0]):
        for t in range(first, signal.shape[1]):
            length = min(taps.shape[1], signal.shape[1] - t)
            remaining, before = ZERO, ZERO
            for k in range(length):
                remaining = remaining + abs(rest[n, t + k] - taps[n, k])
                before = before + abs(rest[n, t + k])
            if remaining <= before - threshold[n]:
                spikes[n, t] = 1
                for k in range(length):
                    rest[n, t + k] = rest[n, t + k] - taps[n, k]
    return spikes
