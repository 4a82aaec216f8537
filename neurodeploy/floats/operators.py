"""Memoryless nodes as functions that write what they send, their weights made ready once."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.floats.kernels import Kernels
from neurodeploy.floats.rows import Row
from neurodeploy.network.shapes import conv_padding
from neurodeploy.reference.linear import apply_linear, bias_of
from neurodeploy.window import per_axis

Array = NDArray[np.float64]
Operator = Callable[[Row, Row], None]
"""Takes what arrives, ``(B, *shape)``, and writes what is sent, ``(B, *shape)``."""


def operator(node: Any, library: Kernels, arriving: tuple[int, ...], sent: tuple[int, ...]) -> Operator:
    """The operator of a node that gets ``arriving`` and sends ``sent``, shapes of one sample."""
    if isinstance(node, nir.Affine | nir.Linear):
        return _dense(node, library)
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        axes = node.weight.ndim - 2
        window = per_axis(node.stride, axes), conv_padding(node), per_axis(node.dilation, axes)
        return _window(node.weight, bias_of(node), int(node.groups), window, library, arriving, sent)
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d):
        kernel, channels = per_axis(node.kernel_size), arriving[0]
        value = 1.0 if isinstance(node, nir.SumPool2d) else 1.0 / (kernel[0] * kernel[1])
        window = per_axis(node.stride), per_axis(node.padding), (1, 1)
        weights = np.full((channels, 1, *kernel), value)
        return _window(weights, np.zeros(channels), channels, window, library, arriving, sent)

    def plain(x: Row, out: Row) -> None:
        out.array[...] = apply_linear(node, x.array)

    return plain


def keeps_silence(node: Any) -> bool:
    """Whether it sends zeros, none of them negative, where zeros arrive."""
    weighs = isinstance(node, nir.Affine | nir.Linear | nir.Conv1d | nir.Conv2d)
    return isinstance(node, nir.SumPool2d | nir.AvgPool2d) or (weighs and not np.any(bias_of(node)))


def _dense(node: Any, library: Kernels) -> Operator:
    weights, bias = Row.of(np.asarray(node.weight, np.float64).T), Row.of(bias_of(node))
    inputs, outputs = weights.array.shape

    def dense(x: Row, out: Row) -> None:
        library.dense(x.address, out.address, weights.address, bias.address, x.array.size // inputs, inputs, outputs)

    return dense


def _window(
    weight: Any,
    bias: Array,
    groups: int,
    window: tuple[tuple[int, ...], ...],
    library: Kernels,
    arriving: tuple[int, ...],
    sent: tuple[int, ...],
) -> Operator:
    """A convolution or a pooling; one axis is a plane of height 1. ``window``: stride, padding and dilation."""
    weights, added = Row.of(np.asarray(weight, np.float64)), Row.of(np.asarray(bias, np.float64))
    turned = Row.of(_turned(weights.array.reshape(*weights.array.shape[:2], -1, weights.array.shape[-1]), groups))
    spare = Row.of(np.empty(sent))
    plane = (1,) * (len(arriving) == 2)
    stride, padding, dilation = window
    size = (
        *(arriving[0], sent[0], groups, *plane, *arriving[1:], *plane, *sent[1:], *plane, *weights.array.shape[2:]),
        *(*plane, *stride, *(0 for _ in plane), *padding, *plane, *dilation),
    )

    sizes = {1: (ctypes.c_int64 * (len(size) + 1))(1, *size)}

    def convolve(x: Row, out: Row) -> None:
        batch = len(x.array)
        if batch not in sizes:
            sizes[batch] = (ctypes.c_int64 * (len(size) + 1))(batch, *size)
        about = weights.address, turned.address, added.address, spare.address
        library.window(x.address, out.address, *about, sizes[batch])

    return convolve


def _turned(weights: Array, groups: int) -> Array:
    """``(out, in / groups, height, width)`` as ``(in, height, width from its end, out / groups)``."""
    by_group = weights.reshape(groups, -1, *weights.shape[1:])[..., ::-1]
    return np.moveaxis(by_group, 1, -1).reshape(-1, *weights.shape[2:], by_group.shape[1])
