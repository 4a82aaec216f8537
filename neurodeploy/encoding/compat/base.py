"""The common part of the classes of spike-encoding 1.8.2: parameters, rows of signals, and spikes as two trains."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodeploy.encoding.search import Search
from neurodeploy.encoding.study import run_study
from neurodeploy.errors import InputError

ErrorFunction = Callable[[Tensor, Tensor], Any]


class BaseConverter(torch.nn.Module):
    """A module with ``encode`` and, where there is an inverse, ``decode`` and ``optimize``."""

    def encode(self, *arguments: Any, **options: Any) -> Any:
        """Not every converter encodes."""
        raise NotImplementedError

    def decode(self, *arguments: Any, **options: Any) -> Any:
        """Not every converter has an inverse."""
        raise NotImplementedError

    def optimize(self, *arguments: Any, **options: Any) -> Any:
        """Not every converter has something to tune."""
        raise NotImplementedError


class ThresholdConverter(BaseConverter):
    """A converter with a threshold and a membrane constant per signal, and the range of the signals encoded last."""

    def __init__(
        self,
        threshold: Any = (0.5,) * 7,
        membrane_constant: Any = (0.9,) * 7,
        padding: bool = False,
        down_spike: bool = True,
        min_value: Any = None,
        max_value: Any = None,
        scale_factor: Any = None,
        initial_value: Any = None,
    ) -> None:
        super().__init__()
        self.threshold = as_parameter(threshold, "threshold")
        self.membrane_constant = as_parameter(membrane_constant, "membrane_constant")
        self.padding, self.down_spike, self.initial_value = padding, down_spike, initial_value
        self.min_value, self.max_value, self.scale_factor = min_value, max_value, scale_factor


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of the squared differences."""
    return torch.mean(torch.square(prediction - target))


def as_parameter(value: Any, name: str, kind: torch.dtype = torch.float) -> Tensor:
    """A number, list, tuple or tensor as a tensor of one value per signal. Raises ValueError for anything else."""
    if isinstance(value, Tensor):
        return value.to(kind)
    if isinstance(value, int | float):
        return torch.tensor([value], dtype=kind)
    if isinstance(value, list | tuple):
        return torch.tensor(value, dtype=kind)
    raise ValueError(f"{name} must be a number, list, tuple, or torch.Tensor")


def given_threshold(value: Any) -> Tensor:
    """A threshold given to a call. Raises TypeError for what is neither a number nor a tensor."""
    if isinstance(value, int | float):
        return torch.tensor([value], dtype=torch.float)
    if isinstance(value, Tensor):
        return torch.atleast_1d(value)
    raise TypeError(f"Inappropriate type for argument 'threshold': {type(value)}")


def for_signals(values: Tensor, count: int, name: str) -> Tensor:
    """One value per signal: surplus values are cut off, and where some are missing the first serves all. Both warn."""
    if len(values) > count:
        warnings.warn(f"{name}: only the first {count} of {len(values)} values are used", SyntaxWarning, stacklevel=3)
        return values[:count]
    return values if len(values) == count else first_for_all(values, count, name)


def first_for_all(values: Tensor, count: int, name: str) -> Tensor:
    """The first value for every signal where there are too few."""
    if len(values) >= count:
        return values
    if len(values) > 1:
        warnings.warn(f"{name}: the first of {len(values)} values serves all {count} signals", stacklevel=3)
    return values[0].repeat(count)


def unit_range(signal: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows brought to 0..1 (float32, but computed in the signal's precision), their minima, maxima and scales."""
    low, high = signal.min(dim=1)[0], signal.max(dim=1)[0]
    scale = 1.0 / (high - low)
    return scale[:, None] * (signal - low[:, None]), low, high, scale


def array(values: Tensor, kind: Any = np.float32) -> NDArray[Any]:
    """A tensor as an array that a kernel takes."""
    return np.ascontiguousarray(values.detach().cpu().numpy(), kind)


def two_trains(spikes: NDArray[Any], like: Tensor) -> Tensor:
    """Signed spikes as a train of +1 and one of -1."""
    signed = torch.from_numpy(spikes).to(like)
    return torch.stack((signed.clamp(min=0), signed.clamp(max=0)))


def one_train(spikes: Tensor) -> Tensor:
    """Both trains added up where there are two, as rows."""
    return torch.atleast_2d(spikes[0].add(spikes[1]) if spikes.ndim == 3 else spikes)


def tune(
    data: Tensor,
    space: Mapping[str, Search],
    trials: int,
    loss: Callable[[Tensor, Mapping[str, float]], Any],
    plot_history: bool,
    seed: int,
) -> list[Mapping[str, float]]:
    """The best parameters of every row. Raises ValueError for more than two dimensions."""
    if data.ndim > 2:
        raise ValueError(f"only tensors of at most 2 dimensions can be optimized for, and this has {data.ndim}")
    if plot_history:
        raise InputError(
            "no history is drawn", "plot_history", "leave it out; neurodeploy.encoding.picture draws results"
        )
    rows = torch.atleast_2d(data)

    def best(row: Tensor, number: int) -> Mapping[str, float]:
        return run_study(space, lambda chosen: (float(loss(row, chosen)),), (False,), trials, seed + number)[
            0
        ].parameters

    return [best(row, number) for number, row in enumerate(rows)]
