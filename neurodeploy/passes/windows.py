"""Convolutions, poolings and scalings of channels that follow each other, as the one convolution that they are.

A window over windows reads one larger window: what a pooling of 2 and a convolution of 5 behind it read is a window of
10 that moves on by 2. That holds where padding between the two stands for zeros that the first would have left there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, prod
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.shapes import Shape, conv_padding
from neurodeploy.window import per_axis, window_output

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """A convolution over ``(channels, *size)``: ``weights`` are ``(C_out, C_in / groups, *kernel)``."""

    weights: Array
    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int

    @property
    def kernel(self) -> Shape:
        """The size of the window, one number per axis."""
        return self.weights.shape[2:]


def one_window(nodes: Sequence[Any], shape: Shape) -> Window | None:
    """The linear part of ``nodes``, one behind the other on a map of ``shape``, as one window; None without one."""
    if len(shape) not in (2, 3):
        return None
    joined, size = None, shape
    for node in nodes:
        window = _window_of(node, size)
        if window is None:
            return None
        joined = window if joined is None else _joined(joined, window, shape[1:], size[1:])
        if joined is None:
            return None
        size = (window.weights.shape[0], *_size_after(window, size[1:]))
    return joined


def _window_of(node: Any, shape: Shape) -> Window | None:
    """The window of one node on a map of ``shape``."""
    channels, axes = shape[0], len(shape) - 1
    ones = (1,) * axes
    if isinstance(node, nir.Conv1d | nir.Conv2d) and node.weight.ndim == axes + 2:
        weights, padding = np.asarray(node.weight, np.float64), conv_padding(node)
        return Window(weights, per_axis(node.stride, axes), padding, per_axis(node.dilation, axes), int(node.groups))
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d) and axes == 2:
        kernel = per_axis(node.kernel_size)
        value = 1.0 / (prod(kernel) if isinstance(node, nir.AvgPool2d) else 1)
        weights = np.full((channels, 1, *kernel), value)
        return Window(weights, per_axis(node.stride), per_axis(node.padding), ones, channels)
    if isinstance(node, nir.Scale):
        factors = np.broadcast_to(np.asarray(node.scale, np.float64), shape).reshape(channels, -1)
        if np.all(factors == factors[:, :1]):
            return Window(factors[:, :1].reshape(channels, 1, *ones), ones, (0,) * axes, ones, channels)
    return None


def _size_after(window: Window, size: Shape) -> Shape:
    return window_output(size, window.kernel, window.stride, window.padding, window.dilation)


def _joined(first: Window, then: Window, size: Shape, between: Shape) -> Window | None:
    """``then`` behind ``first``; ``size``: of the map that ``first`` reads, ``between``: of the one it leaves."""
    if not all(_border_is_silent(first, then, axis, size[axis], between[axis]) for axis in range(len(size))):
        return None
    groups = gcd(first.groups, then.groups)
    before, after = _in_groups(first, groups), _in_groups(then, groups)
    # How far apart, in what the first window reads, two neighbors of the second window are.
    apart = tuple(s * d for s, d in zip(first.stride, then.dilation, strict=True))
    reach = tuple(d * (k - 1) for d, k in zip(first.dilation, first.kernel, strict=True))
    kernel = tuple(a * (k - 1) + r + 1 for a, k, r in zip(apart, then.kernel, reach, strict=True))
    weights = np.zeros((groups, after.shape[1], before.shape[2], *kernel))
    for at in np.ndindex(*then.kernel):
        part = np.einsum("gom,gmc...->goc...", after[(..., *at)], before)
        starts = [a * i for a, i in zip(apart, at, strict=True)]
        region = [slice(s, s + r + 1, d) for s, r, d in zip(starts, reach, first.dilation, strict=True)]
        weights[(..., *region)] += part
    return Window(
        weights.reshape(-1, before.shape[2], *kernel),
        tuple(a * b for a, b in zip(first.stride, then.stride, strict=True)),
        tuple(p + s * q for p, s, q in zip(first.padding, first.stride, then.padding, strict=True)),
        (1,) * len(kernel),
        groups,
    )


def _border_is_silent(first: Window, then: Window, axis: int, size: int, between: int) -> bool:
    """Whether every place beside the map between the two, which ``then`` reads as zero, would be zero by ``first``."""
    outputs = window_output((between,), *((v[axis],) for v in (then.kernel, then.stride, then.padding, then.dilation)))
    starts = np.arange(outputs[0]) * then.stride[axis] - then.padding[axis]
    read = np.add.outer(starts, np.arange(then.kernel[axis]) * then.dilation[axis])
    beside = read[(read < 0) | (read >= between)]
    places = np.add.outer(
        beside * first.stride[axis] - first.padding[axis], np.arange(first.kernel[axis]) * first.dilation[axis]
    )
    return not np.any((places >= 0) & (places < size))


def _in_groups(window: Window, groups: int) -> Array:
    """The weights as ``(groups, C_out / groups, C_in / groups, *kernel)``; ``groups`` divides those of the window."""
    parts = window.groups // groups
    outputs, inputs = window.weights.shape[0] // window.groups, window.weights.shape[1]
    weights = np.zeros((groups, parts, outputs, parts, inputs, *window.kernel))
    for part in range(parts):
        weights[:, part, :, part] = window.weights.reshape(groups, parts, outputs, inputs, *window.kernel)[:, part]
    return weights.reshape(groups, parts * outputs, parts * inputs, *window.kernel)
