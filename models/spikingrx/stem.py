"""From I/Q samples to spikes."""

import torch
from torch import Tensor, nn

from .conv import ConvBlock
from .lif import LIF
from .norm import SpikeNorm


class StemConv(nn.Module):
    """``LIF(norm(conv(x)))``: convolution and norm step by step, one LIF over all T steps (theta 0.5 by default).

    [B, T, C_in, H, W] to spikes [B, T, C_out, H, W]. Source: SpikingRx, commit of 11 November 2025.
    """

    def __init__(self, in_ch: int, out_ch: int, beta: float = 0.9, theta: float = 0.5) -> None:
        super().__init__()
        self.conv = ConvBlock(in_ch, out_ch)
        self.norm = SpikeNorm(out_ch)
        self.lif = LIF(beta=beta, theta=theta)

    def forward(self, x: Tensor) -> Tensor:
        current = torch.stack([self.conv(step) for step in x.unbind(1)], dim=1)
        return self.lif(self.norm(current))
