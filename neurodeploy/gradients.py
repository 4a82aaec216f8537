"""Exact values with a gradient: what is rounded, truncated or compared sends back the gradient of a smooth neighbor."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


class _Straight(Function):
    @staticmethod
    def forward(ctx: Any, exact: Tensor, smooth: Tensor) -> Tensor:
        return exact.view_as(exact)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]


class _OnGrid(Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(values)
        ctx.ends = low, high
        return torch.clamp(torch.round(values), low, high)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (values,), (low, high), gradient = ctx.saved_tensors, ctx.ends, gradients[0]
        outward = ((values > high) & (gradient < 0)) | ((values < low) & (gradient > 0))
        return torch.where(outward, torch.zeros_like(gradient), gradient), None, None


class _Spikes(Function):
    @staticmethod
    def forward(ctx: Any, spikes: Tensor, distance: Tensor, sharpness: float) -> Tensor:
        ctx.save_for_backward(distance)
        ctx.sharpness = sharpness
        return spikes.view_as(spikes)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, None]:
        (distance,) = ctx.saved_tensors
        return None, gradients[0] / (1 + ctx.sharpness * distance.abs()) ** 2, None


def straight(exact: Tensor, smooth: Tensor) -> Tensor:
    """The values of ``exact`` with the gradient of ``smooth``, of the same shape (straight-through estimator)."""
    result: Any = _Straight.apply(exact, smooth)
    return result


def on_grid(values: Tensor, low: float, high: float) -> Tensor:
    """``values`` rounded half to even, from ``low`` to ``high``.

    The gradient passes as it is, except where it would drive a value further beyond an end.
    """
    result: Any = _OnGrid.apply(values, low, high)
    return result


def fired(spikes: Tensor, distance: Tensor, sharpness: float) -> Tensor:
    """The ``spikes`` with a surrogate gradient by ``distance``, from the threshold, in thresholds.

    The derivative is ``1 / (1 + sharpness * |distance|)**2``, that of the fast sigmoid (Zenke and Ganguli 2018).
    """
    result: Any = _Spikes.apply(spikes, distance, sharpness)
    return result
