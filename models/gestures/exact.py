"""The rules of the integers on real numbers, with the gradients that training on integers uses everywhere."""

import torch
from torch import Tensor

from neurodeploy import gradients


def truncated(values: Tensor, unit: float) -> Tensor:
    """``values`` truncated toward zero to multiples of ``unit``; the gradient passes as it is."""
    return gradients.straight((torch.trunc(values / unit) * unit).detach(), values)


def on_grid(values: Tensor, most: float) -> Tensor:
    """``values`` rounded half to even and kept within ``most`` of zero, with the gradient of ``gradients.on_grid``."""
    return gradients.on_grid(values, -most, most)


def fired(distance: Tensor, sharpness: float) -> Tensor:
    """1.0 where ``distance``, the membrane above its threshold, is positive, else 0.0; the gradient is a surrogate."""
    return gradients.fired((distance.detach() > 0).to(distance.dtype), distance, sharpness)
