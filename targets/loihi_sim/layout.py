"""How a population's neurons lie in Lava: flat, or as (W, H, C) where a convolution touches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program import Program, Projection
from neurodeploy.window import on_plane, window_output

Space = tuple[int, int, int]


@dataclass(frozen=True)
class Layout:
    """The Program's ``shape`` and, for neurons that a convolution touches, the (C, H, W) that shape stands for."""

    shape: tuple[int, ...]
    space: Space | None = None

    @property
    def lava_shape(self) -> tuple[int, ...]:
        """The shape of the Lava process."""
        return (prod(self.shape),) if self.space is None else self.space[::-1]

    def to_lava(self, array: NDArray[Any]) -> NDArray[Any]:
        """``(..., *shape)`` as ``(..., *lava_shape)``."""
        outer = array.shape[: array.ndim - len(self.shape)]
        if self.space is None:
            return array.reshape(*outer, prod(self.shape))
        return np.moveaxis(array.reshape(*outer, *self.space), (-3, -1), (-1, -3))

    def to_program(self, array: NDArray[Any]) -> NDArray[Any]:
        """``(..., *lava_shape)`` as ``(..., *shape)``."""
        outer = array.shape[: array.ndim - len(self.lava_shape)]
        if self.space is not None:
            array = np.moveaxis(array, (-3, -1), (-1, -3))
        return array.reshape(*outer, *self.shape)

    def order(self) -> NDArray[np.int64]:
        """Program index of each neuron, in the row-major order of the Lava process."""
        return self.to_lava(np.arange(prod(self.shape)).reshape(self.shape)).reshape(-1)


def is_convolution(projection: Projection) -> bool:
    """Whether a projection becomes a Lava ``Conv``."""
    return projection.kind in ("conv1d", "conv2d", "sum-pool")


def as_space(shape: tuple[int, ...], axes: int) -> Space | None:
    """(C, H, W) of a shape with one or two space axes, or None when it has not that many."""
    if len(shape) != axes + 1:
        return None
    return (shape[0], 1, shape[1]) if axes == 1 else (shape[0], shape[1], shape[2])


def spaces(program: Program, projection: Projection) -> tuple[Space, Space] | None:
    """(C, H, W) before and after a convolution, or None when shapes do not fit it."""
    axes = 1 if projection.kind == "conv1d" else 2
    before = as_space(program.node(projection.source).shape, axes)
    if before is None:
        return None
    kernel = projection.weights.shape[-axes:]
    parameters = (kernel, projection.stride, projection.padding, projection.dilation)
    if any(len(attribute) != axes for attribute in parameters):
        return None
    after = window_output(
        before[1:], *(on_plane(attribute, n) for attribute, n in zip(parameters, (1, 1, 0, 1), strict=True))
    )
    channels = before[0] if projection.kind == "sum-pool" else projection.weights.shape[0]
    fits = prod(after) * channels == prod(program.node(projection.target).shape) and min(after) > 0
    if projection.kind != "sum-pool":
        fits = fits and projection.weights.shape[1] * projection.groups == before[0]
    return (before, (channels, after[0], after[1])) if fits else None


def wanted_spaces(program: Program) -> dict[str, set[Space]]:
    """For each node, every (C, H, W) as which some convolution reads or writes it."""
    stated: dict[str, set[Space]] = {name: set() for name in (*program.input_by_name, *program.by_name)}
    for projection in filter(is_convolution, program.projections):
        ends = spaces(program, projection)
        if ends is not None:
            stated[projection.source].add(ends[0])
            stated[projection.target].add(ends[1])
    return stated


def layouts(program: Program) -> Mapping[str, Layout]:
    """The layout of every node. The rules, not this function, refuse a node that needs two."""
    return {
        name: Layout(program.node(name).shape, min(stated) if stated else None)
        for name, stated in wanted_spaces(program).items()
    }
