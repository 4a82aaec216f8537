"""Memoryless nodes as functions that write what they send, their weights made ready once."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.floats.parts import COPIED, DENSE, WINDOW, Work
from neurodeploy.floats.rows import Row, aligned
from neurodeploy.network.shapes import conv_padding
from neurodeploy.reference.linear import bias_of
from neurodeploy.window import per_axis

Array = NDArray[np.float64]
FOREVER = 1 << 62


def operator(node: Any, batch: int, arriving: tuple[int, ...], sent: tuple[int, ...]) -> Work | None:
    """What a node does that gets ``arriving`` and sends ``sent``, shapes of a sample; None where no kernel does it."""
    if isinstance(node, nir.Affine | nir.Linear):
        return _dense(node, batch * prod(arriving[:-1]))
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        axes = node.weight.ndim - 2
        window = per_axis(node.stride, axes), conv_padding(node), per_axis(node.dilation, axes)
        return _window(node.weight, bias_of(node), int(node.groups), window, batch, arriving, sent)
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d):
        kernel, channels = per_axis(node.kernel_size), arriving[0]
        value = 1.0 if isinstance(node, nir.SumPool2d) else 1.0 / (kernel[0] * kernel[1])
        window = per_axis(node.stride), per_axis(node.padding), (1, 1)
        weights = np.full((channels, 1, *kernel), value)
        return _window(weights, np.zeros(channels), channels, window, batch, arriving, sent)
    return Work(COPIED, still=True) if isinstance(node, nir.Flatten | nir.Input | nir.Output) else None


def _dense(node: Any, rows: int) -> Work:
    weights, bias = Row.of(np.asarray(node.weight, np.float64).T), Row.of(bias_of(node))
    return Work(
        DENSE, (weights.address, bias.address), (rows, *weights.array.shape), not np.any(bias.array), (weights, bias)
    )


def _window(
    weight: Any,
    bias: Array,
    groups: int,
    window: tuple[tuple[int, ...], ...],
    batch: int,
    arriving: tuple[int, ...],
    sent: tuple[int, ...],
) -> Work:
    """A convolution or a pooling; one axis is a plane of height 1. ``window``: stride, padding and dilation."""
    weights, added = Row.of(np.asarray(weight, np.float64)), Row.of(np.asarray(bias, np.float64))
    turned = _turned(weights.array.reshape(*weights.array.shape[:2], -1, weights.array.shape[-1]), groups)
    plane = (1,) * (len(arriving) == 2)
    stride, padding, dilation = window
    size = Size(
        *(arriving[0], sent[0], groups, *plane, *arriving[1:], *plane, *sent[1:], *plane, *weights.array.shape[2:]),
        *(*plane, *stride, *(0 for _ in plane), *padding, *plane, *dilation),
    )
    many = size.many if np.all(np.isfinite(weights.array)) else FOREVER
    spare = Row.of(aligned((size.room,)))
    about = Row.of(np.array([batch, *size, size.lines, size.pitch, many], np.int64))
    held = weights, turned, added, spare, about
    return Work(WINDOW, tuple(row.address for row in held), (), not np.any(bias), held)


class Size(NamedTuple):
    """What an operator over windows adds up, in the order in which its kernel takes it.

    Channels in and out, their groups, height and width in and out, those of the kernel, then stride, padding and
    dilation of both axes.
    """

    into: int
    out: int
    groups: int
    height: int
    width: int
    high: int
    wide: int
    kh: int
    kw: int
    sh: int
    sw: int
    ph: int
    pw: int
    dh: int
    dw: int

    @property
    def lines(self) -> int:
        """Of a padded plane, with room for whole tiles of sums."""
        return -(-self.high // 4) * 4 + (self.kh - 1) * self.dh // self.sh

    @property
    def pitch(self) -> int:
        """From line to line of a padded plane."""
        return -(-self.wide // 8) * 8 + (self.kw - 1) * self.dw // self.sw

    @property
    def room(self) -> int:
        """Doubles that the kernel needs besides: planes with the places of taps, or a row of sums with messages."""
        planes = self.into * self.sh * self.sw * self.lines * self.pitch + self.kh * self.kw
        messages = self.into * self.height * (2 * self.width + 1) + 3
        return max(planes, self.wide * self.out // self.groups + messages)

    @property
    def many(self) -> int:
        """Messages of a sample above which it takes less time to add the products with all cells.

        By processor cycles as measured on one machine; sums do not depend on it.
        """
        each, share = self.into // self.groups, self.out // self.groups
        cells = -(-self.high // 4) * 4 * -(-self.wide // 8) * 8
        products = self.out * cells * each * self.kh * self.kw / 4.5
        searched = 0 if self.sw == self.dw == 1 else 10 * self.kw
        message = self.kh / self.sh * (12 + searched + 0.45 * self.kw * share / self.sw)
        return int(products / message)


def _turned(weights: Array, groups: int) -> Row:
    """``(out, in / groups, height, width)`` as ``(in, height, width from its end, out / groups)``."""
    by_group = weights.reshape(groups, -1, *weights.shape[1:])[..., ::-1]
    channels_last = np.moveaxis(by_group, 1, -1).reshape(-1, *weights.shape[2:], by_group.shape[1])
    turned = aligned(channels_last.shape)
    turned[...] = channels_last
    return Row.of(turned)
