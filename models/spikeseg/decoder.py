"""The decoder of SpikeSEG: class spikes back to the pixels, through tied weights and the encoder's pooling indices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hulk import backward, tied

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
THRESHOLD = 1.0
"""Of the two spiking layers of the decoder, which have no leak."""


class SaliencyDecoder:
    """``ConvT 7x7, LIF -> unpool -> ConvT 5x5, LIF -> unpool -> ConvT 5x5``: the encoder backwards, with its weights.

    The last layer does not spike: its real values are the saliency. Neurons have threshold 1, no leak and the clamp at
    zero; membranes and the delay are kept between calls until :meth:`reset`. Source: Kirkland et al., IJCNN 2020.
    """

    def __init__(self, kernels: Mapping[str, Array], delay: int = 1, decay: float = 0.9) -> None:
        """``kernels``: ``conv1, conv2, conv3``, (out, in, k, k). ``delay``: how many earlier inputs are added to one,
        the k-th last of them times ``decay`` to the k."""
        self.kernels = kernels
        self.delay = delay
        self.decay = decay
        self._earlier: list[Array] = []
        self._membrane: dict[str, Array] = {}

    @classmethod
    def of(cls, encoder: Any) -> SaliencyDecoder:
        """Tied to the weights of an encoder as they are now.

        Raises ValueError where a pool's stride is not its side: unpooling would put two values into one place.
        """
        for name in ("pool1", "pool2"):
            pool = getattr(encoder.config, name)
            if pool.kernel != pool.stride:
                raise ValueError(f"{name} has side {pool.kernel} and stride {pool.stride}; unpooling needs them equal")
        return cls(tied(encoder))

    def reset(self) -> None:
        """Forget membranes and earlier inputs."""
        self._earlier.clear()
        self._membrane.clear()

    def __call__(self, sent: Array, pool1: Indices, pool2: Indices, sizes: tuple[tuple[int, int], ...]) -> Array:
        """Saliency (C_in, H, W) of class spikes ``sent`` (classes, H', W'), summed over time.

        ``pool1``, ``pool2``: for each pooled place the flat index of its maximum, (C, H', W'); ``sizes``: (H, W) before
        either pool. Raises ValueError where indices do not fit the layers.
        """
        for layer, indices in (("conv3", pool2), ("conv2", pool1)):
            if len(indices) != self.kernels[layer].shape[1]:
                raise ValueError(f"indices of {len(indices)} maps for {self.kernels[layer].shape[1]} inputs of {layer}")
        values = self._delayed(np.asarray(sent, np.float64))
        values = unpool(self._fire("conv3", backward(self.kernels["conv3"], values, pool2.shape)), pool2, sizes[1])
        values = unpool(self._fire("conv2", backward(self.kernels["conv2"], values, pool1.shape)), pool1, sizes[0])
        return backward(self.kernels["conv1"], values, (self.kernels["conv1"].shape[1], *sizes[0]))

    def _delayed(self, sent: Array) -> Array:
        late = sum((self.decay**k * x for k, x in enumerate(reversed(self._earlier), 1)), np.zeros_like(sent))
        self._earlier = [*self._earlier, sent][-self.delay :] if self.delay else []
        return sent + late

    def _fire(self, layer: str, drive: Array) -> Array:
        before = np.maximum(self._membrane.get(layer, np.zeros_like(drive)) + drive, 0.0)
        spikes = before >= THRESHOLD
        self._membrane[layer] = np.where(spikes, 0.0, before)
        return spikes.astype(np.float64)


def unpool(values: Array, indices: Indices, size: tuple[int, int]) -> Array:
    """Values (C, H', W') at the places of their maxima in a plane of ``size``, zero elsewhere: (C, H, W)."""
    plane = np.zeros((len(values), size[0] * size[1]))
    np.put_along_axis(plane, indices.reshape(len(values), -1), values.reshape(len(values), -1), axis=1)
    return plane.reshape(len(values), *size)
