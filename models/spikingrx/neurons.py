"""Spiking neurons over sequences: SpikingRx's LIF with its surrogate gradient, and the IF of SEW-ResNet's spiking
shortcut."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd import Function


class TriangularSurrogate(Function):
    """Forward: 1 where x >= 0, else 0. Backward: g (1 - |x| / a) / a where |x| < a, else 0; ``a`` defaults to 1.

    Use ``TriangularSurrogate.apply(x)`` or ``.apply(x, a)`` on a tensor of any shape; ``a`` is in units of x.
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Tensor:
        x: Tensor = args[0]
        ctx.width = float(args[1]) if len(args) > 1 else 1.0
        ctx.inputs = len(args)
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (x,) = ctx.saved_tensors
        slope = torch.clamp(1 - x.abs() / ctx.width, min=0) / ctx.width
        return (grad_outputs[0] * slope, *[None] * (ctx.inputs - 1))


class LIF(nn.Module):
    """Leaky integrate-and-fire with soft reset, no clamp and no state kept between calls.

    U = beta U + (1 - beta) I[t]; S = H(U - theta), H(0) = 1; U = U - S theta; U starts at 0.
    ``beta`` (decay per step) and ``theta`` stand in the state dict; ``learn_beta`` makes beta a parameter.
    ``width`` is that of the surrogate gradient. ``on_grid``, a number of channels, gives each its own theta and adds
    two numbers to the state dict: ``grid``, the unit of a membrane in integers, to which what decay leaves is truncated
    toward zero, and ``floor``, below which no membrane falls.
    Source: SpikingRx report of 11/11, "LIF Module".
    """

    beta: Tensor
    theta: Tensor
    grid: Tensor | None
    floor: Tensor | None

    def __init__(
        self,
        beta: float = 0.9,
        theta: float = 1.0,
        learn_beta: bool = False,
        *,
        width: float = 1.0,
        on_grid: int = 0,
    ) -> None:
        super().__init__()
        self.width = width
        if learn_beta:
            self.beta = nn.Parameter(torch.tensor(float(beta)))
        else:
            self.register_buffer("beta", torch.tensor(float(beta)))
        self.register_buffer("theta", _thresholds(theta, on_grid))
        _register_grid(self, on_grid)

    def forward(self, current: Tensor) -> Tensor:
        """Spikes (0/1) of a current [B, T, D] or [B, T, C, H, W], same shape. Raises ValueError on other ranks."""
        _check_rank(current)
        membrane = torch.zeros_like(current[:, 0])
        spikes: list[Tensor] = []
        for drive in current.unbind(1):
            kept = self.beta * membrane
            if self.grid is not None:
                kept = torch.trunc(kept / self.grid) * self.grid
            membrane = _clamped(kept + (1 - self.beta) * drive, self.floor)
            spike = _spike(membrane - self.theta, self.width)
            membrane = membrane - spike * self.theta
            spikes.append(spike)
        return torch.stack(spikes, dim=1)


class IF(nn.Module):
    """Integrate-and-fire with hard reset: V = V + I[t]; S = H(V - theta), H(0) = 1; V = 0 where S = 1; V starts at 0.

    ``on_grid`` as in ``LIF``; nothing decays, so nothing is truncated.
    Source: the neuron of SEW-ResNet (Fang et al., NeurIPS 2021), theta 1.
    """

    theta: Tensor
    grid: Tensor | None
    floor: Tensor | None

    def __init__(self, theta: float = 1.0, *, on_grid: int = 0) -> None:
        super().__init__()
        self.register_buffer("theta", _thresholds(theta, on_grid))
        _register_grid(self, on_grid)

    def forward(self, current: Tensor) -> Tensor:
        """Spikes (0/1) of a current [B, T, D] or [B, T, C, H, W], same shape. Raises ValueError on other ranks."""
        _check_rank(current)
        membrane = torch.zeros_like(current[:, 0])
        spikes: list[Tensor] = []
        for drive in current.unbind(1):
            membrane = _clamped(membrane + drive, self.floor)
            spike = _spike(membrane - self.theta, 1.0)
            membrane = membrane * (1 - spike)
            spikes.append(spike)
        return torch.stack(spikes, dim=1)


def _spike(distance: Tensor, width: float) -> Tensor:
    return cast(Tensor, cast(Any, TriangularSurrogate).apply(distance, width))


def _thresholds(theta: float, channels: int) -> Tensor:
    return torch.full((channels, 1, 1), float(theta)) if channels else torch.tensor(float(theta))


def _register_grid(neuron: nn.Module, on_grid: int) -> None:
    """The unit of a membrane in integers and its lower end, which come with trained weights; None off the grid."""
    neuron.register_buffer("grid", torch.tensor(0.0) if on_grid else None)
    neuron.register_buffer("floor", torch.tensor(-torch.inf) if on_grid else None)


def _clamped(membrane: Tensor, floor: Tensor | None) -> Tensor:
    return membrane if floor is None else torch.maximum(membrane, floor)


def _check_rank(current: Tensor) -> None:
    if current.ndim not in (3, 5):
        raise ValueError(f"expected [B, T, D] or [B, T, C, H, W], not shape {tuple(current.shape)}")
