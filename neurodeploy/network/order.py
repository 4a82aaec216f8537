"""The order of a graph's nodes, and the edges that close its loops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Edge = tuple[str, str]


def closing_edges(names: Iterable[str], edges: Iterable[Edge], inputs: Iterable[str]) -> frozenset[Edge]:
    """Edges that close a loop, found by depth-first search from the ``inputs`` in the order of names."""
    nodes = sorted(names)
    successors: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in sorted(edges):
        successors[source].append(target)
    closing: set[Edge] = set()
    state: dict[str, int] = {}
    for root in (*sorted(inputs), *nodes):
        stack = [] if root in state else [(root, iter(successors[root]))]
        state.setdefault(root, 1)
        while stack:
            name, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                state[name] = 2
                stack.pop()
            elif target not in state:
                state[target] = 1
                stack.append((target, iter(successors[target])))
            elif state[target] == 1:
                closing.add((name, target))
    return frozenset(closing)


def forward_order(names: Iterable[str], forward_edges: Sequence[Edge]) -> tuple[str, ...]:
    """Nodes so that every one of ``forward_edges``, which form no loop, goes forward; ties in the order of names."""
    waiting = {name: {source for source, target in forward_edges if target == name} for name in sorted(names)}
    order: list[str] = []
    while waiting:
        ready = [name for name, sources in waiting.items() if not sources & waiting.keys()]
        order += ready
        for name in ready:
            del waiting[name]
    return tuple(order)
