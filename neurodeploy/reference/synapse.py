"""What a projection adds to its target for one step of messages."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import overflow, shift_sum
from neurodeploy.window import Shape, window_output

IntArray = NDArray[np.int64]
CELLS = 1 << 17
"""Numbers that are copied at once for a convolution; those of at least one sample are."""


def convolve(
    x: NDArray[Any],
    weights: NDArray[Any],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> NDArray[Any]:
    """Cross-correlation as torch defines it.

    ``x`` is ``(B, C, *space)``, ``weights`` ``(C_out, C / groups, *kernel)``; zero padding. Works on any dtype.

    A column holds what the taps of one row of a kernel meet. So a row of all kernels is one product with the columns
    of the rows of the map that it lies on, and the products of all rows add up. Where a row has few taps beside the
    sums that it makes, the whole kernel is taken for one row, of a map of height 1.
    """
    outs, each, kernel = len(weights) // groups, weights.shape[1], weights.shape[2:]
    size = space = window_output(x.shape[2:], weights.shape[2:], stride, padding, dilation)
    maps = _padded(x, padding)
    maps = maps.reshape(len(x), groups, each, *maps.shape[2:])
    if each * prod(kernel[1:]) < 4 * outs:
        maps, kernel, space = maps[:, :, :, None], (1, *kernel), (1, *space)
        stride, dilation = (1, *stride), (1, *dilation)
    rows = np.moveaxis(weights.reshape(groups, outs, each, *kernel), 3, 0)
    rows = rows.reshape(kernel[0], groups, outs, -1)
    out = np.zeros((len(x), groups, outs, prod(space)), np.result_type(x, weights))
    some = max(1, CELLS // max(1, groups * rows.shape[3] * maps.shape[3] * prod(space[1:])))
    for first in range(0, len(x), some):
        part = slice(first, first + some)
        columns = _columns(maps[part], kernel[1:], space[1:], stride[1:], dilation[1:])
        for place, row in enumerate(rows):
            met = columns[:, :, :, _along(place, space[0], stride[0], dilation[0])]
            out[part] += row @ met.reshape(*met.shape[:3], -1)
    return out.reshape(len(x), len(weights), *size)


def _columns(maps: NDArray[Any], taps: Shape, space: Shape, stride: Shape, dilation: Shape) -> NDArray[Any]:
    """What each tap of a row of a kernel meets in every row of ``maps``, at each of its ``space`` places along it.

    ``(B, groups, channels * taps, height, *space)`` of ``(B, groups, channels, height, *width)``.
    """
    columns = np.empty((*maps.shape[:3], *taps, maps.shape[3], *space), maps.dtype)
    for tap in np.ndindex(*taps):
        met = (_along(*axis) for axis in zip(tap, space, stride, dilation, strict=True))
        columns[:, :, :, *tap] = maps[:, :, :, :, *met]
    return columns.reshape(*maps.shape[:2], -1, maps.shape[3], *space)


def _along(tap: int, places: int, stride: int, dilation: int) -> slice:
    """What a tap meets along an axis, for every place of its kernel."""
    first = dilation * tap
    return slice(first, first + stride * (places - 1) + 1, stride)


def convolve_sent(
    x: NDArray[Any], weights: NDArray[Any], stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> NDArray[Any]:
    """``convolve`` of the same arguments, ``x`` in the type of ``weights``, that leaves out where nothing was sent.

    Of samples without messages the sums are 0; so are those of groups without any, and channels add nothing.
    """
    sent = (x.reshape(len(x), x.shape[1], -1) != 0).any(axis=2)
    samples = np.flatnonzero(sent.any(axis=1))
    used = sent.any(axis=0).reshape(groups, -1)
    if len(samples) == len(x) and used.all():
        return convolve(x.astype(weights.dtype, copy=False), weights, stride, padding, dilation, groups)
    ours, channels = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    space = window_output(x.shape[2:], weights.shape[2:], stride, padding, dilation)
    out = np.zeros((len(x), groups, len(weights) // groups, *space), weights.dtype)
    if len(samples):
        maps = x.reshape(len(x), *used.shape, *x.shape[2:])[np.ix_(samples, ours, channels)]
        kernels = weights.reshape(groups, -1, *weights.shape[1:])[np.ix_(ours, np.arange(out.shape[2]), channels)]
        maps, kernels = maps.reshape(len(maps), -1, *x.shape[2:]), kernels.reshape(-1, *kernels.shape[2:])
        sums = convolve(maps.astype(weights.dtype), kernels, stride, padding, dilation, len(ours))
        out[np.ix_(samples, ours)] = sums.reshape(len(samples), len(ours), *out.shape[2:])
    return out.reshape(len(x), len(weights), *space)


def _padded(x: NDArray[Any], padding: tuple[int, ...]) -> NDArray[Any]:
    """Zeros around every map."""
    if not any(padding):
        return x
    lead, space = x.shape[:2], x.shape[2:]
    padded = np.zeros((*lead, *(n + 2 * p for n, p in zip(space, padding, strict=True))), x.dtype)
    padded[:, :, *(slice(p, p + n) for n, p in zip(space, padding, strict=True))] = x
    return padded


def messages(projection: Projection, sent: NDArray[Any]) -> NDArray[Any]:
    """What arrives at the synapses: one bit per message, or its value; integers of the type that was sent."""
    return (sent != 0).astype(sent.dtype) if projection.message_bits == 1 else sent


def accumulate(projection: Projection, sent: IntArray, target_shape: tuple[int, ...], numerics: Numerics) -> IntArray:
    """Summed weights times messages, shifted: ``(B, *target_shape)`` for ``sent`` of ``(B, *source shape)``.

    A convolution's shift stands in its weights (Lava's Conv has no exponent), so its own width applies after it.
    """
    return delivered(projection, weighted_sum(projection, sent), numerics).reshape(len(sent), *target_shape)


def delivered(projection: Projection, total: IntArray, numerics: Numerics) -> IntArray:
    """What weighted sums, of any shape, become by the projection's shift and the machine's widths."""
    if projection.kind in ("dense", "sparse"):
        total = shift_sum(overflow(total, numerics.wide_bits, numerics.wide_overflow), projection.shift)
        return overflow(total, numerics.wide_bits, numerics.wide_overflow)
    return overflow(shift_sum(total, projection.shift), numerics.conv_bits, numerics.wide_overflow)


def add_events(current: IntArray, projection: Projection, sent: IntArray, numerics: Numerics) -> IntArray:
    """``current``, ``(B, *target shape)``, after the spikes of one step, added one by one, source by source.

    A source's spikes share one weight, so that clipping after each ends where clipping after all of them does.
    """
    message = messages(projection, sent).reshape(len(sent), -1)
    weights = shift_sum(projection.weights, projection.shift)
    total = current.reshape(len(sent), -1)
    for source in np.flatnonzero(message.any(axis=0)):
        added = message[:, source, None] * weights[None, :, source]
        total = overflow(total + added, numerics.current_bits, numerics.current_overflow)
    return total.reshape(current.shape)


def weighted_sum(projection: Projection, sent: IntArray) -> IntArray:
    """Weights times messages, before any shift and width; flat per sample for ``dense`` and ``sparse``."""
    message = messages(projection, sent)
    if projection.kind in ("dense", "sparse"):
        return integer_matmul(message.reshape(len(message), -1), projection.weights.T)
    return convolution_sum(projection, message)


def integer_matmul(a: NDArray[Any], b: NDArray[Any]) -> IntArray:
    """Exact product of integer matrices, of any types."""
    kind = _exact(a, b, a.shape[-1])
    return (a.astype(kind) @ b.astype(kind)).astype(np.int64)


def _exact(a: NDArray[Any], b: NDArray[Any], terms: int) -> type[np.float32 | np.float64 | np.int64]:
    """The fastest type in which sums of so many products are exact: floats where they hold every partial sum."""
    bound = float(_largest(a)) * float(_largest(b)) * terms
    return np.float32 if bound < 2**24 else np.float64 if bound < 2**53 else np.int64


def _largest(a: NDArray[Any]) -> int:
    """The largest magnitude of integers of any type."""
    return max(int(a.max(initial=0)), -int(a.min(initial=0)))


def convolution_sum(projection: Projection, message: IntArray) -> IntArray:
    """The sums of a convolution or of a pooling by sums, before any width applies."""
    weights, groups = projection.weights, projection.groups
    if projection.kind == "sum-pool":
        groups = message.shape[1]
        weights = np.broadcast_to(weights, (groups, 1, *weights.shape))
    exact = _exact(message, weights, int(np.prod(weights.shape[1:])))
    out = convolve_sent(
        message.astype(exact),
        weights.astype(exact),
        projection.stride,
        projection.padding,
        projection.dilation,
        groups,
    )
    return out.astype(np.int64)
