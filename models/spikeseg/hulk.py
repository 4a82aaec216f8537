"""HULK: which pixels made a spike of the last layer, unravelled layer by layer through what really fired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Activity:
    """What the layers sent in one step: bool (C, H, W) planes of ``lif1, lif2, lif3``, by these names.

    ``pool`` is the side of both pools, whose stride it is too. Raises ValueError where planes do not fit each other.
    """

    spikes: Mapping[str, Bits]
    pool: int = 2

    def __post_init__(self) -> None:
        sides = [self.spikes[name].shape[1:] for name in ("lif1", "lif2", "lif3")]
        for large, small in pairwise(sides):
            if tuple(side // self.pool for side in large) != tuple(small):
                raise ValueError(f"a pool of {self.pool}x{self.pool} makes no plane {small} of {large}")

    @cached_property
    def pools(self) -> Mapping[str, tuple[Bits, NDArray[np.int64]]]:
        """Of ``lif1`` and ``lif2`` what :func:`pooled` gives."""
        return {name: pooled(self.spikes[name], self.pool) for name in ("lif1", "lif2")}


def tied(encoder: Any) -> dict[str, Array]:
    """The weights of an encoder as they are now, by layer: (out, in, k, k)."""
    return {f"conv{n}": getattr(encoder, f"conv{n}").weight.detach().double().numpy() for n in (1, 2, 3)}


def pooled(plane: Bits, size: int) -> tuple[Bits, NDArray[np.int64]]:
    """A max pool of spikes (C, H, W) and the flat index in H x W of each window's first maximum, both (C, H', W')."""
    channels, height, width = plane.shape
    rows, columns = height // size, width // size
    cut = plane[:, : rows * size, : columns * size].reshape(channels, rows, size, columns, size)
    windows = cut.transpose(0, 1, 3, 2, 4).reshape(channels, rows, columns, size * size)
    first = windows.argmax(-1)
    row = np.arange(rows)[:, None] * size + first // size
    column = np.arange(columns) * size + first % size
    return np.asarray(windows.any(-1)), row * width + column


def unravel(kernels: Mapping[str, Array], step: Activity, sent: Array) -> tuple[Array, Bits]:
    """What weighted spikes ``sent`` (C, H', W') of the last layer in one step were made of.

    Each spike goes back through the encoder's own weights (``conv1, conv2, conv3``: (out, in, k, k)) to those pooled
    spikes of the same step that met a weight above 0, from each of them to the place its maximum stood, and on to the
    pixels. Linear in ``sent``; what did not fire passes nothing on.

    Returns:
        Saliency (C_in, H, W), and which feature maps of the three layers had a part in it, first to last.

    Source: Kirkland et al. 2022, "Hierarchical Unravelling of Linked Kernels".
    """
    values = sent
    part = [values.any((1, 2))]
    for layer, before in (("conv3", "lif2"), ("conv2", "lif1")):
        plane = step.spikes[before]
        active, places = step.pools[before]
        drive = backward(kernels[layer], values, active.shape) * active
        values = np.zeros(plane.shape)
        feature, row, column = np.nonzero(drive)
        values.reshape(len(plane), -1)[feature, places[feature, row, column]] = drive[feature, row, column]
        part.append(values.any((1, 2)))
    height, width = step.spikes["lif1"].shape[1:]
    return backward(kernels["conv1"], values, (kernels["conv1"].shape[1], height, width)), np.concatenate(part[::-1])


def backward(kernel: Array, values: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of a 'same' convolution: (out, H, W) to ``shape`` (in, H, W), of few values that are not 0."""
    half = kernel.shape[-1] // 2
    result = np.zeros((shape[0], shape[1] + 2 * half, shape[2] + 2 * half))
    for feature, row, column in zip(*np.nonzero(values), strict=True):
        window = result[:, row : row + kernel.shape[-1], column : column + kernel.shape[-1]]
        window += values[feature, row, column] * kernel[feature]
    return result[:, half : half + shape[1], half : half + shape[2]]
