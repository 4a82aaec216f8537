"""What a report shows of its parts, as lines and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurodeploy.document import Block, Line, Span, Tone, line, quiet
from neurodeploy.parity.quantization import loss_blocks
from neurodeploy.parity.rung import Arrival, Divergence, NodeResult, Rung, Verdict
from neurodeploy.table import Table, number, said

TONES: dict[Verdict, Tone] = {"agree": "good", "diverged": "bad", "inconclusive": "warning", "same code": "warning"}
COLUMNS = (
    *("node", ">expected", ">actual", ">differ", ">isolated", ">local"),
    *(">Jaccard", ">isolated Jaccard", ">ties", ">latency", ">fired"),
)
ARRIVALS = 4
"""Synapses of a first divergence that are listed before the rest is left out."""
TASK_CLASSES = 10
"""Classes of a task that are listed before the rest is left out."""


def rung_blocks(rung: Rung) -> list[Block]:
    """A rung: its verdict, a row per node, reasons, remarks, and the first divergence where it diverged."""
    tone: Tone = "quiet" if rung.verdict == "agree" else "warning"
    first = rung.first_divergence
    unit = "" if rung.policy == "ties" else " LSB"
    return [
        line(
            f"{rung.source} → {rung.target}  ",
            Span(rung.verdict_words, TONES[rung.verdict]),
            Span(f"  {rung.claim}" if rung.claim else "", "quiet"),
            heading=True,
        ),
        _nodes(rung),
        *(line(Span(reason, tone), indent=2) for reason in rung.reasons),
        *(quiet(remark, indent=2) for remark in rung.remarks),
        *([] if first is None else _divergence(first, unit)),
        *([] if rung.causes is None else [line(Span(words, "bad"), indent=2) for words in rung.causes.words]),
        *loss_blocks(rung),
    ]


def _nodes(rung: Rung) -> Table:
    """A row per node; columns in which no row says anything are left out."""
    rows = [_row(name, node, rung.latency.get(name)) for name, node in rung.nodes.items()]
    return said(Table("", COLUMNS, rows))


def _row(name: str, node: NodeResult, latency: int | None) -> Sequence[str]:
    counts = ("graded", "graded") if node.graded else (str(node.expected_spikes), str(node.actual_spikes))
    return (
        f"{name} (inserted)" if node.inserted else name,
        *counts,
        str(node.mismatches),
        "" if node.isolated_mismatches is None else str(node.isolated_mismatches),
        "" if node.local_mismatches is None or node.isolated_mismatches is not None else str(node.local_mismatches),
        _distance(node.jaccard or 0.0, node.relative_rms),
        _distance(node.isolated_jaccard, node.isolated_rms),
        str(node.ties) if node.ties else "",
        "" if latency is None else str(latency),
        "" if node.graded or not node.cells else f"{100 * node.expected_spikes / node.cells:.1f} %",
    )


def _distance(jaccard: float | None, rms: float | None) -> str:
    """A Jaccard index, or the relative RMS error of a real-valued node; nothing where neither was measured."""
    if rms is not None:
        return f"rms {rms:.4f}"
    return "" if jaccard is None else f"{jaccard:.4f}"


def _divergence(first: Divergence, unit: str) -> list[Line]:
    neuron = ",".join(map(str, first.neuron))
    head = (
        f"first divergence: node {first.node}, step {first.step}, neuron ({neuron}), sample {first.sample}: "
        f"{first.quantity} {number(first.expected)} expected, {number(first.actual)} came"
    )
    return [
        line(Span(head, "bad"), indent=2),
        *(line(Span(cause, "bad"), indent=4) for cause in _causes(first, unit)),
    ]


def _causes(first: Divergence, unit: str) -> list[str]:
    """What led to a divergence: membranes, threshold and distance, and the messages that reached the neuron."""
    lines: list[str] = []
    if first.expected_membrane is not None:
        lines.append(f"membrane before threshold: {number(first.expected_membrane)}{unit} expected")
    if first.actual_membrane is not None:
        lines.append(f"membrane from the inputs that arrived: {number(first.actual_membrane)}{unit}")
    if first.threshold is not None and first.margin_lsb is not None:
        sign = "" if first.margin_lsb < 0 else "+"
        lines.append(f"threshold {number(first.threshold)}{unit}, distance {sign}{number(first.margin_lsb)}{unit}")
    lines += [f"taken: {', '.join(first.taken)}"] if first.taken else []
    lines += [
        f"from {source}: {expected} messages expected, {actual} arrived"
        for source, (expected, actual) in first.inputs.items()
    ]
    return lines + [_arrival(arrival) for arrival in first.arrivals[:ARRIVALS]]


def _arrival(arrival: Arrival) -> str:
    source = ",".join(map(str, arrival.source))
    came = f"{arrival.expected}" if arrival.expected == arrival.actual else f"{arrival.expected} → {arrival.actual}"
    return f"  {arrival.projection}: {came} from {arrival.node} ({source}), weight {arrival.weight}"


def task_table(task: Mapping[str, Mapping[str, Any]]) -> Table:
    """The value of the task on every rung."""
    return Table("task", ("rung", "value"), [(rung, _task(value)) for rung, value in task.items()])


def _task(value: Mapping[str, Any]) -> str:
    if "accuracy" in value:
        return f"accuracy {100 * value['accuracy']:.2f} %"
    if "class" in value:
        classes = ", ".join(map(str, value["class"][:TASK_CLASSES]))
        return f"class {classes}{' …' if len(value['class']) > TASK_CLASSES else ''}"
    return f"mean {value['mean']:.5f}, standard deviation {value['std']:.5f}"


def coverage_table(coverage: Mapping[str, Mapping[str, float]]) -> Table:
    """What the stimulus exercised, in per cent, by node."""
    names = sorted({name for fractions in coverage.values() for name in fractions})
    rows = [(node, *(_percent(fractions.get(name)) for name in names)) for node, fractions in coverage.items()]
    return Table("coverage", ("node", *(f">{name.replace('_', ' ')}" for name in names)), rows)


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f"{100 * fraction:.2f} %"
