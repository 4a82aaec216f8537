"""``ScalerFactory`` and ``ConverterFactory``: the same names, without files, worker pools or unseeded episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurodeploy.encoding.compat.rate_step_forward import RateStepForwardConverter
from neurodeploy.encoding.scaler import Scaler, play, to_unit

EPISODES = 100


@dataclass(frozen=True, eq=False)
class KnownRange:
    """A scaler of known values, in the precision they were given in."""

    low: NDArray[Any]
    high: NDArray[Any]

    def transform(self, values: Any) -> NDArray[Any]:
        """Observations ``(B, F)`` as 0..1."""
        return to_unit(np.asarray(values), self.low, self.high)


class ScalerFactory:
    """Scalers with ``transform``; ``from_env`` measures what has no bounds in seeded episodes of random actions."""

    def __init__(self, print_updates: bool = False, episodes: int = EPISODES, seed: int = 0) -> None:
        self.print_updates, self.episodes, self.seed = print_updates, episodes, seed

    def from_env(self, env: Any) -> Scaler:
        """From the bounds of the observations, measured where they are not finite."""
        return Scaler.from_env(env, self.episodes, self.seed)

    def from_known_values(self, minima: Any, maxima: Any) -> KnownRange:
        """From known lowest and highest values."""
        ends = np.stack([np.asarray(values) for values in (minima, maxima)])
        ends = ends if ends.dtype == np.float32 else ends.astype(np.float64)
        return KnownRange(ends.min(axis=0), ends.max(axis=0))


class ConverterFactory:
    """The step coder's converter and its thresholds: the largest change of each observation in seeded episodes."""

    def __init__(
        self, env: Any, scaler: Any, print_updates: bool = False, episodes: int = EPISODES, seed: int = 0
    ) -> None:
        self.env, self.scaler, self.print_updates, self.episodes, self.seed = env, scaler, print_updates, episodes, seed
        self.features = int(env.observation_space.shape[0])

    def generate(self) -> tuple[RateStepForwardConverter, NDArray[np.float32]]:
        """Converter and thresholds; the same seed gives the same."""
        runs = [np.diff(self.scaler.transform(run), axis=0) for run in play(self.env, self.episodes, self.seed)]
        largest = np.abs(np.concatenate(runs)).max(axis=0).astype(np.float32)
        return RateStepForwardConverter(self.features, torch.from_numpy(largest)), largest
