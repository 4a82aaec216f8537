"""Small displacements and noise that make 1,347 training images go further."""

import torch
from torch import Tensor
from torch.nn import functional

STAY = 0.25
"""Fraction of the images that are not displaced."""


def augment(pixels: Tensor, shift: int, noise: float, generator: torch.Generator) -> Tensor:
    """Displace images and add noise.

    Args:
        pixels: images of shape (N, 1, 8, 8) in 0..1.
        shift: largest displacement along each axis, pixels; what enters is black.
        noise: standard deviation of the Gaussian noise on each pixel, before clipping.
        generator: source of all randomness.

    Returns:
        Images of the same shape, in 0..1.
    """
    moved = displace(pixels, shift, generator)
    return (moved + noise * torch.randn(moved.shape, generator=generator)).clamp(0.0, 1.0)


def displace(pixels: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """Move most images by up to ``shift`` pixels along each axis; see ``augment``."""
    count, size = len(pixels), pixels.shape[-1]
    offsets = torch.randint(0, 2 * shift + 1, (count, 2), generator=generator)
    offsets[torch.rand(count, generator=generator) < STAY] = shift
    windows = functional.pad(pixels, (shift,) * 4).unfold(2, size, 1).unfold(3, size, 1)
    return windows[torch.arange(count), :, offsets[:, 0], offsets[:, 1]]
