"""The spike of SpikingRx, with a triangular gradient for training."""

from typing import Any

import torch
from torch import Tensor
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
