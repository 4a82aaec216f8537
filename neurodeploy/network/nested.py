"""Subgraphs written out into one flat graph.

Rules:

1. A node ``child`` of a subgraph ``name`` becomes ``name.child``; one that carries the prefix already keeps its name.
2. Inputs and Outputs of a subgraph are identities (NIR): each source of such a port is joined to each of its targets.
3. An edge may name a node of a subgraph as ``name.child``, as NIR's documentation has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from neurodeploy.errors import InputError

Node = TypeVar("Node")
Edge = tuple[str, str]
DEEPEST, MOST_EDGES = 24, 1_000_000


def flatten(
    nodes: Mapping[str, Node],
    edges: Sequence[Edge],
    inside: Callable[[Node], tuple[Mapping[str, Node], Sequence[Edge]] | None],
    kind: Callable[[Node], str],
    depth: int = 0,
) -> tuple[dict[str, Node], list[Edge]]:
    """Nodes and edges without subgraphs. ``inside``: what a subgraph holds, None for other nodes.

    Raises InputError for a subgraph with several ports of one kind that an edge names as a whole, for names that meet,
    and for nesting without end.
    """
    if depth > DEEPEST:
        raise InputError(f"graphs are nested deeper than {DEEPEST}", "graph", "flatten the network before export")
    flat: dict[str, Node] = {}
    flat_edges: list[Edge] = [(str(a), str(b)) for a, b in edges]
    ports: list[str] = []
    for name, node in nodes.items():
        held = inside(node)
        if held is None:
            _add(flat, name, node)
            continue
        inner, inner_edges = flatten(*held, inside, kind, depth + 1)
        names = {
            inner_name: inner_name if inner_name.startswith(f"{name}.") else f"{name}.{inner_name}"
            for inner_name in inner
        }
        for inner_name, child in inner.items():
            _add(flat, names[inner_name], child)
        flat_edges += [(names.get(a, f"{name}.{a}"), names.get(b, f"{name}.{b}")) for a, b in inner_edges]
        flat_edges = _entered(
            flat_edges, name, [names[inner_name] for inner_name in inner if kind(inner[inner_name]) == "Input"], 1
        )
        flat_edges = _entered(
            flat_edges, name, [names[inner_name] for inner_name in inner if kind(inner[inner_name]) == "Output"], 0
        )
        ports += [names[inner_name] for inner_name, child in inner.items() if kind(child) in ("Input", "Output")]
    for port in ports:
        flat_edges = _bypassed(flat_edges, port)
        del flat[port]
    return flat, flat_edges


def _add(flat: dict[str, Node], name: str, node: Node) -> None:
    if name in flat:
        raise InputError(f"two nodes are called {name!r} once subgraphs are written out", "graph", "rename one of them")
    flat[name] = node


def _entered(edges: list[Edge], name: str, ports: list[str], end: int) -> list[Edge]:
    """The edges with the subgraph ``name`` replaced by its port, as target (end 1) or as source (end 0)."""
    if not any(edge[end] == name for edge in edges):
        return edges
    if len(ports) != 1:
        fault = f"an edge names it as a whole, and it has {len(ports)} {'Inputs' if end else 'Outputs'}"
        raise InputError(fault, f"subgraph {name}", "give it one, or name the node: SUBGRAPH.NODE")
    return [edge if edge[end] != name else (edge[0], ports[0]) if end else (ports[0], edge[1]) for edge in edges]


def _bypassed(edges: list[Edge], port: str) -> list[Edge]:
    """The edges without the port: each of its sources is joined to each of its targets."""
    sources = [a for a, b in edges if b == port and a != port]
    targets = [b for a, b in edges if a == port and b != port]
    if len(sources) * len(targets) + len(edges) > MOST_EDGES:
        raise InputError(f"its subgraphs have more than {MOST_EDGES} edges", "graph", "flatten the network")
    return [edge for edge in edges if port not in edge] + [(a, b) for a in sources for b in targets]
