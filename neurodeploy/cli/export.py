"""``neurodeploy export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working
from neurodeploy.errors import InputError

if TYPE_CHECKING:
    from neurodeploy.network.network import Network


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
    if stages or stop_after is not None:
        network = None if source is None else load(source, **how)
        show_stages(network, target, given, encoder, stop_after, stages, output.as_json)
        return
    if source is None or target is None:
        raise InputError("needs a SOURCE and a --target", "export", "see export --help, or list its stages: --stages")
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


def show_stages(
    network: Network | None,
    target: str | None,
    given: dict[str, str],
    encoder: Path | None,
    stop_after: str | None,
    listed: bool,
    as_json: bool,
) -> None:
    """Print the stages, ``listed`` or the result of the last one that ran."""
    from neurodeploy.flow.encoder import with_encoder
    from neurodeploy.flow.staging import stages
    from neurodeploy.report.console import render, stdout

    if network is None and stop_after is not None and not listed:
        raise InputError("shows what a stage makes of a network, and there is none", "--stop-after", "name a SOURCE")
    network = with_encoder(network, encoder) if network is not None and encoder is not None else network
    ran = stages(network, target, given, stop_after)
    result = ran.stages[-1].result
    if as_json:
        o.emit(ran.to_json())
        return
    stdout().print(render(ran.tables if listed or result is None else (result,)))
