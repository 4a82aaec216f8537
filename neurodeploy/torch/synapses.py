"""A projection whose weights are learned: parameters that count levels of the machine's grid."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from neurodeploy.gradients import on_grid, straight
from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import WeightGrid, weight_grid
from neurodeploy.program.projection import Projection
from neurodeploy.torch.integers import overflow


def grid_of(weights: NDArray[np.int64], numerics: Numerics, bits: int) -> WeightGrid | None:
    """The grid on which a projection's integers lie, of ``bits`` bits and no wider than they need; None off the grids.

    The machine's own grid is tried after that of ``bits``.
    """
    narrow = range(max(numerics.weight_bits - bits, 0), -1, -1)
    for kept, unused in (*((bits, unused) for unused in narrow), (numerics.weight_bits, 0)):
        grid = weight_grid(weights, numerics, kept, unused)
        if weights.min() >= grid.low and weights.max() <= grid.high and not np.any(weights % grid.step):
            return grid
    return None


class Synapses(nn.Module):
    """Sums of integer weights times messages, in accumulator units.

    ``levels``: the weights, of the projection's layout, in levels of the grid; a parameter where they are learned and
    lie on a grid of the machine.
    Weights of a ``sparse`` projection that are 0 at the start stay 0.
    """

    levels: Tensor
    kept: Tensor

    def __init__(
        self,
        projection: Projection,
        shape: tuple[int, ...],
        numerics: Numerics,
        bits: int | None = None,
        learned: bool = False,
    ) -> None:
        super().__init__()
        self.projection, self.shape, self.numerics = projection, shape, numerics
        bits = numerics.weight_bits if bits is None else bits
        grid = grid_of(projection.weights, numerics, bits) if learned and projection.weights.size else None
        self.learned = grid is not None
        self.grid = grid or WeightGrid(1, 0, 0, signed=True)
        levels = torch.as_tensor(projection.weights, dtype=torch.float64) / self.grid.step
        if self.learned:
            self.levels = nn.Parameter(levels)
        else:
            self.register_buffer("levels", levels)
        kept = torch.as_tensor(projection.weights != 0) if projection.kind == "sparse" else torch.ones(())
        self.register_buffer("kept", kept.to(torch.float64), persistent=False)

    def integers(self) -> Tensor:
        """The weights before their shift, as float64."""
        step = float(self.grid.step)
        if not self.learned:
            return self.levels * step
        return on_grid(self.levels.double(), self.grid.low / step, self.grid.high / step) * step * self.kept

    def current(self) -> Projection:
        """The projection with the integers as they are now."""
        weights = self.integers().detach().cpu().numpy()
        return replace(self.projection, weights=weights.astype(np.int64))

    def forward(self, sent: Tensor, weights: Tensor) -> Tensor:
        """What arrives for the messages ``sent``, ``(N, *source shape)``: ``(N, *target shape)``."""
        p, n = self.projection, self.numerics
        if p.message_bits == 1:
            sent = straight((sent != 0).to(sent.dtype), sent)
        total = self._sum(sent, weights)
        with torch.no_grad():
            if p.kind in ("dense", "sparse"):
                exact = torch.floor(overflow(total, n.wide_bits, n.wide_overflow) * 2.0**p.shift)
                exact = overflow(exact, n.wide_bits, n.wide_overflow)
            else:
                exact = overflow(torch.floor(total * 2.0**p.shift), n.conv_bits, n.wide_overflow)
        return straight(exact, total * 2.0**p.shift).reshape(len(sent), *self.shape)

    def _sum(self, sent: Tensor, weights: Tensor) -> Tensor:
        p = self.projection
        if p.kind in ("dense", "sparse"):
            return functional.linear(sent.reshape(len(sent), -1), weights)
        if p.kind == "conv1d":
            return functional.conv1d(sent, weights, None, p.stride, p.padding, p.dilation, p.groups)
        groups = p.groups
        if p.kind == "sum-pool":
            groups = sent.shape[1]
            weights = weights.expand(groups, 1, *weights.shape)
        pair = cast(tuple[tuple[int, int], tuple[int, int], tuple[int, int]], (p.stride, p.padding, p.dilation))
        return functional.conv2d(sent, weights, None, *pair, groups)
