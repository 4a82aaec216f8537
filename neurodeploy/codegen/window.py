"""The geometry of convolutions and poolings, one-dimensional ones as one row of a two-dimensional map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.program.projection import Projection
from neurodeploy.window import on_plane, window_output

IntArray = NDArray[np.int64]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Window:
    """A convolution or pooling; pairs are (height, width).

    - ``space``, ``out``: size of the source's and of the output's map; ``shape``: of the output, with channels.
    - ``weights``: (input channel, kernel row, kernel column, output channel of the group), or one kernel (row, column)
      for all channels of a pooling, which is ``shared``.
    """

    channels_in: int
    channels_out: int
    groups: int
    space: Pair
    out: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    weights: IntArray
    shared: bool
    shape: tuple[int, ...]

    @property
    def plain(self) -> bool:
        """Whether a message adds one contiguous run of weights to each row of outputs that it reaches."""
        return self.stride == (1, 1) and self.dilation == (1, 1) and self.groups == 1 and not self.shared


def window_of(projection: Projection, source: tuple[int, ...]) -> Window:
    """The window of a projection from a population of shape ``source``. Raises InputError where it does not fit."""
    pool, line = projection.kind == "sum-pool", projection.kind == "conv1d"
    where = f"projection {projection.name}"
    if len(source) != (2 if line else 3):
        raise InputError(f"a {projection.kind} cannot read a population of shape {source}", where, "reshape the source")
    channels, space = source[0], (1, source[1]) if line else (source[1], source[2])
    weights = projection.weights[:, :, None] if line else projection.weights
    kernel = weights.shape[-2], weights.shape[-1]
    stride, padding, dilation = (
        on_plane(values[: len(source) - 1], fill)
        for values, fill in ((projection.stride, 1), (projection.padding, 0), (projection.dilation, 1))
    )
    groups = channels if pool else projection.groups
    out_channels = channels if pool else weights.shape[0]
    if not pool and (weights.shape[1] * groups != channels or out_channels % groups):
        raise InputError(f"weights {weights.shape} do not fit {channels} channels in {groups} groups", where)
    rows, columns = window_output(space, kernel, stride, padding, dilation)
    if rows < 1 or columns < 1:
        raise InputError(f"a window of {kernel} does not fit {space}", where, "pad the source or shrink the kernel")
    if not pool:
        split = weights.reshape(groups, out_channels // groups, weights.shape[1], *kernel)
        weights = split.transpose(0, 2, 3, 4, 1)
    shape = (out_channels, columns) if line else (out_channels, rows, columns)
    flat = np.ascontiguousarray(weights)
    return Window(
        channels, out_channels, groups, space, (rows, columns), kernel, stride, padding, dilation, flat, pool, shape
    )


def window_matrix(window: Window, size: int) -> IntArray:
    """The same synapses as a matrix (outputs, inputs), both row-major over (channels, rows, columns).

    ``size``: neurons of the target. Raises InputError where the window gives another number of outputs.
    """
    (rows, columns), (height, width) = window.out, window.space
    if window.channels_out * rows * columns != size:
        raise InputError(f"a window that gives {window.shape} feeds a population of {size} neurons", "projection")
    per_in, per_out = window.channels_in // window.groups, window.channels_out // window.groups
    split = window.weights if window.shared else window.weights.reshape(window.channels_in, *window.kernel, per_out)
    dense = np.zeros((window.channels_out, rows, columns, window.channels_in, height, width), dtype=np.int64)
    for c in range(window.channels_in):
        first = c // per_in * per_out
        for out in range(per_out):
            kernel = split if window.shared else split[c, :, :, out]
            for (ky, kx), weight in np.ndenumerate(kernel):
                for oy in range(rows):
                    y = oy * window.stride[0] + ky * window.dilation[0] - window.padding[0]
                    x = np.arange(columns) * window.stride[1] + kx * window.dilation[1] - window.padding[1]
                    if 0 <= y < height:
                        inside = (x >= 0) & (x < width)
                        dense[first + out, oy, np.flatnonzero(inside), c, y, x[inside]] += weight
    return dense.reshape(size, -1)
