"""All rules of a graph, and all repairs."""

from __future__ import annotations

from collections.abc import Callable

from neurodeploy.errors import InputError
from neurodeploy.finding import Finding, errors_first
from neurodeploy.network.raw import Raw
from neurodeploy.network.rules.edges import check_edges, check_ports
from neurodeploy.network.rules.fields import check_fields, check_names
from neurodeploy.network.rules.loops import check_loops
from neurodeploy.network.rules.shapes import check_shapes
from neurodeploy.network.rules.values import check_values

Rule = Callable[[Raw], list[Finding]]

STRUCTURE: tuple[Rule, ...] = (check_names, check_edges, check_values)
"""Rules that every Network keeps, besides that of its shapes."""
RULES: tuple[Rule, ...] = (*STRUCTURE, check_fields, check_ports, check_shapes, check_loops)
ROUNDS = 8
"""Most rounds of repairs: a repair may bring another finding to light."""


def check_graph(raw: Raw) -> tuple[Finding, ...]:
    """Every finding about a graph, errors first."""
    return errors_first([finding for rule in RULES for finding in rule(raw)])


def refuse_errors(findings: list[Finding]) -> None:
    """Raises InputError for the first error among ``findings``."""
    for finding in errors_first(findings):
        if finding.severity == "error":
            where = finding.node if finding.node == "graph" else f"node {finding.node}"
            raise InputError(finding.message, where, finding.remedy)


def refuse_structure(raw: Raw) -> None:
    """Raises InputError for the first error of names, edges or numbers."""
    refuse_errors([finding for rule in STRUCTURE for finding in rule(raw)])


def repaired(raw: Raw) -> tuple[Raw, tuple[Finding, ...]]:
    """The graph with everything repaired that can be, and the findings that were."""
    done: list[Finding] = []
    for _ in range(ROUNDS):
        repairable = [finding for finding in check_graph(raw) if finding.repair is not None]
        if not repairable:
            break
        for repair in dict.fromkeys(finding.repair for finding in repairable):
            assert repair is not None
            raw = repair(raw)
        done += repairable
    return raw, tuple(done)
