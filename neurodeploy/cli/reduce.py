"""``neurodeploy reduce``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working


@with_blocks
def reduce(
    subject: o.Subject,
    stimulus: o.Stimulus = None,
    target: o.Target = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FOLDER", help="Folder to write (default: <subject-stem>.reduced)."),
    ] = None,
    assign: o.Assign = None,
    trust_sources: o.TrustSources = False,
    *,
    framing: o.Framing,
    making: o.Making,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Make a failing check small.

    Fewest samples, steps, nodes, neurons and events with which the target still differs in the same node and quantity,
    written as a bundle and a stimulus, with the command that checks them.
    """
    from neurodeploy import flow

    with working(f"reducing {subject}", output.silent) as progress:
        case = flow.reduce(
            subject,
            stimulus,
            out,
            target=target,
            options=o.assignments(assign),
            trust_sources=trust_sources,
            progress=progress,
            **framing.arguments(),
            **vars(making),
            **loading.arguments(),
        )
    output.show(case.to_json, "\n".join(case.lines))
