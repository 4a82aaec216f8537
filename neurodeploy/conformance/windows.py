"""Shapes of convolutions and poolings."""

from __future__ import annotations

from dataclasses import dataclass

from neurodeploy.conformance.draw import Draw
from neurodeploy.window import outputs_along, window_output

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """Kernel, stride, padding and dilation, one value per spatial axis, and the number of groups."""

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int = 1

    def output(self, space: Shape) -> Shape:
        """Spatial output shape; not positive where the kernel does not fit."""
        return window_output(space, self.kernel, self.stride, self.padding, self.dilation)


def draw_window(draw: Draw, channels_in: int, channels_out: int, space: Shape) -> Window:
    """A convolution over ``space`` that leaves at least one cell."""
    divisors = [g for g in (2, 3, 4) if channels_in % g == 0 and channels_out % g == 0]
    groups = draw.pick(divisors) if divisors and draw.chance(0.5) else 1
    while True:
        square = draw.chance(0.7)
        axes = [_draw_axis(draw) for _ in space]
        axes = [axes[0]] * len(space) if square else axes
        kernel, stride, padding, dilation = (tuple(column) for column in zip(*axes, strict=True))
        window = Window(kernel, stride, padding, dilation, groups)
        if all(1 <= n <= 8 for n in window.output(space)):
            return window


def _draw_axis(draw: Draw) -> Shape:
    kernel = draw.weighted({1: 1, 2: 2, 3: 5, 4: 1, 5: 1})
    stride = draw.weighted({1: 5, 2: 3, 3: 1})
    return kernel, stride, draw.between(0, kernel // 2), draw.weighted({1: 3, 2: 1})


def draw_pool(draw: Draw, space: Shape) -> Window:
    """A pooling by sums."""
    size = draw.weighted({2: 4, 3: 1})
    stride = draw.pick((size, size, 2, 1))
    padding = draw.pick((0, 0, 1))
    ones = tuple(1 for _ in space)
    window = Window((size,) * len(space), (stride,) * len(space), (padding,) * len(space), ones)
    return window if all(1 <= n <= 8 for n in window.output(space)) else Window(ones, ones, (0,) * len(space), ones)


def fit_window(draw: Draw, source: Shape, target: Shape) -> Window | None:
    """A convolution between two given spatial shapes, where one with a kernel up to 5 exists."""
    axes = [_fitting(n, m) for n, m in zip(source, target, strict=True)]
    if not all(axes):
        return None
    kernel, stride, padding = (tuple(column) for column in zip(*(draw.pick(axis) for axis in axes), strict=True))
    return Window(kernel, stride, padding, tuple(1 for _ in source))


def _fitting(n: int, m: int) -> list[Shape]:
    return [
        (kernel, stride, padding)
        for kernel in range(1, 6)
        for stride in range(1, 5)
        for padding in range(kernel // 2 + 1)
        if n + 2 * padding >= kernel and outputs_along(n, kernel, stride, padding) == m
    ]
