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
    assign: o.Assign = None,
    *,
    framing: o.Framing,
    making: o.Making,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Run one rung on a stimulus; show or write its trace."""
    from neurodeploy.flow.running import run as execute
    from neurodeploy.flow.subject import open_subject
    from neurodeploy.report.console import show_trace, stdout
    from neurodeploy.report.plain import trace_json

    frames = framing.frames()
    how = loading.arguments()
    opened = open_subject(subject, **how)
    with working(f"running {on or subject}", output.silent):
        trace = execute(
            opened,
            stimulus,
            on=on,
            states=states,
            options=o.assignments(assign),
            operations=operations,
            steps=making.steps,
            samples=making.samples,
            seed=making.seed,
            batch=framing.batch,
            framing=frames,
        )
    if out is not None:
        trace.save(out, batched=framing.batch or trace.batch > 1)
    if output.as_json:
        o.emit({**trace_json(trace), "trace": None if out is None else str(out)})
    output.tell(trace.findings)
    if not output.silent:
        stdout().print(show_trace(trace))
