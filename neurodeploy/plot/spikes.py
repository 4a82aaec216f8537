"""Spikes and membranes of two rungs over each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.errors import InputError, choices
from neurodeploy.parity.recording import NodeRecord, Recording, Window
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Divergence
from neurodeploy.plot.canvas import ACTUAL, BOTH, EXPECTED, OTHER, empty
from neurodeploy.trace import Trace

AROUND = 20
"""Steps before and after a divergence that are shown."""
ROWS = 40
"""Neurons that a picture of a divergence shows at most."""


def raster(
    subject: Report | Trace, node: str, *, rungs: tuple[str, str] | None = None, window: int = 0, sample: int = 0
) -> Any:
    """The spikes of a node: of a trace, or of two rungs of a report, one over the other.

    Args:
        subject: a report of ``nd.check``, or a trace of ``nd.run``.
        node: its name.
        rungs: of a report, expected and actual; by default those of the first that diverged, else the last.
        window: of a report, which part that was recorded: 0 for the first steps, others lie around divergences.
        sample: of a trace, which sample.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for a node, rung, window or sample that is not there.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.raster(report, "lif1").savefig("lif1.svg")
    """
    figure = empty("raster", 8, 4)
    axes = figure.add_subplot()
    if isinstance(subject, Trace):
        if not 0 <= sample < subject.batch:
            raise InputError(f"there is no sample {sample}", "nd.plot.raster", f"it has {subject.batch}")
        output = subject[node].output[sample].reshape(subject.steps, -1).T
        _dots(axes, output != 0, 0, BOTH, "|", "sent")
        axes.set(title=f"{node}, sample {sample}", xlabel="step", ylabel="neuron")
        _legend(axes)
        figure.alt = _words(f"Raster of {node}, {len(output)} neurons over {subject.steps} steps", axes)
        return figure
    part, record, pair = _recorded(subject, node, rungs, window)
    _overlaid(axes, part, record, pair, np.arange(len(record.neurons)))
    axes.set(title=f"{node}: {pair[0]} and {pair[1]}, sample {part.sample}")
    shown = f"{len(record.neurons)} neurons over {part.steps} steps"
    figure.alt = _words(f"Raster of {node} on {pair[0]} and {pair[1]}, {shown}", axes)
    return figure


def membrane(
    report: Report, node: str, neuron: tuple[int, ...], *, rungs: tuple[str, str] | None = None, window: int = 0
) -> Any:
    """The membrane of a neuron on two rungs, after the reset, in the unit of the network, with its threshold.

    Args:
        report: a report of ``nd.check``.
        node: the node, ``neuron`` its place in it, such as ``(3, 7, 7)``.
        neuron: one that was recorded.
        rungs, window: as ``raster`` takes them.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: for what was not recorded.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.membrane(report, "lif1", (0, 3, 4)).savefig("membrane.svg")
    """
    part, record, pair = _recorded(report, node, rungs, window)
    figure = empty("membrane", 8, 3)
    axes = figure.add_subplot()
    _membranes(axes, part, record, pair, _row(record, node, neuron))
    axes.set(title=f"{node} {neuron}, sample {part.sample}")
    figure.alt = _words(f"Membrane of neuron {neuron} of {node} over {part.steps} steps", axes)
    return figure


def divergence(report: Report, *, rungs: tuple[str, str] | None = None) -> Any:
    """The first divergence: spikes around it, and both membranes of the neuron.

    Args:
        report: a report of ``nd.check``.
        rungs: which rungs, expected and actual; by default the first that diverged.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        InputError: where nothing diverged, or the divergence was not recorded.
        UnavailableError: without matplotlib (extra: plot).

    Example:
        >>> nd.plot.divergence(report).savefig("divergence.svg")
    """
    pair = _pair(report, rungs)
    first = next((r.first_divergence for r in report.rungs if (r.source, r.target) == pair), None)
    if first is None:
        raise InputError(f"nothing diverged from {pair[0]} to {pair[1]}", "nd.plot.divergence", "plot the raster")
    window = _recording(report).window_of(first.sample, first.step)
    if window is None:
        raise InputError("the first divergence was not recorded", "nd.plot.divergence", "check its sample alone")
    part, record, pair = _recorded(report, first.node, pair, window)
    row = _row(record, first.node, first.neuron)
    figure = empty("divergence", 8, 6)
    above, below = figure.subplots(2, 1, sharex=True)
    _overlaid(above, part, record, pair, _around(record, pair, row, first.step - part.start))
    _membranes(below, part, record, pair, row)
    for axes in (above, below):
        axes.axvline(first.step, color=BOTH, linewidth=0.8)
    last = part.start + part.steps - 1
    below.set_xlim(max(first.step - AROUND, part.start) - 0.5, min(first.step + AROUND, last) + 0.5)
    above.set(title=_told(first, pair), xlabel="")
    figure.alt = _words(f"First divergence, {_told(first, pair)}: spikes around it", above)
    figure.alt += _words(". Below, membranes of that neuron", below)
    return figure


def _told(first: Divergence, pair: tuple[str, str]) -> str:
    return f"{pair[0]} → {pair[1]}: {first.node} {first.neuron}, step {first.step}, sample {first.sample}"


def _recording(report: Report) -> Recording:
    if report.recording is None:
        raise InputError("the report holds no recording", "nd.plot", "make it with nd.check")
    return report.recording


def _pair(report: Report, rungs: tuple[str, str] | None) -> tuple[str, str]:
    pairs = [(rung.source, rung.target) for rung in report.rungs]
    if rungs is not None or not pairs:
        return rungs or ("network", "program")
    diverged = [(rung.source, rung.target) for rung in report.rungs if rung.verdict == "diverged"]
    return diverged[0] if diverged else pairs[-1]


def _recorded(
    report: Report, node: str, rungs: tuple[str, str] | None, window: int
) -> tuple[Window, NodeRecord, tuple[str, str]]:
    windows, pair = _recording(report).windows, _pair(report, rungs)
    if not 0 <= window < len(windows):
        raise InputError(f"there is no window {window}", "nd.plot", f"the report has {len(windows)}, from 0")
    part = windows[window]
    if node not in part.nodes:
        raise InputError(f"there is no node {node!r}", "nd.plot", choices(node, part.nodes, "the nodes are"))
    record = part.nodes[node]
    for rung in pair:
        if rung not in record.rungs:
            raise InputError(f"{node} has no rung {rung!r}", "nd.plot", choices(rung, record.rungs, "the rungs are"))
    return part, record, pair


def _row(record: NodeRecord, node: str, neuron: tuple[int, ...]) -> int:
    row = record.row(tuple(neuron))
    if row is None:
        known = [tuple(map(int, np.unravel_index(place, record.shape))) for place in record.neurons[:4]]
        raise InputError(f"neuron {neuron} was not recorded", f"node {node}", f"there are {known} and others")
    return row


def _around(record: NodeRecord, pair: tuple[str, str], row: int, step: int) -> np.ndarray[Any, Any]:
    """The neuron itself and others that differ near that step."""
    expected, actual = (record.rungs[rung].output for rung in pair)
    near = slice(max(0, step - AROUND), step + AROUND + 1)
    differ = np.nonzero((expected[:, near] != actual[:, near]).any(axis=1))[0]
    return np.unique(np.concatenate([[row], differ[: ROWS - 1]]))


def _dots(axes: Any, cells: np.ndarray[Any, Any], start: int, color: str, mark: str, label: str) -> None:
    rows, steps = np.nonzero(cells)
    size = 14 if len(cells) > ROWS else 50
    axes.scatter(steps + start, rows, s=size, c=color, marker=mark, linewidths=1.2, label=f"{label} ({len(rows)})")


def _legend(axes: Any) -> None:
    """Beside the panel, so that it hides nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small", frameon=False)


