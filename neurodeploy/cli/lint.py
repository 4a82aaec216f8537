"""``neurodeploy lint``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks


@with_blocks
def lint(
    source: o.Source,
    repair: Annotated[bool, typer.Option("--fix", help="Write a repaired .nir to --out.")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.nir", help="With --fix: the repaired file.")
    ] = None,
    *,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """List every finding about how a network is stepped.

    Each finding says what it means for the spikes and how to repair it. Exit code 1: there are errors (with --fix: that
    could not be repaired). A file that does not say how it is stepped gets the profiles that would fit.
    """
    from neurodeploy import flow

    report = flow.lint(source, fix=repair, out=out, **loading.arguments())
    output.show(report.to_json, str(report))
    raise typer.Exit(1 if report.errors else 0)
