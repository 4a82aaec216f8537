"""What a network is shown or sends, as images: a frame for a step, or a row for a neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.errors import InputError
from neurodeploy.plot.canvas import empty, panels

FRAMES = 8
"""Frames that are drawn when no steps are named."""
LARGEST_NUMBERED = 10
"""Sides up to which every cell shows its number."""


def frames(values: ArrayLike, *, title: str, unit: str, steps: Sequence[int] | None = None) -> Any:
    """The values of one sample, step by step, with a bar that tells what a shade means.

    Args:
        values: ``(T, H, W)`` or ``(T, C, H, W)``, whose channels are added up; ``(T, N)`` is one image, a row for a
            neuron and a column for a step.
        title: what is drawn; ``unit``: what a shade counts.
        steps: those that are drawn; by default eight, evenly spread.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for other shapes and steps that are not there.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> images = stimulus["input"]
        >>> nd.plot.frames(images[0], title="a digit", unit="pixel value")
    """
    array = np.asarray(values, np.float64)
    if array.ndim not in (2, 3, 4) or not array.size:
        raise InputError(
            f"has shape {array.shape}", "nd.plot.frames", "give one sample: (T, N), (T, H, W), (T, C, H, W)"
        )
    if array.ndim == 2:
        return _image(array.T, title, unit)
    planes = array.sum(1) if array.ndim == 4 else array
    count = len(planes)
    chosen = np.unique(np.linspace(0, count - 1, min(count, FRAMES)).astype(int)) if steps is None else list(steps)
    if not all(0 <= step < count for step in chosen):
        raise InputError(f"there is no step {max(chosen)}", "nd.plot.frames", f"it has {count} steps, from 0")
    drawn = planes[chosen]
    names = [f"step {step}" for step in chosen] if count > 1 else [""]
    figure = tiles("frames", drawn, names, title, unit)
    figure.alt = f"{title}: {len(drawn)} frames of {planes.shape[1]} by {planes.shape[2]}; {unit} {_span(drawn)}"
    return figure


def tiles(name: str, planes: NDArray[Any], names: Sequence[str], title: str, unit: str) -> Any:
    """Images of one scale in rows of eight, of two signs around white where some values are negative."""
    count, columns = len(planes), min(8, len(planes))
    side = 1.35 if count > 2 else 2.6
    figure = empty(name, max(4.5, side * columns + 1.2), (side + 0.25) * -(-count // columns) + 0.5)
    top = float(np.abs(planes).max()) or 1.0
    signed = bool((planes < 0).any())
    shade = {"cmap": "PuOr", "vmin": -top, "vmax": top} if signed else {"cmap": "Greys", "vmin": 0, "vmax": top}
    axes = panels(figure, count, columns)
    image = None
    for place, plane, label in zip(axes, planes, names, strict=True):
        image = place.imshow(plane, interpolation="nearest", **shade)
        place.set_title(label, fontsize="small")
        place.set(xticks=[], yticks=[])
        if max(plane.shape) <= LARGEST_NUMBERED and np.all(plane == np.round(plane)):
            _numbers(place, plane, top, 5 if max(plane.shape) > 6 else 6)
    figure.colorbar(image, ax=axes, label=unit, shrink=0.9)
    figure.suptitle(title)
    return figure


def _numbers(axes: Any, plane: NDArray[Any], top: float, size: int) -> None:
    for (row, column), value in np.ndenumerate(plane):
        color = "white" if abs(value) > 0.55 * top else "black"
        axes.text(column, row, f"{value:g}", ha="center", va="center", fontsize=size, color=color)


def _image(rows: NDArray[Any], title: str, unit: str) -> Any:
    figure = empty("frames", 8, 3.2)
    axes = figure.add_subplot()
    image = axes.imshow(rows, aspect="auto", cmap="Greys", interpolation="nearest")
    figure.colorbar(image, ax=axes, label=unit)
    axes.set(title=title, xlabel="step", ylabel="neuron")
    figure.alt = f"{title}: {rows.shape[0]} neurons over {rows.shape[1]} steps; {unit} {_span(rows)}"
    return figure


def _span(values: NDArray[Any]) -> str:
    return f"from {values.min():.3g} to {values.max():.3g}"
