"""Reports, graphs and targets as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from neurodeploy.bundle import Bundle
from neurodeploy.network.network import Network
from neurodeploy.network.tables import network_table, terms
from neurodeploy.parity.report import Divergence, NodeResult, Report, Rung
from neurodeploy.parity.words import explanation, unit_of
from neurodeploy.program.program import Program
from neurodeploy.program.tables import neuron_table
from neurodeploy.table import Table as Data
from neurodeploy.table import number
from neurodeploy.target import Installed
from neurodeploy.trace import Trace, trace_table

COLORS = {"agree": "green", "diverged": "bold red", "inconclusive": "yellow", "same code": "yellow"}
RUNG = ("node", ">expected", ">actual", ">differ", ">Jaccard", ">isolated", ">ties", ">latency", ">fired")


def table(title: str, *columns: str) -> Table:
    """A plain table; a column named ``>name`` is set to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        right = column.startswith(">")
        made.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
    return made


def filled(content: Data) -> Table:
    """A table with its rows."""
    made = table(content.title, *content.columns)
    for row in content.rows:
        made.add_row(*map(str, row))
    return made


def show_report(report: Report) -> RenderableType:
    """A climbed ladder."""
    parts: list[RenderableType] = []
    for rung in report.rungs:
        parts += [_rung(rung), Text("")]
    parts += [Text(f"{name}: not run ({reason})", style="yellow") for name, reason in report.not_run.items()]
    parts += [Text(str(finding), style="dim") for finding in report.findings]
    if report.task:
        parts += [_task(report.task), Text("")]
    parts += [Text(reason, style="yellow") for reason in report.reasons]
    verdict = Text.assemble("verdict: ", (report.verdict, COLORS[report.verdict]))
    return Group(*parts, verdict + Text(_ran(report.about), style="dim"))


def _ran(about: Mapping[str, Any]) -> str:
    told = ", ".join(f"{key}: {about[key]}" for key in ("samples", "steps", "stimulus") if key in about)
    return f"  ({told})" if told else ""


def _rung(rung: Rung) -> RenderableType:
    title = Text.assemble(
        f"{rung.source} → {rung.target}  ",
        (rung.verdict, COLORS[rung.verdict]),
        (f"  {rung.claim}" if rung.claim else "", "dim"),
    )
    found = [_node_row(name, node, rung.latency.get(name)) for name, node in rung.nodes.items()]
    used = [i for i in range(len(RUNG)) if any(row[i] for row in found)]
    rows = table("", *(RUNG[i] for i in used))
    rows.title = None
    for row in found:
        rows.add_row(*(row[i] for i in used))
    notes = [Text(f"  {each}", style="yellow" if rung.verdict != "agree" else "dim") for each in rung.reasons]
    notes += [Text(f"  {each}", style="dim") for each in rung.remarks]
    first = [_divergence(rung.first_divergence, unit_of(rung))] if rung.first_divergence is not None else []
    return Group(title, rows, *notes, *first)


def _node_row(name: str, node: NodeResult, latency: int | None) -> tuple[str, ...]:
    measure = f"rms {node.relative_rms:.4f}" if node.relative_rms is not None else f"{node.jaccard or 0.0:.4f}"
    counts = ("graded", "graded") if node.graded else (str(node.expected_spikes), str(node.actual_spikes))
    return (
        f"{name} (inserted)" if node.inserted else name,
        *counts,
        str(node.mismatches),
        measure,
        "" if node.isolated is None else number(round(node.isolated, 4)),
        str(node.ties) if node.ties else "",
        "" if latency is None else str(latency),
        "" if node.graded or not node.cells else f"{100 * node.expected_spikes / node.cells:.1f} %",
    )


def _divergence(first: Divergence, unit: str) -> Text:
    neuron = ",".join(map(str, first.neuron))
    lines = [
        f"  first divergence: node {first.node}, step {first.step}, neuron ({neuron}), sample {first.sample}: "
        f"{first.quantity} {number(first.expected)} expected, {number(first.actual)} came"
    ]
    lines += [f"    {line}" for line in explanation(first, unit)]
    return Text("\n".join(lines), style="red")


def _task(task: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    shown = table("task", "rung", "value")
    for rung, value in task.items():
        if "accuracy" in value:
            shown.add_row(rung, f"accuracy {100 * value['accuracy']:.2f} %")
        elif "class" in value:
            classes = value["class"]
            shown.add_row(rung, f"class {classes[:10]}{' …' if len(classes) > 10 else ''}")
        else:
            shown.add_row(rung, f"mean {value['mean']:.5f}, std {value['std']:.5f}")
    return shown


def show_network(network: Network) -> RenderableType:
    """Nodes, shapes and contract of a float network."""
    defaults = terms(network.contract.to_json()["defaults"])
    return Group(filled(network_table(network)), Text(f"contract: {defaults}", style="dim"))


def show_program(
    program: Program, layers: Sequence[Mapping[str, Any]], neurons: Sequence[Mapping[str, Any]] = ()
) -> RenderableType:
    """Populations, projections and integers of a Program; ``layers`` and ``neurons`` as in a bundle's report."""
    tables = [filled(each) for each in program.tables(layers)]
    tables += [filled(neuron_table(neurons))] if neurons else []
    return Group(*tables, Text(f"numerics: {program.numerics.name}", style="dim"))


def show_bundle(bundle: Bundle) -> RenderableType:
    """A bundle: what it is for, its program, the target's files and notes."""
    head = Text(f"bundle for {bundle.target}, digest {bundle.digest[:16]}")
    sizes = {name: len(data) for name, data in sorted(bundle.artifact.files.items())}
    files = Text("\n".join(f"  target/{name}  {size} bytes" for name, size in sizes.items()))
    notes = Text("\n".join(f"  {note}" for note in bundle.artifact.notes), style="dim")
    layers, neurons = (bundle.report.get(key, []) for key in ("layers", "neurons"))
    return Group(head, show_program(bundle.program, layers, neurons), files, notes)


def show_trace(trace: Trace) -> RenderableType:
    """A trace: counts per node, and what it cost where that was counted."""
    about = {key: value for key, value in trace.about().items() if key != "operations"}
    counted = [] if trace.operations is None else [filled(operations_table(trace.operations.to_json()))]
    return Group(filled(trace_table(trace)), *counted, Text(str(about), style="dim"))


def operations_table(counted: Mapping[str, Mapping[str, int]]) -> Data:
    """Operations by projection (synaptic) and by node (updates, events), with their sums."""
    kinds = ("synaptic", "updates", "events")
    names = dict.fromkeys(name for kind in ("events", "updates", "synaptic") for name in counted[kind])
    rows = [(name, *(counted[kind].get(name, "") for kind in kinds)) for name in names]
    columns = ("node or projection", ">synaptic operations", ">neuron updates", ">events")
    return Data("operations", columns, [*rows, ("total", *(counted["total"][kind] for kind in kinds))])


def show_targets(found: Mapping[str, Installed]) -> RenderableType:
    """Installed targets with availability and reason."""
    rows = table("targets", "name", "available", "-O", "summary")
    for name, each in found.items():
        given = () if each.target is None else each.target.options
        options = " ".join(f"{option.name}={option.default}" for option in given)
        summary = "" if each.target is None else each.target.summary
        rows.add_row(name, "yes" if each.reason is None else f"no: {each.reason}", options, summary)
    return rows


def stdout() -> Console:
    """A console on standard output, wide when it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=140, soft_wrap=False)
