"""Lines and tables on a terminal, and what the command line shows of every object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from neurodeploy.bundle import Bundle
from neurodeploy.contract import terms_text
from neurodeploy.document import Block, Line, Span, Tone, line, quiet
from neurodeploy.flow.inspecting import Inspection
from neurodeploy.foreign import shown
from neurodeploy.model import ReferenceModel
from neurodeploy.network.network import Network
from neurodeploy.parity.report import Report
from neurodeploy.program.program import Program
from neurodeploy.program.tables import neuron_table
from neurodeploy.report.fitted import Fitted
from neurodeploy.table import Table
from neurodeploy.target import Installed
from neurodeploy.trace import Trace, operations_table, trace_table

STYLES: dict[Tone, str] = {"plain": "", "quiet": "dim", "good": "green", "warning": "yellow", "bad": "bold red"}


def render(blocks: Iterable[Block]) -> RenderableType:
    """Lines and tables in color; an empty line stands before every heading but the first."""
    parts: list[RenderableType] = []
    for block in blocks:
        if isinstance(block, Line):
            parts += [Text("")] if block.heading and parts else []
            parts.append(_text(block))
        else:
            parts.append(Fitted(block))
    return Group(*parts)


def show_report(report: Report) -> RenderableType:
    """A climbed ladder."""
    return render(report.blocks())


def show_network(network: Network) -> RenderableType:
    """Nodes, shapes and contract of a float network."""
    return render([network.table(), quiet(f"contract: {terms_text(network.contract.to_json()['defaults'])}")])


def show_program(
    program: Program, layers: Sequence[Mapping[str, Any]], neurons: Sequence[Mapping[str, Any]] = ()
) -> RenderableType:
    """Populations, projections and integers of a Program; ``layers`` and ``neurons`` as in a bundle's report."""
    tables = [*program.tables(layers), *([neuron_table(neurons)] if neurons else [])]
    return render([*tables, quiet(program.cost)])


def show_bundle(bundle: Bundle) -> RenderableType:
    """A bundle: its target, its program, the target's files and the notes about them."""
    layers, neurons = (bundle.report.get(key, []) for key in ("layers", "neurons"))
    files = [
        line(f"target/{name}  {len(data)} bytes", indent=2) for name, data in sorted(bundle.artifact.files.items())
    ]
    return Group(
        render([line(f"bundle for {bundle.target}, digest {bundle.digest[:16]}")]),
        show_program(bundle.program, layers, neurons),
        render([*files, *(quiet(note, indent=2) for note in bundle.artifact.notes)]),
    )


def show_trace(trace: Trace) -> RenderableType:
    """A trace: counts per node, what it cost where that was counted, and what a head made of it."""
    about = {name: value for name, value in trace.about().items() if name not in ("operations", "findings")}
    costs = [] if trace.operations is None else [operations_table(trace.operations)]
    task = [] if trace.task is None else [trace.task.table]
    return render([trace_table(trace), *costs, *task, quiet(str(about))])


def show_targets(targets: Mapping[str, Installed]) -> RenderableType:
    """Installed targets with availability and reason."""
    return render([targets_table(targets)])


def targets_table(targets: Mapping[str, Installed]) -> Table:
    """A row per registered target: whether it can run here, its options, and what it is."""
    rows: list[tuple[str, ...]] = []
    for name, installed in targets.items():
        available = "yes" if installed.reason is None else f"no: {installed.reason}"
        options = () if installed.target is None else installed.target.options
        summary = "" if installed.target is None else installed.target.summary
        rows.append((name, available, " ".join(f"{option.name}={option.default}" for option in options), summary))
    return Table("targets", ("name", "available", "-O", "summary"), rows)


def show_inspection(view: Inspection) -> list[RenderableType]:
    """What ``inspect`` shows: the thing itself, and a model's integers where a target was named."""
    if isinstance(view.subject, Trace):
        return [show_trace(view.subject)]
    if isinstance(view.subject, Bundle):
        return [show_network(view.subject.network), *_heads(view), show_bundle(view.subject), *_proof(view)]
    shown = [show_network(view.subject), *_heads(view)]
    if view.lowered is not None:
        shown += [show_program(view.lowered.artifact.program, view.layers, view.neurons), *_proof(view)]
    return shown


def _heads(view: Inspection) -> list[RenderableType]:
    return [render([quiet(f"heads (run --head): {', '.join(view.heads)}")])] if view.heads else []


def _proof(view: Inspection) -> list[RenderableType]:
    return [] if view.proof is None else [render(view.proof.blocks(complete=True))]


def show_models(models: Mapping[str, ReferenceModel | str]) -> RenderableType:
    """Reference networks with their presets, or why they cannot be used."""
    rows = [
        (name, *(("", model) if isinstance(model, str) else (", ".join(model.presets), model.summary)))
        for name, model in models.items()
    ]
    return render([Table("models", ("name", "presets", "summary"), rows)])


def stdout() -> Console:
    """A console on standard output, wide when it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=140, soft_wrap=False)


def _text(block: Line) -> Text:
    return Text(" " * block.indent) + Text.assemble(*map(_styled, block.spans))


def _styled(span: Span) -> tuple[str, str]:
    return shown(span.text, lines=True), STYLES[span.tone]
