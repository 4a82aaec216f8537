"""How well layers agree, and what quantization cost them, as bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.losses.terms import TERMS
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Rung
from neurodeploy.plot.canvas import BOTH, LINES, empty, plain
from neurodeploy.plot.curves import bars

QUANTIZATION = "network", "program"
INHERITED, LEAST = "inherited", 0.0005


def agreement(reports: Mapping[str, Report], *, rungs: tuple[str, str] = QUANTIZATION, budget: float = 0.9) -> Any:
    """The Jaccard index of every spiking node, for several checks side by side, with the budget as a line.

    Args:
        reports: by a name for the legend, a report of ``nd.check``; at most six.
        rungs: which rung, expected and actual.
        budget: where the line is drawn.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for a report without that rung. UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.agreement({"8 bits": wide, "4 bits": narrow})
    """
    groups = {
        name: {
            node: result.jaccard for node, result in _rung(report, rungs).nodes.items() if result.jaccard is not None
        }
        for name, report in reports.items()
    }
    title = f"{rungs[0]} → {rungs[1]}: spikes in common"
    figure = bars(groups, title=title, ylabel="Jaccard index (1: the same spikes)")
    axes = figure.axes[0]
    axes.axhline(budget, color=BOTH, linestyle="--", linewidth=1)
    axes.set(ylim=(0, 1.3), yticks=np.arange(0, 1.1, 0.2))
    axes.text(axes.get_xlim()[1], budget, f" budget {budget:g}", va="center", fontsize=7, color=BOTH)
    return figure


def losses(report: Report) -> Any:
    """What each term of quantization cost every layer, as ``nd.check(..., causes=True)`` measured it.

    Returns:
        A ``matplotlib.figure.Figure``: a bar for a layer, a part of it for a term. Costs below zero are left out.

    Raises:
        InputError: for a report without costs. UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.losses(nd.check("model.pt", causes=True))
    """
    rung = _rung(report, QUANTIZATION)
    costs = {name: _costs(rung, name) for name in ({} if rung.losses is None else rung.losses.populations)}
    costs = {name: cost for name, cost in costs.items() if cost}
    if not costs:
        raise InputError("the report has no costs", "nd.plot.losses", "check with causes=True")
    names = list(costs)
    terms = [term for term in (*TERMS, INHERITED) if any(cost.get(term, 0) > LEAST for cost in costs.values())]
    figure = empty("losses", 8, 1.3 + 0.4 * len(names))
    axes = plain(figure.add_subplot())
    left = np.zeros(len(names))
    for number, term in enumerate(terms):
        width = np.array([max(0.0, costs[name].get(term, 0.0)) for name in names])
        hatch = ("", "//", "..", "xx")[number % 4]
        axes.barh(names, width, left=left, color=LINES[number % len(LINES)], hatch=hatch, edgecolor="white", label=term)
        left += width
    axes.invert_yaxis()
    axes.set(title="what quantization cost, by layer", xlabel="Jaccard index that comes back with this term in float")
    if terms:
        axes.legend(fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    words = "; ".join(
        f"{name}: {', '.join(f'{term} {cost:.3f}' for term, cost in costs[name].items() if abs(cost) > LEAST)}"
        for name in names
    )
    figure.alt = f"Costs of quantization in Jaccard index by layer and term: {words}"
    return figure


def _costs(rung: Rung, name: str) -> dict[str, float]:
    """By term, and what came wrong from the layers before."""
    loss, node = rung.losses.populations[name] if rung.losses else None, rung.nodes[name]
    costs: dict[str, float] = {} if loss is None else dict(loss.costs.items())
    if costs and node.jaccard is not None and loss is not None and loss.isolated is not None:
        costs[INHERITED] = loss.isolated - node.jaccard
    return costs


def _rung(report: Report, rungs: tuple[str, str]) -> Rung:
    for rung in report.rungs:
        if (rung.source, rung.target) == rungs:
            return rung
    known = ", ".join(f"{rung.source} → {rung.target}" for rung in report.rungs)
    raise InputError(f"there is no rung {rungs}", "nd.plot", f"the rungs are: {known}")
