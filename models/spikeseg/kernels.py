"""Weights of the convolutions: random as in the papers, or fixed difference-of-Gaussians and Gabor filters."""

import math
from typing import Literal

import torch
from torch import Tensor

FirstKernels = Literal["normal", "dog", "gabor"]


def normal_kernels(shape: tuple[int, ...], mean: float, std: float, generator: torch.Generator | None = None) -> Tensor:
    """N(mean, std) clamped to [0, 1], of shape (out, in, kh, kw). Source: Kheradpisheh et al. 2018; IGARSS 2023."""
    return torch.empty(shape).normal_(mean, std, generator=generator).clamp_(0.0, 1.0)


def dog_kernels(channels: int = 4, inputs: int = 1, size: int = 5, narrow: float = 1.0, wide: float = 2.0) -> Tensor:
    """Difference of Gaussians (channels, inputs, size, size): rows ON, OFF, ..., the same for every input channel.

    G_sigma = exp(-(x^2 + y^2) / (2 sigma^2)) normalized to sum 1; ON = G_narrow - G_wide; OFF = -ON. The kernels are
    signed: with the default sizes (in pixels) their values lie in [-0.0989, 0.0989] and each sums to 0.
    """
    y, x = _grid(size)

    def gaussian(sigma: float) -> Tensor:
        bell = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
        return bell / bell.sum()

    on = gaussian(narrow) - gaussian(wide)
    rows = torch.stack([on if i % 2 == 0 else -on for i in range(channels)])
    return rows[:, None].expand(channels, inputs, size, size).to(torch.get_default_dtype()).contiguous()


def gabor_kernels(
    channels: int = 4, inputs: int = 1, size: int = 5, sigma: float = 1.0, frequency: float = 0.5
) -> Tensor:
    """Gabor filters (channels, inputs, size, size) at orientations pi (i + 1) / channels, each minus its own mean.

    exp(-(x'^2 + y'^2) / (2 sigma^2)) cos(2 pi f x') with x' = x cos + y sin, y' = -x sin + y cos; ``sigma`` in pixels,
    ``frequency`` in cycles per pixel.
    """
    y, x = _grid(size)

    def filter_at(angle: float) -> Tensor:
        along = x * math.cos(angle) + y * math.sin(angle)
        across = -x * math.sin(angle) + y * math.cos(angle)
        wave = torch.exp(-(along**2 + across**2) / (2 * sigma**2)) * torch.cos(2 * math.pi * frequency * along)
        return wave - wave.mean()

    rows = torch.stack([filter_at(math.pi * (i + 1) / channels) for i in range(channels)])
    return rows[:, None].expand(channels, inputs, size, size).to(torch.get_default_dtype()).contiguous()


def _grid(size: int) -> tuple[Tensor, Tensor]:
    axis = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return y, x
