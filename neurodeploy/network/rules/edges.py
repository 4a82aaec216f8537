"""Edges that lead nowhere or stand twice, Inputs and Outputs, and nodes that receive or feed nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from neurodeploy.finding import Finding
from neurodeploy.network.raw import Edge, Raw

NOT_BUILT = "none: the network cannot be built"


def check_edges(raw: Raw) -> list[Finding]:
    """Edges to missing nodes or into an Input, double edges, and a graph without Input."""
    findings: list[Finding] = []
    for edge, count in Counter(raw.edges).items():
        missing = [end for end in edge if end not in raw.nodes]
        text = f"the edge {edge[0]} -> {edge[1]}"
        remove = partial(_keep, edge, 0)
        if missing:
            message = f"{text} ends nowhere: there is no {missing[0]!r}"
            findings.append(Finding("dangling-edge", "error", "graph", message, "remove it", NOT_BUILT, remove))
        elif raw.nodes[edge[1]].kind == "Input":
            message = f"{text} ends at an Input"
            findings.append(Finding("edge-into-input", "error", "graph", message, "remove it", NOT_BUILT, remove))
        if count > 1:
            message, effect = f"{text} stands {count} times", f"{count} times the drive or once: readers differ"
            keep_one = partial(_keep, edge, 1)
            findings.append(Finding("duplicate-edge", "error", "graph", message, "keep one", effect, keep_one))
    if not any(node.kind == "Input" for node in raw.nodes.values()):
        remedy = "add an Input with the shape of the stimulus"
        findings.append(Finding("no-input", "error", "graph", "has no Input node", remedy, NOT_BUILT))
    return findings


def check_ports(raw: Raw) -> list[Finding]:
    """A graph without Output, and nodes that nothing leads to or that lead nowhere."""
    findings: list[Finding] = []
    if not any(node.kind == "Output" for node in raw.nodes.values()):
        effect = "all nodes run; nothing says which is the result"
        remedy = "add one behind the last neuron"
        findings.append(Finding("no-output", "warning", "graph", "has no Output node", remedy, effect))
    for name, node in raw.nodes.items():
        if node.kind != "Input" and not raw.sources(name):
            effect = "it sees no input; only its bias drives it"
            findings.append(Finding("unfed", "warning", name, "nothing leads to it", "connect or remove it", effect))
        if node.kind != "Output" and not raw.targets(name):
            effect = "none: nothing hears it"
            severity = "warning" if node.kind == "Input" else "info"
            findings.append(Finding("unheard", severity, name, "it leads nowhere", "connect or remove it", effect))
    return findings


def _keep(edge: Edge, count: int, raw: Raw) -> Raw:
    """The graph with ``count`` copies of an edge."""
    rest = [present for present in raw.edges if present != edge]
    return replace(raw, edges=(*rest, *[edge] * count))
