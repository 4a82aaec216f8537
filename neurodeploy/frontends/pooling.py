"""Poolings that a forward pass calls as functions, each as the layer of torch.nn that is equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

_WINDOWS = ("kernel_size", "stride", "padding")
_AVERAGE = (*_WINDOWS, "ceil_mode", "count_include_pad")
_MAX = (*_WINDOWS, "dilation", "ceil_mode", "return_indices")
POOLS = {
    "adaptive_avg_pool1d": ("AdaptiveAvgPool1d", ("output_size",)),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", ("output_size",)),
    "avg_pool1d": ("AvgPool1d", _AVERAGE),
    "avg_pool2d": ("AvgPool2d", (*_AVERAGE, "divisor_override")),
    "max_pool1d": ("MaxPool1d", _MAX),
    "max_pool2d": ("MaxPool2d", _MAX),
}
"""The class of the equal layer, and the names of the function's arguments behind the values, in their order."""


@dataclass(frozen=True)
class Pooling:
    """A pooling by function. ``kind``: the class of the layer; ``arguments``: those of the layer, by name."""

    kind: str
    arguments: tuple[tuple[str, Any], ...]

    @staticmethod
    def called(name: str, args: Any, kwargs: Any) -> Pooling:
        """What a function of ``POOLS`` does with these arguments, the first of which holds the values."""
        kind, names = POOLS[name]
        values = dict(zip(names, args[1:], strict=False)) | {key: kwargs[key] for key in kwargs if key != "input"}
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return Pooling(kind, tuple(sorted((key, value) for key, value in plain.items() if value not in (None, ()))))

    @property
    def picks(self) -> bool:
        """Whether it picks the largest value."""
        return self.kind.startswith("Max")

    @property
    def layer(self) -> nn.Module:
        """The layer."""
        return getattr(nn, self.kind)(**dict(self.arguments))

    def applied(self, values: torch.Tensor) -> torch.Tensor:
        """What it makes of ``values``, whatever stands before channels and space: samples, or steps and samples."""
        axes = int(self.kind[-2])
        lead = values.shape[: values.ndim - axes - 1]
        return self.layer(values.flatten(0, len(lead) - 1)).unflatten(0, lead)
