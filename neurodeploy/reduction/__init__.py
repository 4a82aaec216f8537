"""A failing case made small: fewest samples, steps, nodes, neurons, lines and events that still differ the same way."""

from neurodeploy.reduction.first import First
from neurodeploy.reduction.reduce import Case, shrunk

__all__ = ["Case", "First", "shrunk"]
