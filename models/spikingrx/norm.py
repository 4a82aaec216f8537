"""Batch normalization step by step."""

import torch
from torch import Tensor, nn


class SpikeNorm(nn.Module):
    """BatchNorm2d(C, eps 1e-5, momentum 0.1) called once per time step.

    In training each step is normalized by its own statistics over (B, H, W), and the running statistics move T times
    per call. In evaluation the running statistics, which mix the steps, make it a fixed affine map per channel that
    folds into the convolution before it. Source: SpikingRx report of 11/11, "Norm Module".
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] or [B, T, C, H, W], same shape. Raises ValueError on other ranks."""
        if x.ndim == 4:
            return self.bn(x)
        if x.ndim != 5:
            raise ValueError(f"expected [B, C, H, W] or [B, T, C, H, W], not shape {tuple(x.shape)}")
        return torch.stack([self.bn(step) for step in x.unbind(1)], dim=1)
