"""The network as a graph, nodes in the colors of a rung's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurodeploy.errors import InputError
from neurodeploy.parity.report import Report
from neurodeploy.parity.states import node_states
from neurodeploy.plot.canvas import BOTH, STATES, empty

WIDE, HIGH = 1.7, 0.9
"""Inches from one node to the next."""


def graph(report: Report, *, rungs: tuple[str, str] | None = None) -> Any:
    """The network of a check, from left to right; nodes in the color of what a rung says of them.

    Args:
        report: a report of ``nd.check``.
        rungs: which rung, expected and actual; by default the first that diverged, else the last.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: where the report holds no graph, or has no such rung.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.graph(report).savefig("graph.svg")
    """
    drawn: Mapping[str, Any] | None = report.about.get("graph")
    if drawn is None:
        raise InputError("the report holds no graph", "nd.plot.graph", "make it with nd.check")
    chosen = [r for r in report.rungs if rungs in (None, (r.source, r.target))]
    if not chosen:
        known = ", ".join(f"{r.source} → {r.target}" for r in report.rungs)
        raise InputError(f"there is no rung {rungs}", "nd.plot.graph", f"the rungs are: {known}")
    rung = next((r for r in chosen if r.verdict == "diverged"), chosen[-1])
    states = node_states(rung)
    places = _places([node["name"] for node in drawn["nodes"]], drawn["edges"])
    columns, rows = (1 + max(place[axis] for place in places.values()) for axis in (0, 1))
    figure = empty("graph", WIDE * columns + 0.3, HIGH * rows + 0.6)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.4, -0.6), title=f"{rung.source} → {rung.target}")
    axes.set_axis_off()
    for start, end, back in drawn["edges"]:
        shape = {"arrowstyle": "->", "color": BOTH, "shrinkA": 32, "shrinkB": 32}
        bent = {"connectionstyle": "arc3,rad=-0.4", "linestyle": "--"} if back else {}
        axes.annotate("", places[end], places[start], arrowprops=shape | bent)
    for node in drawn["nodes"]:
        state = states.get(node["name"])
        color, width = STATES.get(state or "", BOTH), 2 if state else 0.8
        frame = {"boxstyle": "round", "facecolor": "white", "edgecolor": color, "linewidth": width}
        text = f"{node['name']}\n{node['words']}" + (f"\n{state}" if state else "")
        axes.text(*places[node["name"]], text, ha="center", va="center", fontsize=7, bbox=frame)
    return figure


def _places(names: Sequence[str], edges: Sequence[tuple[str, str, bool]]) -> dict[str, tuple[int, int]]:
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
