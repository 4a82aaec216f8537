"""Objectives: measures that a coder is tuned for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, choices

Measure = Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], float]
"""``(signal, reconstruction, spikes) -> number``, of ``(B, F, T)`` arrays."""


@dataclass(frozen=True)
class Objective:
    """A measure, whether more of it is better, and whether it needs a reconstruction."""

    name: str
    measure: Measure
    maximize: bool = False
    reconstructs: bool = True


def mean_squared_error(signal: NDArray[Any], reconstruction: NDArray[Any], spikes: NDArray[Any]) -> float:
    """Mean of the squared differences."""
    return float(np.mean(np.square(np.subtract(signal, reconstruction, dtype=np.float64))))


def mean_absolute_error(signal: NDArray[Any], reconstruction: NDArray[Any], spikes: NDArray[Any]) -> float:
    """Mean of the absolute differences."""
    return float(np.mean(np.abs(np.subtract(signal, reconstruction, dtype=np.float64))))


def spike_density(signal: NDArray[Any], reconstruction: NDArray[Any], spikes: NDArray[Any]) -> float:
    """Spikes, of either sign, per sample of the signal."""
    return float(np.count_nonzero(spikes) / signal.size)


def signal_to_noise(signal: NDArray[Any], reconstruction: NDArray[Any], spikes: NDArray[Any]) -> float:
    """Power of the signal over that of the error, in dB; infinite without error."""
    power = float(np.mean(np.square(signal, dtype=np.float64)))
    error = mean_squared_error(signal, reconstruction, spikes)
    return float("inf") if error == 0 else 10 * float(np.log10(max(power, 1e-300) / error))


OBJECTIVES: Mapping[str, Objective] = {
    "mse": Objective("mse", mean_squared_error),
    "mae": Objective("mae", mean_absolute_error),
    "density": Objective("density", spike_density, reconstructs=False),
    "snr": Objective("snr", signal_to_noise, maximize=True),
}


def objective_of(objective: str | Measure | Objective) -> Objective:
    """An objective by name, one's own, or a plain function to be minimized. Raises InputError for an unknown name."""
    if isinstance(objective, Objective):
        return objective
    if isinstance(objective, str):
        if objective not in OBJECTIVES:
            raise InputError(f"unknown objective {objective!r}", "objective", choices(objective, OBJECTIVES))
        return OBJECTIVES[objective]
    return Objective(getattr(objective, "__name__", "objective"), objective)
