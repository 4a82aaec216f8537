"""Exact values with a gradient: what is rounded, truncated or compared sends back that of a smooth neighbor."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


class _Exact(Function):
    """The values of ``exact``; ``send`` makes of their gradient that of ``source``, of the same shape."""

    @staticmethod
    def forward(ctx: Any, exact: Tensor, source: Tensor, send: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.send = send
        return exact.view_as(exact)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, None]:
        return None, ctx.send(gradients[0]), None


def _exact(exact: Tensor, source: Tensor, send: Callable[[Tensor], Tensor]) -> Tensor:
    result: Any = _Exact.apply(exact.detach(), source, send)
    return result


def truncated(values: Tensor, unit: float) -> Tensor:
    """``values`` truncated toward zero to multiples of ``unit``; the gradient passes as it is."""
    return _exact(torch.trunc(values / unit) * unit, values, lambda gradient: gradient)


def on_grid(values: Tensor, most: float) -> Tensor:
    """``values`` rounded half to even and kept within ``most`` of zero.

    The gradient passes as it is, except where it would drive a value further beyond an end.
    """
    held = values.detach()

    def send(gradient: Tensor) -> Tensor:
        outward = ((held > most) & (gradient < 0)) | ((held < -most) & (gradient > 0))
        return torch.where(outward, torch.zeros_like(gradient), gradient)

    return _exact(torch.round(held).clamp(-most, most), values, send)


def fired(distance: Tensor, sharpness: float) -> Tensor:
    """1.0 where ``distance``, the membrane above its threshold, is positive, else 0.0.

    The gradient is scaled by ``1 / (1 + sharpness * |distance|)**2``, as of the fast sigmoid (Zenke and Ganguli 2018).
    """
    held = distance.detach()
    return _exact((held > 0).to(held.dtype), distance, lambda gradient: gradient / (1 + sharpness * held.abs()) ** 2)
