"""What stands around the residual blocks: convolution, normalization, stem and readout."""

import torch
from torch import Tensor, nn

from .neurons import LIF


class ConvBlock(nn.Module):
    """A 3x3 convolution with padding 1 and a bias of 0, Kaiming-normal weights (fan-out, ReLU gain); no activation.

    [B, C_in, H, W] to [B, C_out, H, W] at stride 1. Source: SpikingRx report of 11/11, "Conv Module".
    """

    def __init__(self, in_ch: int, out_ch: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_ch, out_ch, kernel_size=3, stride=stride, padding=1)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        """One time step [B, C_in, H, W]."""
        return self.conv(x)


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


def norm(channels: int, folded: bool) -> SpikeNorm | nn.Identity:
    """A norm, or what stands in its place where it is folded into the convolution before it."""
    return nn.Identity() if folded else SpikeNorm(channels)


class StemConv(nn.Module):
    """``LIF(norm(conv(x)))``: convolution and norm step by step, one LIF over all T steps (theta 0.5 by default).

    [B, T, C_in, H, W] to spikes [B, T, C_out, H, W]; ``width`` and ``folded`` as in ``SEWBlock``.
    Source: SpikingRx, commit of 11 November 2025.
    """

    def __init__(
        self,
        in_ch: int,
        out_ch: int,
        beta: float = 0.9,
        theta: float = 0.5,
        *,
        width: float = 1.0,
        folded: bool = False,
    ) -> None:
        super().__init__()
        self.conv = ConvBlock(in_ch, out_ch)
        self.norm = norm(out_ch, folded)
        self.lif = LIF(beta, theta, width=width, on_grid=out_ch * folded)

    def forward(self, x: Tensor) -> Tensor:
        current = torch.stack([self.conv(step) for step in x.unbind(1)], dim=1)
        return self.lif(self.norm(current))


class Readout(nn.Module):
    """clamp(0, 1), mean over time, 1x1 convolution, ReLU, 1x1 convolution, times ``temperature``.

    [B, T, C, H, W] to LLR [B, H, W, bits]; the hidden layer has max(8, C // 2) channels. Not spiking: this is host
    work. Source: SpikingRx, commit of 11 November 2025.
    """

    def __init__(self, channels: int, bits: int, temperature: float = 1.0) -> None:
        super().__init__()
        hidden = max(8, channels // 2)
        self.fc1 = nn.Conv2d(channels, hidden, kernel_size=1)
        self.fc2 = nn.Conv2d(hidden, bits, kernel_size=1)
        self.temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        rate = x.clamp(0.0, 1.0).mean(dim=1)
        llr: Tensor = self.fc2(self.fc1(rate).relu()) * self.temperature
        return llr.permute(0, 2, 3, 1)
