"""Everything that can be said against a graph at once, and the repairs."""

from __future__ import annotations

from neurodeploy.profiles.notice import Notice
from neurodeploy.rules.check import check_graph, repaired

__all__ = ["Notice", "check_graph", "repaired"]
