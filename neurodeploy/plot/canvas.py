"""What all pictures share: an empty figure, and the colors of the report's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurodeploy.extras import need

EXPECTED, ACTUAL, OTHER, BOTH = "#0b62c4", "#c2410c", "#8b2fb0", "#5b6675"
"""Only the expected side, only the actual one, other values, both the same."""
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
    return need("matplotlib.figure", "plot", f"nd.plot.{name}").Figure((width, height), layout="constrained")
