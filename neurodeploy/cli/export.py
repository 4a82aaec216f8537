"""``neurodeploy export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working


@with_blocks
def export(
    source: o.Source,
    target: o.Target,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Its folder (default <source-stem>.<target>)."),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A spike encoder in front, as encode --save-encoder wrote it."),
    ] = None,
    assign: o.Assign = None,
    *,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Quantize a network for a target and write a bundle.

    The bundle holds the network, its integers and what the target loads; an existing bundle is replaced.
    """
    from neurodeploy.bundle import check_replaceable
    from neurodeploy.flow import export as write
    from neurodeploy.flow import load
    from neurodeploy.flow.exporting import bundle_place
    from neurodeploy.report.console import show_bundle, stdout
    from neurodeploy.report.plain import bundle_json
    from neurodeploy.target import find_target

    how = loading.arguments()
    given = o.assignments(assign)
    chosen = find_target(target)
    place = out or bundle_place(source, chosen.name)
    check_replaceable(place)
    with working("exporting", output.silent):
        bundle = write(load(source, **how), chosen, place, given, encoder)
    for finding in bundle.artifact.findings:
        typer.echo(str(finding), err=True)
    if output.as_json:
        o.emit({"bundle": str(place), **bundle_json(bundle)})
    elif not output.quiet:
        stdout().print(show_bundle(bundle))
        typer.echo(f"wrote {place}")