def _words(head: str, axes: Any) -> str:
    """The head, and what the legend names."""
    return f"{head}: {', '.join(axes.get_legend_handles_labels()[1]) or 'nothing was sent'}"


def _overlaid(axes: Any, part: Window, record: NodeRecord, pair: tuple[str, str], rows: np.ndarray[Any, Any]) -> None:
    expected, actual = (record.rungs[rung].output[rows] for rung in pair)
    known = np.arange(part.steps) >= record.since[rows][:, None]
    different = (expected != actual) & known
    groups = (
        ((expected == actual) & (expected != 0), BOTH, "|", "both the same"),
        (different & (actual == 0), EXPECTED, "^", f"only {pair[0]}"),
        (different & (expected == 0), ACTUAL, "v", f"only {pair[1]}"),
        (different & (expected != 0) & (actual != 0), OTHER, "D", "other values"),
    )
    for cells, color, mark, label in groups:
        if cells.any():
            _dots(axes, cells & known, part.start, color, mark, label)
    ticks = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), 8)).astype(int))
    places = [np.unravel_index(record.neurons[rows[tick]], record.shape) for tick in ticks]
    names = [f"({','.join(map(str, place))})" for place in places]
    axes.set_yticks(ticks, names)
    axes.invert_yaxis()
    axes.set(xlabel="step", ylabel="neuron")
    _legend(axes)


def _membranes(axes: Any, part: Window, record: NodeRecord, pair: tuple[str, str], row: int) -> None:
    steps = np.arange(part.start, part.start + part.steps)[record.since[row] :]
    for rung, color, width in zip(pair, (EXPECTED, ACTUAL), (4, 1.3), strict=True):
        values = record.rungs[rung].membrane
        if values is not None:
            height = values[row, record.since[row] :] / record.rungs[rung].unit[row]
            axes.plot(steps, height, color=color, linewidth=width, alpha=0.55 if width > 2 else 1, label=rung)
    if record.threshold is not None:
        axes.axhline(record.threshold[row], color=BOTH, linestyle="--", linewidth=0.9, label="threshold")
    axes.set(xlabel="step", ylabel="membrane")
    _legend(axes)
