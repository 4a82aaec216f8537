"""Still frames as sequences: replication and global rank-order coding."""

import torch
from torch import Tensor


def replicate(frame: Tensor, steps: int) -> Tensor:
    """(B, C, H, W) repeated to (steps, B, C, H, W)."""
    return frame.expand(steps, *frame.shape)


def rank_order(frame: Tensor, steps: int) -> Tensor:
    """Brighter pixels earlier: (B, C, H, W) to binary (steps, B, C, H, W) with exactly one spike per pixel.

    All n pixels of the tensor, the whole batch included, are sorted from the brightest; the pixel of rank r spikes at
    step floor(r / n * steps). Zero pixels spike too, among equals in row-major order. Source: Kheradpisheh et al. 2018
    (latency of intensities), taken over the whole tensor.
    """
    pixels = frame.flatten()
    order = torch.argsort(pixels, descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(pixels.numel(), device=frame.device)
    step = rank * steps // pixels.numel()
    spikes = torch.zeros(steps, pixels.numel(), dtype=frame.dtype, device=frame.device)
    spikes.scatter_(0, step[None], 1.0)
    return spikes.reshape(steps, *frame.shape)


def as_sequence(x: Tensor, steps: int | None, fire_once: bool) -> Tensor:
    """The input of one run as (T, B, C, H, W).

    5-D input is taken as it is. A frame (B, C, H, W) is shown for ``steps`` steps (default 1): replicated if
    ``fire_once``, else rank-order coded over more than one step. Raises ValueError on other ranks, on steps < 1, and
    when ``steps`` contradicts a sequence's own length.
    """
    if steps is not None and steps < 1:
        raise ValueError(f"n_timesteps must be at least 1, not {steps}")
    if x.ndim == 5:
        if steps not in (None, x.shape[0]):
            raise ValueError(f"the input has {x.shape[0]} steps, n_timesteps says {steps}; leave n_timesteps out")
        return x
    if x.ndim != 4:
        raise ValueError(f"expected (T, B, C, H, W) or (B, C, H, W), not shape {tuple(x.shape)}")
    steps = steps or 1
    return replicate(x, steps) if fire_once or steps == 1 else rank_order(x, steps)
