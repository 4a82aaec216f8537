"""What a stimulus exercised, as shares."""

from __future__ import annotations

from typing import Any

from neurodeploy.errors import InputError
from neurodeploy.parity.report import Report
from neurodeploy.plot.canvas import BOTH, empty


def coverage(report: Report) -> Any:
    """What the stimulus of a check exercised: by node, the share of neurons, synapses and branches, in per cent.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: where the report has no coverage.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.coverage(report).savefig("coverage.svg")
    """
    nodes = list(report.coverage)
    if not nodes:
        raise InputError("the report has no coverage", "nd.plot.coverage", "make it with nd.check")
    names = list(dict.fromkeys(name for fractions in report.coverage.values() for name in fractions))
    figure = empty("coverage", 1.5 + 0.9 * len(names), 1.4 + 0.32 * len(nodes))
    axes = figure.add_subplot()
    for y, node in enumerate(nodes):
        for x, name in enumerate(names):
            share = report.coverage[node].get(name)
            if share is not None:
                axes.barh(y, 0.9 * share, 0.7, left=x, color=BOTH, alpha=0.5)
                axes.text(x + 0.03, y, f"{100 * share:.1f} %", va="center", fontsize="small")
    axes.set_yticks(range(len(nodes)), nodes)
    axes.set_xticks([x + 0.45 for x in range(len(names))], [name.replace("_", "\n") for name in names])
    axes.set(xlim=(0, len(names)), ylim=(len(nodes) - 0.5, -0.5), title="coverage")
    figure.alt = "What the stimulus exercised, in per cent. " + "; ".join(
        f"{node}: {', '.join(f'{name} {100 * share:.1f}' for name, share in shares.items())}"
        for node, shares in report.coverage.items()
    )
    return figure
