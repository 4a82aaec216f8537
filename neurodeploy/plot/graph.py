"""The network as a graph, nodes in the colors of a rung's verdict; and a program as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neurodeploy.errors import InputError
from neurodeploy.parity.report import Report
from neurodeploy.parity.states import node_states
from neurodeploy.plot.canvas import ACTUAL, BOTH, STATES, empty
from neurodeploy.program.program import Program
from neurodeploy.table import dimensions

WIDE, HIGH = 1.7, 0.9
"""Inches from one node to the next."""
WIDEST = 8.0
"""Inches of the widest picture: a longer chain goes on below, back and forth as a snake does."""
APART = 0.4
"""Between two lines of a folded chain, in nodes."""
BENT = 0.5
"""How far an arrow goes around a node that stands in its way, in its lengths."""
Place = tuple[float, float]
Edge = tuple[str, str, bool]
"""From, to, and whether it goes back."""


def graph(subject: Report | Program, *, rungs: tuple[str, str] | None = None) -> Any:
    """The network of a check, from left to right, nodes in the color of what a rung says of them; or a program.

    A chain that is too long for a page is folded: its second line runs from right to left, the third as the first.

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
    axes.set_title(f"program, numerics {program.numerics.name}", fontsize=10)
    _arrows(axes, edges, places, 42)
    for node in nodes:
        sends = f"sends {node.output.kind}, {node.output.width} bit"
        _box(axes, places[node.name], f"{node.name}\n{dimensions(node.shape)}\n{sends}", ACTUAL, 1.6)
    beside: dict[Place, int] = {}
    for p in program.projections:
        at = _middle(places[p.source], places[p.target], places.values(), 2.5 / 1.3)
        x, y = at[0], at[1] + 0.45 * beside.get(at, 0)
        beside[at] = beside.get(at, 0) + 1
        text = f"{p.name}\n{p.kind}\n{dimensions(p.weights.shape)}"
        background = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color="black", bbox=background)
    joined = "; ".join(f"{p.name} ({p.kind}) from {p.source} to {p.target}" for p in program.projections)
    figure.alt = f"Graph of a program: {', '.join(rank)}; {joined}"
    return figure


def _canvas(names: Sequence[str], edges: Sequence[Edge], wide: float, high: float) -> tuple[Any, Any, dict[str, Place]]:
    places = _folded(_places(names, edges), max(2, int(WIDEST / wide)))
    columns, rows = (1 + max(place[axis] for place in places.values()) for axis in (0, 1))
    figure = empty("graph", max(4.0, wide * columns + 0.3), high * rows + 0.6)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.3, -0.6))
    axes.set_axis_off()
    return figure, axes, places


def _arrows(axes: Any, edges: Sequence[Edge], places: Mapping[str, Place], shrink: int = 32) -> None:
    for start, end, back in edges:
        shape = {"arrowstyle": "->", "color": BOTH, "shrinkA": shrink, "shrinkB": shrink}
        around = {"connectionstyle": f"arc3,rad={BENT}"} if _meets(places[start], places[end], places.values()) else {}
        bent = {"connectionstyle": "arc3,rad=-0.4", "linestyle": "--"} if back else around
        axes.annotate("", places[end], places[start], arrowprops=shape | bent)


def _meets(start: Place, end: Place, places: Iterable[Place]) -> bool:
    """Whether the straight way from one place to another leads over a third."""
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    ways = [((a - x) * dx + (b - y) * dy, (a - x) * dy - (b - y) * dx) for a, b in places]
    length = dx * dx + dy * dy
    return any(0 < along < length and abs(across) < 0.25 * length**0.5 for along, across in ways)


def _middle(start: Place, end: Place, places: Iterable[Place], shape: float) -> Place:
    """Where the words of an arrow stand: halfway; below the node that it comes back to; ``shape``: width by height."""
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if start == end:
        return x, y + 0.45
    if not _meets(start, end, places):
        return x, y
    dx, dy = (end[0] - start[0]) * shape, start[1] - end[1]
    return x + BENT / 2 * dy / shape, y + BENT / 2 * dx


def _box(axes: Any, place: Place, text: str, color: str, width: float) -> None:
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


def _folded(places: Mapping[str, tuple[int, int]], most: int) -> dict[str, Place]:
    """The places with at most so many columns: lines of equal length below each other, every second one backward."""
    columns = 1 + max(column for column, _ in places.values())
    lines = -(-columns // most)
    length = -(-columns // lines)
    rows = [1 + max(row for column, row in places.values() if column // length == line) for line in range(lines)]
    above = [sum(rows[:line]) + APART * line for line in range(lines)]
    folded: dict[str, Place] = {}
    for name, (column, row) in places.items():
        line, at = divmod(column, length)
        folded[name] = float(length - 1 - at if line % 2 else at), above[line] + row
    return folded
