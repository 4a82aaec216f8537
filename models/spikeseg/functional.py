"""The spike decision and hard reset shared by SpikeSEG's neurons, as plain functions on tensors."""

import torch
from torch import Tensor


def per_channel(value: float | Tensor, like: Tensor) -> Tensor:
    """``value`` shaped to broadcast over ``like`` (B, C, ...): a scalar stays, a vector (C,) lines up with axis 1.

    Raises ValueError when a vector's length is not the number of channels.
    """
    tensor = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    if tensor.ndim == 0:
        return tensor
    if tensor.ndim != 1 or like.ndim < 2 or tensor.numel() != like.shape[1]:
        raise ValueError(
            f"a per-channel value of shape {tuple(tensor.shape)} does not fit a tensor of shape {tuple(like.shape)}; "
            "give a scalar or one value per channel (axis 1)"
        )
    return tensor.reshape(-1, *[1] * (like.ndim - 2))


def spike_function(membrane: Tensor, threshold: float | Tensor = 0.0) -> Tensor:
    """Heaviside step S = H(V - theta) with H(0) = 1: a membrane equal to the threshold fires.

    ``membrane`` has any shape when ``threshold`` is a scalar, (B, C, ...) when it is a vector (C,). Returns 0/1 in the
    membrane's own type and shape. Source: SpikeSEG, "Spike Generation" (S = H(V - theta), element-wise).
    """
    return (membrane >= per_channel(threshold, membrane)).to(membrane.dtype)


spike_fn = spike_function
"""Short name of :func:`spike_function`."""


def fire(before: Tensor, threshold: float | Tensor, has_fired: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Compare, mask and reset: returns (spikes, membrane after reset).

    Where ``has_fired`` is 1 the spike is masked; such a neuron is not reset and goes on integrating. The reset is to
    zero. Source: Kheradpisheh et al. 2018 (one spike per neuron and image), SpikeSEG neurons.
    """
    spikes = spike_function(before, threshold)
    if has_fired is not None:
        spikes = spikes * (1.0 - has_fired)
    return spikes, before * (1.0 - spikes)
