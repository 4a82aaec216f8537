"""``neurodeploy export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.early import check_names
from neurodeploy.cli.progress import working
from neurodeploy.errors import InputError


@with_blocks
def export(
    source: o.SourceOrNone = None,
    target: o.Target = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Its folder (default <source-stem>.<target>)."),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A spike encoder in front, as encode --save-encoder wrote it."),
    ] = None,
    stages: Annotated[
        bool, typer.Option("--stages", help="List the stages of quantization and their options; write nothing.")
    ] = False,
    stop_after: Annotated[
        str | None,
        typer.Option("--stop-after", metavar="STAGE", help="Stop after a stage and show its result; write nothing."),
    ] = None,
    calibrate: o.Calibrate = None,
    assign: o.Assign = None,
    *,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Quantize a network for a target and write a bundle.

    The bundle holds the network, its integers and what the target loads; an existing bundle is replaced.
    """
    options = o.assignments(assign)
    check_names(target, options)
    from neurodeploy import flow
    from neurodeploy.finding import of_ranges
    from neurodeploy.flow.plain import bundle_json
    from neurodeploy.report.console import render, show_bundle

    if source is None and stop_after is not None and not stages:
        raise InputError("shows what a stage makes of a network, and there is none", "--stop-after", "name a SOURCE")
    if stages or stop_after is not None:
        listing = flow.stages(source, target, options, stop_after, encoder, calibrate, **loading.arguments())
        result = listing.stages[-1].result
        output.show(listing.to_json, render(listing.tables if stages or result is None else (result,)))
        return
    if source is None or target is None:
        raise InputError("needs a SOURCE and a --target", "export", "see export --help, or list its stages: --stages")
    with working("exporting", output.silent):
        bundle = flow.export(source, target, out, options, encoder, calibrate, **loading.arguments())
    first = of_ranges(bundle.artifact.findings)
    for finding in (*first, *(other for other in bundle.artifact.findings if other not in first)):
        typer.echo(str(finding), err=True)
    output.show(
        lambda: {"bundle": str(bundle.path), **bundle_json(bundle)}, show_bundle(bundle), f"wrote {bundle.path}"
    )
