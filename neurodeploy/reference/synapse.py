"""What a projection adds to its target for one step of messages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import overflow, shift_sum

IntArray = NDArray[np.int64]


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
    """
    space = weights.ndim - 2
    axes = tuple(range(2, 2 + space))
    x = _padded(x, padding)
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, weights.shape[2:], strict=True))
    windows = sliding_window_view(x, reach, axis=axes)  # type: ignore[call-overload]
    every = (
        slice(None),
        slice(None),
        *(slice(None, None, s) for s in stride),
        *(slice(None, None, d) for d in dilation),
    )
    windows = windows[every]
    batch, channels = x.shape[:2]
    out_space = windows.shape[2 : 2 + space]
    taps = int(np.prod(weights.shape[1:]))
    grouped = windows.reshape(batch, groups, channels // groups, *windows.shape[2:])
    order = (1, 0, *range(3, 3 + space), 2, *range(3 + space, 3 + 2 * space))
    columns = grouped.transpose(order).reshape(groups, -1, taps)
    kernels = weights.reshape(groups, weights.shape[0] // groups, taps)
    out = columns @ kernels.transpose(0, 2, 1)
    out = out.reshape(groups, batch, *out_space, -1)
    out = np.moveaxis(out, -1, 2)
    return np.moveaxis(out, 0, 1).reshape(batch, weights.shape[0], *out_space)


def convolve_sent(x: NDArray[Any], *how: Any) -> NDArray[Any]:
    """``convolve`` of the same arguments that leaves out samples in which nothing was sent: their sums are 0."""
    spoke = np.flatnonzero(x.reshape(len(x), -1).any(axis=1))
    if len(spoke) == len(x):
        return convolve(x, *how)
    spoke = spoke if spoke.size else np.arange(1)
    sums = convolve(x[spoke], *how)
    out = np.zeros((len(x), *sums.shape[1:]), sums.dtype)
    out[spoke] = sums
    return out


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
