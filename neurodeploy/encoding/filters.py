"""The low-pass filter of Ben's spiker algorithm."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from neurodeploy.encoding.arrays import Float


@lru_cache(maxsize=4096)
def low_pass(order: int, cutoff: float) -> Float:
    """``order + 1`` taps of a windowed sinc (Hamming) with gain 1 at 0, cutting at ``cutoff`` cycles per sample.

    The same float32 values as ``scipy.signal.firwin(order + 1, cutoff, fs=1)``.
    """
    edge = cutoff / 0.5
    taps = edge * np.sinc(edge * (np.arange(order + 1) - 0.5 * order))
    angle = np.linspace(-np.pi, np.pi, order + 1)
    taps = taps * (0.54 * np.cos(0 * angle) + (1 - 0.54) * np.cos(1 * angle))
    found = (taps / np.sum(taps)).astype(np.float32)
    found.setflags(write=False)
    return found
