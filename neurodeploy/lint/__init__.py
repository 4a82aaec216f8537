"""Everything that can be said against a graph at once, and the repairs."""

from __future__ import annotations

from neurodeploy.lint.check import check_graph, repaired
from neurodeploy.profiles.notice import Notice

__all__ = ["Notice", "check_graph", "repaired"]
