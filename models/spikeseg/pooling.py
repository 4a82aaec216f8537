"""Max pooling of spikes that remembers where each maximum stood."""

from dataclasses import dataclass

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
