"""``neurodeploy run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working


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
    head: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,KEY=VALUE]",
            help="Read the run out by a head, e.g. boxes,margin=3; inspect lists those that fit.",
        ),
    ] = None,
    head_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the head made of every sample (.json).")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the head's view of the first sample (.png, .svg, .pdf).")
    ] = None,
    assign: o.Assign = None,
    trust_sources: o.TrustSources = False,
    *,
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
            options=o.assignments(assign),
            trust_sources=trust_sources,
            out=out,
            head=head,
            head_out=head_out,
            picture=picture,
            **framing.arguments(),
            **vars(making),
            **loading.arguments(),
        )
    output.tell(trace.findings)
    files = {"trace": out, "head_out": head_out, "picture": picture}
    written = {name: None if path is None else str(path) for name, path in files.items()}
    output.show(lambda: {**trace_json(trace), **written}, show_trace(trace))
