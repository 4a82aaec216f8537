"""Firing rates as trains, as spike-encoding 1.8.2 makes them: time first, and numpy's global generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rate(spike_probabilities: NDArray[Any], max_t: int) -> NDArray[np.int64]:
    """Trains ``(max_t, ...)`` of ``ceil(max_t * p)`` spikes; the last step fires for any p above 0.

    The spikes of p stand at ``int((max_t * p - i) / p) - 1`` for i = 0, 1, .. while ``max_t * p > i``.
    """
    spikes = np.zeros((max_t, *spike_probabilities.shape), np.int64)
    whole = (spike_probabilities * max_t).astype(np.float64)
    for i in range(int(np.ceil(whole.max(initial=0)))):
        active = np.nonzero(whole > i)
        place = ((whole[active] - i) / spike_probabilities[active].astype(np.float64)).astype(np.int64) - 1
        spikes[(np.clip(place, 0, max_t - 1), *active)] = 1
    return spikes


def poisson(spike_probabilities: NDArray[Any], max_t: int) -> NDArray[np.int64]:
    """Random trains ``(max_t, ...)`` from numpy's global generator."""
    drawn = np.random.random((int(max_t), *spike_probabilities.shape))
    return (spike_probabilities > drawn).astype(np.int64)


def convert(probabilities: NDArray[Any], steps: int, method: str) -> NDArray[np.int64]:
    """Random trains for the method ``poisson``, even ones for any other."""
    return poisson(probabilities, steps) if method == "poisson" else rate(probabilities, steps)
