"""Ranges of features: known, measured on data, or those of a Gymnasium environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import as_array, measured_columns
from neurodeploy.errors import InputError
from neurodeploy.extras import need

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Scaler:
    """The lowest and highest value of each feature; ``transform`` brings ``(..., F)`` to 0..1.

    A feature without width is moved to 0, as by scikit-learn's MinMaxScaler, whose arithmetic this is.
    """

    low: Numbers
    high: Numbers

    @classmethod
    def from_ranges(cls, low: Any, high: Any) -> Scaler:
        """From known values, one pair per feature. Raises InputError where they make no range."""
        ends = [np.atleast_1d(np.asarray(values, np.float64)) for values in (low, high)]
        if ends[0].shape != ends[1].shape or ends[0].ndim != 1:
            raise InputError("their numbers of features differ", "low, high", "give one pair per feature")
        bad = ~(np.isfinite(ends[0]) & np.isfinite(ends[1]) & (ends[0] <= ends[1]))
        if bad.any():
            n = int(bad.argmax())
            raise InputError(f"{ends[0][n]:g}..{ends[1][n]:g} is no finite range", f"feature {n}", "give low <= high")
        return cls(tuple(ends[0].tolist()), tuple(ends[1].tolist()))

    @classmethod
    def from_data(cls, data: Any, symmetric: bool = False) -> Scaler:
        """From observations ``(..., F)``; ``symmetric`` about 0. Raises InputError for NaN and infinity."""
        low, high = measured_columns(data)
        if symmetric:
            high = np.maximum(np.abs(low), np.abs(high))
            low = -high
        return cls.from_ranges(low, high)

    @classmethod
    def from_env(cls, env: Any, episodes: int = 0, seed: int = 0) -> Scaler:
        """From the bounds of an environment's observations.

        With ``episodes``, bounds that are not finite are measured, symmetric about 0, while random actions play that
        many seeded episodes; without, InputError names them.
        """
        low, high = (np.asarray(getattr(env.observation_space, end), np.float64).reshape(-1) for end in ("low", "high"))
        open_ends = ~(np.isfinite(low) & np.isfinite(high)) | (high - low > 1e30)
        if open_ends.any():
            if episodes < 1:
                listed = ", ".join(map(str, np.nonzero(open_ends)[0]))
                remedy = "give episodes=N to measure them, or Scaler.from_ranges(low, high)"
                raise InputError(f"observations {listed} have no bounds", "environment", remedy)
            measured = cls.from_data(np.concatenate(play(env, episodes, seed)), symmetric=True)
            low, high = np.where(open_ends, measured.low, low), np.where(open_ends, measured.high, high)
        return cls.from_ranges(low, high)

    def transform(self, values: Any) -> NDArray[Any]:
        """Values ``(..., F)`` as 0..1, in their own precision. Raises InputError for another number of features."""
        array = as_array(values, "values")[0]
        if array.ndim < 1 or array.shape[-1] != len(self.low):
            raise InputError(f"has shape {array.shape}", "values", f"give {len(self.low)} features in the last axis")
        return to_unit(array, np.asarray(self.low), np.asarray(self.high))


def to_unit(values: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    """Values ``(..., F)`` times the scale, plus the offset, in the precision of the range; no width counts as 1."""
    width = high - low
    scale = 1 / np.where(width < 10 * np.finfo(width.dtype).eps, width.dtype.type(1), width)
    result = np.array(values, values.dtype if values.dtype.kind == "f" else np.float64)
    result *= scale
    result += 0 - low * scale
    return result


def play(env: Any, episodes: int, seed: int) -> list[NDArray[np.float64]]:
    """Observations ``(T, F)`` of seeded episodes with random actions; a new environment of the same kind plays them."""
    copy = need("gymnasium", "gym", "encoding").make(env.spec)
    copy.action_space.seed(seed)
    runs: list[NDArray[np.float64]] = []
    for episode in range(episodes):
        state, _ = copy.reset(seed=seed + episode)
        states, over = [state], False
        while not over:
            state, _, ended, cut, _ = copy.step(copy.action_space.sample())
            states.append(state)
            over = ended or cut
        runs.append(np.asarray(states, np.float64).reshape(len(states), -1))
    copy.close()
    return runs
