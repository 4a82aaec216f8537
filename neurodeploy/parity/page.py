"""A report as HTML: one self-contained page, or a piece of a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.network.tables import terms
from neurodeploy.parity.words import explanation, unit_of
from neurodeploy.table import number

if TYPE_CHECKING:
    from neurodeploy.parity.report import Divergence, NodeResult, Report, Rung

_COLUMNS = ("node", ">expected", ">actual", ">differing cells", ">Jaccard or RMS", ">isolated", ">ties", ">latency")
_PAGE = "body { margin: 1.5rem; color: #1c2430; background: #fff; }"


def report_page(report: Report) -> str:
    """The page; it needs nothing from anywhere else."""
    head = f'<!doctype html><meta charset="utf-8"><title>Parity report</title><style>{_PAGE}</style>'
    return head + report_fragment(report)


def report_fragment(report: Report) -> str:
    """The report without the frame of a page."""
    parts = [f'<h2>Parity report: <span class="{report.verdict}">{report.verdict}</span></h2>']
    parts += [f"<p>{escape(reason)}</p>" for reason in report.reasons]
    parts += [_rung(rung) for rung in report.rungs]
    parts += [f"<p>{escape(name)} was not run: {escape(reason)}</p>" for name, reason in report.not_run.items()]
    parts.append(_coverage(report))
    parts += [_task(report.task)] if report.task else []
    parts += [f"<p>{escape(str(finding))}</p>" for finding in report.findings]
    about = {key: value for key, value in report.about.items() if key != "contract"}
    parts.append(html_note("; ".join(f"{key}: {value}" for key, value in about.items())))
    if "contract" in report.about:
        parts.append(html_note(f"contract: {terms(report.about['contract']['defaults'])}"))
    return fragment(*parts)


def _rung(rung: Rung) -> str:
    notes = "".join(f"<br><small>{escape(each)}</small>" for each in (*rung.reasons, *rung.remarks))
    head = f"{escape(rung.source)} → {escape(rung.target)}"
    claim = f" <small>({escape(rung.claim)})</small>" if rung.claim else ""
    title = f'<h3>{head}: <span class="{rung.verdict.replace(" ", "-")}">{rung.verdict}</span>{claim}</h3>{notes}'
    rows = [_row(name, node, rung.latency.get(name)) for name, node in rung.nodes.items()]
    first = rung.first_divergence
    return title + html_table("", _COLUMNS, rows) + ("" if first is None else _divergence(first, unit_of(rung)))


def _row(name: str, node: NodeResult, latency: int | None) -> tuple[object, ...]:
    measure = f"RMS {node.relative_rms:.4f}" if node.relative_rms is not None else f"{node.jaccard or 0.0:.4f}"
    return (
        name,
        "graded" if node.graded else node.expected_spikes,
        "graded" if node.graded else node.actual_spikes,
        f"{node.mismatches} of {node.cells}",
        measure,
        "" if node.isolated is None else number(round(node.isolated, 4)),
        node.ties or "",
        "" if latency is None else latency,
    )


def _divergence(first: Divergence, unit: str) -> str:
    where = f"{escape(first.node)}, sample {first.sample}, step {first.step}, neuron {list(first.neuron)}"
    text = (
        f"First divergence: <code>{where}</code>: {escape(first.quantity)} {number(first.expected)} expected, "
        f"{number(first.actual)} came."
    )
    text += "".join(f"<br>{escape(line)}" for line in explanation(first, unit))
    return f"<p>{text}</p>"


def _coverage(report: Report) -> str:
    keys = sorted({key for values in report.coverage.values() for key in values})
    heads = ("node", *(f">{key.replace('_', ' ')}" for key in keys))
    rows = [(node, *(_percent(values.get(key)) for key in keys)) for node, values in report.coverage.items()]
    return html_table("coverage", heads, rows)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _task(task: Mapping[str, Mapping[str, Any]]) -> str:
    return html_table("task", ("rung", "value"), [(rung, _value(value)) for rung, value in task.items()])


def _value(value: Mapping[str, Any]) -> str:
    if "accuracy" in value:
        return f"accuracy {_percent(value['accuracy'])}"
    if "class" in value:
        return f"class {', '.join(map(str, value['class'][:10]))}{' …' if len(value['class']) > 10 else ''}"
    return f"mean {value['mean']:.5f}, standard deviation {value['std']:.5f}"
