"""Dense layers and convolutions of PyTorch, with a batch normalization folded in, as NIR nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.framework import need, numbers
from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.fold import fold_batch_norm

Array = NDArray[np.float64]
Sources = str | tuple[str, ...]


def add_weighted(build: NetworkBuilder, name: str, sources: Sources, layer: Any, norm: Any = None) -> str:
    """Append a Linear, Conv1d or Conv2d. Raises RefusedError for padding that has no exact form."""
    weight, bias = numbers(layer.weight), None if layer.bias is None else numbers(layer.bias)
    if norm is not None:
        weight, bias = _fold(name, weight, bias, norm)
    if weight.ndim == 2:
        return build.linear(name, sources, weight, bias)
    if layer.padding_mode != "zeros":
        raise RefusedError(f"padding mode {layer.padding_mode}", f"layer {name}", "use zero padding")
    padding = layer.padding
    if isinstance(padding, str):
        weight, padding = (weight, 0) if padding == "valid" else _same(name, weight, layer.dilation)
    return build.conv(name, sources, weight, bias, layer.stride, padding, layer.dilation, layer.groups)


def _fold(name: str, weight: Array, bias: Array | None, norm: Any) -> tuple[Array, Array]:
    return fold_batch_norm(weight, bias, *_statistics(name, norm), norm.eps)


def batch_norm(name: str, norm: Any, channels: int) -> tuple[Array, Array]:
    """Factor and offset of every channel by which a batch normalization evaluates."""
    return fold_batch_norm(np.ones(channels), None, *_statistics(name, norm), norm.eps)


def _statistics(name: str, norm: Any) -> tuple[Array, Array, Array, Array]:
    """Gain, offset, mean and variance. Raises RefusedError where the latter two are those of the batch itself."""
    if norm.running_mean is None:
        raise RefusedError("its batch norm keeps no running statistics", f"layer {name}", "train with them")
    mean, variance = numbers(norm.running_mean), numbers(norm.running_var)
    gamma = numbers(norm.weight) if norm.affine else np.ones_like(mean)
    beta = numbers(norm.bias) if norm.affine else np.zeros_like(mean)
    return gamma, beta, mean, variance


def _same(name: str, weight: Array, dilation: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """Kernel and symmetric padding of ``same``. Where the kernel's reach is odd PyTorch pads one more at the end.

    There the kernel gets a row of zeros in front, so that both sides are padded alike.
    """
    reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    odd = [length % 2 for length in reach]
    fault = "padding 'same' with a dilated kernel of even size pads one side more than the other"
    need(all(d == 1 or not o for d, o in zip(dilation, odd, strict=True)), name, fault, "use an odd kernel")
    return np.pad(weight, [(0, 0), (0, 0), *((o, 0) for o in odd)]), tuple(
        (r + o) // 2 for r, o in zip(reach, odd, strict=True)
    )
