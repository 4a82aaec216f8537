"""All checks of a graph, and all repairs."""

from __future__ import annotations

from collections.abc import Callable

from neurodeploy.network.raw import Raw
from neurodeploy.profiles.notice import Notice
from neurodeploy.rules.shapes import check_shapes
from neurodeploy.rules.stepping import check_loops
from neurodeploy.rules.structure import check_edges, check_nodes
from neurodeploy.rules.values import check_values

CHECKS: tuple[Callable[[Raw], list[Notice]], ...] = (check_nodes, check_edges, check_values, check_shapes, check_loops)
ROUNDS = 8
ORDER = {"error": 0, "warning": 1, "info": 2}


def check_graph(raw: Raw) -> tuple[Notice, ...]:
    """Every notice about a graph, errors first."""
    found = [notice for check in CHECKS for notice in check(raw)]
    return tuple(sorted(found, key=lambda each: ORDER[each.finding.severity]))


def repaired(raw: Raw) -> tuple[Raw, tuple[Notice, ...]]:
    """The graph with everything repaired that can be, and what was; a repair may bring another to light."""
    done: list[Notice] = []
    for _ in range(ROUNDS):
        todo = [notice for notice in check_graph(raw) if notice.repair is not None]
        if not todo:
            break
        for notice in todo:
            assert notice.repair is not None
            raw = notice.repair(raw)
        done += todo
    return raw, tuple(done)
