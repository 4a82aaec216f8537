"""What one run of the encoder returns, and the max pooling whose indices it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class PoolingIndices:
    """Where the maxima of one time step stood, for unpooling.

    ``pool1`` and ``pool2`` are int64 (B, C, H', W'): flat row-major positions in the H x W plane of the pool's input.
    ``pool1_size`` and ``pool2_size`` are the shapes (B, C, H, W) before pooling.
    """

    pool1: Tensor
    pool2: Tensor
    pool1_size: tuple[int, ...]
    pool2_size: tuple[int, ...]


def max_pool(kernel: int, stride: int) -> nn.MaxPool2d:
    """A pool returning (values, indices); of equal values the first in row-major window order wins.

    So an all-zero window points at its top-left element. On binary spikes the value is the OR of the window.
    """
    return nn.MaxPool2d(kernel, stride, return_indices=True)


LAYERS: tuple[str, ...] = ("conv1", "pool1", "conv2", "pool2", "conv3")


@dataclass(frozen=True)
class EncoderOutput:
    """Spikes and pooling indices of T steps.

    | field | meaning |
    |---|---|
    | ``classification_spikes`` | spikes of the last layer, 0/1, (T, B, n_classes, H', W') |
    | ``pooling_indices`` | where the pools found their maxima in the last step |
    | ``layer_spikes`` | spikes of conv1, pool1, conv2, pool2, conv3, each (T, B, C, H, W) |
    | ``layer_spike_times`` | step of each neuron's first spike, -1 if it never fired, int64 (B, C, H, W) |
    | ``has_spikes`` | bool tensor of no dimensions: did the last layer fire at all |
    | ``n_classification_spikes`` | spikes of the last layer in all |
    """

    classification_spikes: Tensor
    pooling_indices: PoolingIndices
    layer_spikes: dict[str, Tensor]
    layer_spike_times: dict[str, Tensor]
    has_spikes: Tensor
    n_classification_spikes: int

    @classmethod
    def of(cls, layer_spikes: Mapping[str, Tensor], indices: PoolingIndices) -> EncoderOutput:
        """The output that follows from the layers' spikes."""
        last = layer_spikes["conv3"]
        return cls(
            classification_spikes=last,
            pooling_indices=indices,
            layer_spikes=dict(layer_spikes),
            layer_spike_times={name: first_spike_times(spikes) for name, spikes in layer_spikes.items()},
            has_spikes=last.any(),
            n_classification_spikes=int(last.sum()),
        )


def first_spike_times(spikes: Tensor) -> Tensor:
    """The first step at which each cell of (T, ...) is non-zero, -1 where it never is; int64 of shape (...)."""
    fired = spikes > 0
    return torch.where(fired.any(dim=0), fired.to(torch.uint8).argmax(dim=0), -1)
