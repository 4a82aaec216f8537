"""The convolution in front of every spiking layer."""

from torch import Tensor, nn


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
