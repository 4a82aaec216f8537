"""Figures over a number, a curve for each of several things: error rates over noise, agreement over bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodeploy.errors import InputError
from neurodeploy.plot.canvas import BOTH, LINES, MARKS, empty, plain

CURVES = len(LINES)


def curves(
    x: ArrayLike,
    series: Mapping[str, ArrayLike],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    logarithmic: bool = False,
    line: tuple[str, float] | None = None,
) -> Any:
    """Curves over the same places, each with a color, a mark and an entry in the legend of its own.

    Args:
        x: the places, ``(N,)``.
        series: by name its values, ``(N,)``; at most six. NaN, and 0 on a logarithmic axis, leave a gap.
        title, xlabel, ylabel: what is drawn, with units.
        logarithmic: the values' axis counts powers of ten.
        line: the name and height of a level to compare with.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for more than six curves, none, and values that do not fit the places.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.curves([0, 4, 8], {"float": rates}, title="bit errors", xlabel="Es/N0, dB", ylabel="share")
    """
    places = np.asarray(x, np.float64)
    values = {name: np.asarray(curve, np.float64) for name, curve in series.items()}
    if not 1 <= len(values) <= CURVES:
        raise InputError(f"{len(values)} curves", "nd.plot.curves", f"give 1 to {CURVES}, or draw two pictures")
    for name, curve in values.items():
        if curve.shape != places.shape or places.ndim != 1:
            raise InputError(f"{name!r} has shape {curve.shape}, the places {places.shape}", "nd.plot.curves", "match")
    figure = empty("curves", 7, 3.8)
    axes = plain(figure.add_subplot())
    for number, (name, curve) in enumerate(values.items()):
        look = {"color": LINES[number], "marker": MARKS[number], "markersize": 5, "linewidth": 1.6}
        shown = np.where(curve > 0, curve, np.nan) if logarithmic else curve
        axes.plot(places, shown, label=name, linestyle=("-", "--", "-.", ":")[number % 4], **look)
    if line is not None:
        axes.axhline(line[1], color=BOTH, linewidth=1, linestyle=(0, (1, 2)), label=line[0])
    if logarithmic:
        axes.set_yscale("log")
    axes.grid(axis="y", color="0.9")
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.legend(fontsize="small", frameon=False)
    figure.alt = f"{title}: {ylabel} over {xlabel}. " + "; ".join(
        f"{name} {_from_to(curve)}" for name, curve in values.items()
    )
    return figure


def bars(groups: Mapping[str, Mapping[str, float]], *, title: str, ylabel: str) -> Any:
    """Bars side by side: for every place on the axis one bar of each group, with its value above it.

    Args:
        groups: by name of the group, the value at every place by its name; at most six groups.
        title, ylabel: what is drawn, with units.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for no group, and for more than six.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.bars({"float": {"lif1": 0.1}, "8 bits": {"lif1": 0.2}}, title="activity", ylabel="share")
    """
    if not 1 <= len(groups) <= CURVES:
        raise InputError(f"{len(groups)} groups", "nd.plot.bars", f"give 1 to {CURVES}, or draw two pictures")
    places = list(dict.fromkeys(place for group in groups.values() for place in group))
    figure = empty("bars", max(5, min(12, 1.5 + 0.42 * len(places) * (len(groups) + 0.6))), 3.6)
    axes = plain(figure.add_subplot())
    _draw_bars(axes, groups, places)
    axes.set(title=title, ylabel=ylabel)
    figure.alt = f"{title}: {ylabel}. " + "; ".join(
        f"{name}: {', '.join(f'{place} {value:.4g}' for place, value in group.items())}"
        for name, group in groups.items()
    )
    return figure


def _draw_bars(axes: Any, groups: Mapping[str, Mapping[str, float]], places: Sequence[str]) -> None:
    wide = 0.84 / len(groups)
    for number, (name, group) in enumerate(groups.items()):
        at = np.arange(len(places)) - 0.42 + wide * (number + 0.5)
        heights = [group.get(place, np.nan) for place in places]
        drawn = axes.bar(at, heights, 0.92 * wide, color=LINES[number], label=name, hatch=("", "//", "..")[number % 3])
        drawn.set(edgecolor="white") if hasattr(drawn, "set") else [bar.set_edgecolor("white") for bar in drawn]
        axes.bar_label(drawn, fmt="%.3g", fontsize=7, padding=1)
    long = max(map(len, places)) > 7
    axes.set_xticks(range(len(places)), places, rotation=30 if long else 0, ha="right" if long else "center")
    axes.margins(y=0.2)
    axes.legend(fontsize="small", frameon=False, ncols=len(groups), loc="upper right")


def _from_to(curve: Any) -> str:
    finite = curve[np.isfinite(curve)]
    return "has no value" if not finite.size else f"from {finite[0]:.3g} to {finite[-1]:.3g}"
