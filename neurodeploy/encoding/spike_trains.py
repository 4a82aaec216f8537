"""Firing rates as trains of spikes."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import Rows, Spikes, check_spikes, rows_of
from neurodeploy.encoding.memory import check_memory
from neurodeploy.errors import InputError

Method = Literal["deterministic", "poisson"]
TRAIN_BYTES = 17
"""Memory of one step of a train while it is made: two whole numbers of 64 bits, and the spike."""


def evenly(rates: NDArray[np.floating[Any]], steps: int) -> Spikes:
    """Trains ``(..., steps)`` of ``n = rint(steps * rate)`` spikes, evenly apart.

    Spike k = 1..n stands at step ``floor(k * steps / n) - 1``, so the last one at the last step.
    """
    count = np.rint(rates * steps).astype(np.int64)[..., None]
    edges = -(-np.arange(1, steps + 2) * count // steps)
    return (np.diff(edges, axis=-1) > 0).astype(np.int8)


def trains(rates: NDArray[np.floating[Any]], steps: int, method: Method, generator: Any) -> Spikes:
    """Trains ``(..., steps)`` of rates in 0..1.

    Raises InputError where random ones get no generator, and where they would not fit into memory.
    """
    check_trains_fit(rates.size, steps)
    if method == "deterministic":
        return evenly(rates, steps)
    if generator is None:
        raise InputError(
            "random trains need a generator", "generator", "give numpy.random.default_rng(seed), or a seed"
        )
    random = np.random.default_rng(generator).random((*rates.shape, steps))
    return (random < rates[..., None]).astype(np.int8)


def check_trains_fit(values: int, steps: int, bytes_per_step: int = TRAIN_BYTES) -> None:
    """Raises InputError where trains of ``steps`` steps, ``each`` bytes a step, would not fit into memory."""
    check_memory(values * steps * bytes_per_step, "steps", f"choose fewer than {steps} steps, or encode less at once")


def check_trains(steps: int, method: str, max_rate: float) -> None:
    """Raises InputError for a window, a method or a highest rate that is none."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"{steps!r} is no whole number above 0", "steps", "give the steps of one sample's window")
    if method not in ("deterministic", "poisson"):
        raise InputError(f"unknown method {method!r}", "method", "choose deterministic or poisson")
    if not 0 < max_rate <= 1:
        raise InputError(f"{max_rate!r} is not in 0..1", "max_rate", "give the spikes per step of the highest value")


def windows(spikes: Any, steps: int, channels: int = 1) -> tuple[Rows, NDArray[np.float32]]:
    """Trains as ``(batch, features, channels, samples, steps)``. Raises InputError where they do not divide so."""
    rows = rows_of(spikes, "spikes")
    check_spikes(rows, (0, 1))
    batch, features, length = rows.values.shape
    if length % steps or features % channels:
        need = f"{channels} × features and {steps} × samples"
        raise InputError(f"has {features} channels of {length} steps", "spikes", f"give {need}, as encode returned it")
    return rows, rows.values.reshape(batch, features // channels, channels, length // steps, steps)
