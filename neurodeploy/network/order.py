"""The order of a graph's nodes, and the edges that close its loops."""

from __future__ import annotations

from collections import Counter
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
    edges = set(forward_edges)
    successors, waiting = grouped(edges), Counter(target for _, target in edges)
    order: list[str] = []
    ready = sorted(name for name in set(names) if not waiting[name])
    while ready:
        order += ready
        released: list[str] = []
        for name in ready:
            for target in successors.get(name, ()):
                waiting[target] -= 1
                released += [target] if not waiting[target] else []
        ready = sorted(released)
    return tuple(order)


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The second parts of pairs by their first, in the order of the pairs."""
    groups: dict[str, list[str]] = {}
    for first, second in pairs:
        groups.setdefault(first, []).append(second)
    return {first: tuple(seconds) for first, seconds in groups.items()}
