"""What all pictures share: an empty figure, its panels, and colors that color-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodeploy.picture import new_picture

EXPECTED, ACTUAL, OTHER, BOTH = "#0b62c4", "#c2410c", "#8b2fb0", "#5b6675"
"""Only the expected side, only the actual one, other values, both the same."""
LINES = (EXPECTED, ACTUAL, "#2a7f62", OTHER, "#6b5600", BOTH)
"""Of curves and groups, in their order; each has 4.5 to 1 against white, and a mark of its own beside it."""
MARKS = ("o", "s", "^", "D", "v", "P")
STATES: Mapping[str, str] = {
    "equal": "#1a7f45",
    "within": "#8a5a00",
    "inherited": "#8a5a00",
    "silent": "#8a5a00",
    "differs": "#b3261e",
}
"""By state of a node, the color of its frame."""


def empty(name: str, width: float, height: float) -> Any:
    """A figure of that many inches. Raises UnavailableError where matplotlib is not installed."""
    return new_picture(width, height, f"nd.plot.{name}")


def panels(figure: Any, count: int, columns: int, **how: Any) -> list[Any]:
    """``count`` axes of a figure, ``columns`` in a row; places that are left over stay empty."""
    axes = list(figure.subplots(-(-count // columns), min(columns, count), squeeze=False, **how).flat)
    for unused in axes[count:]:
        unused.set_axis_off()
    return axes[:count]


def plain(axes: Any) -> Any:
    """The same axes without their upper and right border."""
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def tick_places(count: int, most: int = 8) -> Any:
    """Some of ``count`` places, first and last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
