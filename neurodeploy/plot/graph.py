"""The network as a graph, nodes in the colors of a rung's verdict; and a program as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurodeploy.errors import InputError
from neurodeploy.parity.report import Report
from neurodeploy.parity.states import node_states
from neurodeploy.plot.canvas import ACTUAL, BOTH, STATES, empty
from neurodeploy.program.program import Program
from neurodeploy.table import dimensions

WIDE, HIGH = 1.7, 0.9
"""Inches from one node to the next."""
Edge = tuple[str, str, bool]
"""From, to, and whether it goes back."""


def graph(subject: Report | Program, *, rungs: tuple[str, str] | None = None) -> Any:
    """The network of a check, from left to right, nodes in the color of what a rung says of them; or a program.

    Args:
        subject: a report of ``nd.check``; or a Program, whose populations say what they send, with the projections
            between them.
        rungs: of a report, which rung, expected and actual; by default the first that diverged, else the last.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: where the report holds no graph, or has no such rung.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.graph(report).savefig("graph.svg")
    """
    return _program(subject) if isinstance(subject, Program) else _checked(subject, rungs)


def _checked(report: Report, rungs: tuple[str, str] | None) -> Any:
    drawn: Mapping[str, Any] | None = report.about.get("graph")
    if drawn is None:
        raise InputError("the report holds no graph", "nd.plot.graph", "make it with nd.check")
    chosen = [r for r in report.rungs if rungs in (None, (r.source, r.target))]
    if not chosen:
        known = ", ".join(f"{r.source} → {r.target}" for r in report.rungs)
        raise InputError(f"there is no rung {rungs}", "nd.plot.graph", f"the rungs are: {known}")
    rung = next((r for r in chosen if r.verdict == "diverged"), chosen[-1])
    states = node_states(rung)
    edges: list[Edge] = [(start, end, back) for start, end, back in drawn["edges"]]
    figure, axes, places = _canvas([node["name"] for node in drawn["nodes"]], edges, WIDE, HIGH)
    axes.set(title=f"{rung.source} → {rung.target}")
    _arrows(axes, edges, places)
    words: list[str] = []
    for node in drawn["nodes"]:
        state = states.get(node["name"])
        color, width = STATES.get(state or "", BOTH), 2 if state else 0.8
        text = f"{node['name']}\n{node['words']}" + (f"\n{state}" if state else "")
        _box(axes, places[node["name"]], text, color, width)
        words.append(f"{node['name']} ({state or node['words']})")
    figure.alt = f"Graph of the network on the rung from {rung.source} to {rung.target}: {', '.join(words)}"
    return figure


def _program(program: Program) -> Any:
    nodes = (*program.inputs, *(program.by_name[name] for name in program.order))
    rank = {node.name: place for place, node in enumerate(nodes)}
    edges: list[Edge] = [(p.source, p.target, rank[p.source] >= rank[p.target]) for p in program.projections]
    figure, axes, places = _canvas([node.name for node in nodes], edges, 2.5, 1.3)
    axes.set(title=f"program, numerics {program.numerics.name}: populations, and projections between them")
    _arrows(axes, edges, places, 42)
    for node in nodes:
        sends = f"sends {node.output.kind}, {node.output.width} bit"
        _box(axes, places[node.name], f"{node.name}\n{dimensions(node.shape)}\n{sends}", ACTUAL, 1.6)
    for p in program.projections:
        x, y = ((a + b) / 2 for a, b in zip(places[p.source], places[p.target], strict=True))
        text = f"{p.name}\n{p.kind}\n{dimensions(p.weights.shape)}"
        background = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color="black", bbox=background)
    joined = "; ".join(f"{p.name} ({p.kind}) from {p.source} to {p.target}" for p in program.projections)
    figure.alt = f"Graph of a program: {', '.join(rank)}; {joined}"
    return figure


def _canvas(
    names: Sequence[str], edges: Sequence[Edge], wide: float, high: float
) -> tuple[Any, Any, dict[str, tuple[int, int]]]:
    places = _places(names, edges)
    columns, rows = (1 + max(place[axis] for place in places.values()) for axis in (0, 1))
    figure = empty("graph", max(4.0, wide * columns + 0.3), high * rows + 0.6)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.4, -0.6))
    axes.set_axis_off()
    return figure, axes, places


def _arrows(axes: Any, edges: Sequence[Edge], places: Mapping[str, tuple[int, int]], shrink: int = 32) -> None:
    for start, end, back in edges:
        shape = {"arrowstyle": "->", "color": BOTH, "shrinkA": shrink, "shrinkB": shrink}
        bent = {"connectionstyle": "arc3,rad=-0.4", "linestyle": "--"} if back else {}
        axes.annotate("", places[end], places[start], arrowprops=shape | bent)


def _box(axes: Any, place: tuple[int, int], text: str, color: str, width: float) -> None:
    frame = {"boxstyle": "round", "facecolor": "white", "edgecolor": color, "linewidth": width}
    axes.text(*place, text, ha="center", va="center", fontsize=7, bbox=frame)


def _places(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, tuple[int, int]]:
    """By node, in topological order: its column, the longest way from an input, and its row, the first that is free."""
    column = dict.fromkeys(names, 0)
    for name in names:
        for start, end, back in edges:
            if start == name and not back:
                column[end] = max(column[end], column[name] + 1)
    places: dict[str, tuple[int, int]] = {}
    taken: dict[int, int] = {}
    for name in names:
        places[name] = column[name], taken.get(column[name], 0)
        taken[column[name]] = places[name][1] + 1
    return places
