"""``neurodeploy run``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working


@dataclass(frozen=True)
class Heading:
    """The head that reads the run out, and its files."""

    head: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,KEY=VALUE]",
            help="Read the run out by a head, e.g. boxes,margin=3; inspect lists those that fit.",
        ),
    ] = None
    head_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the head made of every sample (.json).")
    ] = None
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the head's view of the first sample (.png, .svg, .pdf).")
    ] = None


@with_blocks
def run(
    subject: o.Subject,
    stimulus: o.Stimulus = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="RUNG", help="source, network, program or a target (default: the bundle's target)."),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="TRACE", help="Write the trace (.npz).")] = None,
    states: Annotated[bool, typer.Option("--states", help="Record membranes and currents too.")] = False,
    operations: Annotated[
        bool, typer.Option("--operations", help="Count synaptic operations, neuron updates and events (integer rungs).")
    ] = False,
    sums: Annotated[
        bool, typer.Option("--sums", help="Keep what each neuron sent in all, not every step: for long recordings.")
    ] = False,
    assign: o.Assign = None,
    trust_sources: o.TrustSources = False,
    *,
    heading: Heading,
    framing: o.Framing,
    making: o.Making,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Run one rung on a stimulus; show or write its trace."""
    from neurodeploy import flow
    from neurodeploy.flow.plain import trace_json
    from neurodeploy.report.console import show_trace

    with working(f"running {on or subject}", output.silent):
        trace = flow.run(
            subject,
            stimulus,
            on=on,
            states=states,
            operations=operations,
            sums=sums,
            options=o.assignments(assign),
            trust_sources=trust_sources,
            out=out,
            **vars(heading),
            **framing.arguments(),
            **vars(making),
            **loading.arguments(),
        )
    output.tell(trace.findings)
    files = {"trace": out, "head_out": heading.head_out, "picture": heading.picture}
    written = {name: None if path is None else str(path) for name, path in files.items()}
    output.show(lambda: {**trace_json(trace), **written}, show_trace(trace))
