"""From activations to log-likelihood ratios."""

from torch import Tensor, nn


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
