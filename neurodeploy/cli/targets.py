"""``neurodeploy targets``, ``targets install`` and ``targets conform``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working

TargetOption = Annotated[
    list[str] | None,
    typer.Option("-O", metavar="KEY=VALUE", help="An option of the target, or numerics=NAME; repeatable."),
]
app = typer.Typer(add_completion=False, invoke_without_command=True, rich_markup_mode=None)


@app.callback()
@with_blocks
def targets(ctx: typer.Context, *, output: o.Output) -> None:
    """List targets: which can run here, and why others cannot."""
    if ctx.invoked_subcommand is not None:
        return
    from neurodeploy.flow.plain import targets_json
    from neurodeploy.report.console import show_targets
    from neurodeploy.target import installed_targets

    installed = installed_targets()
    output.show(lambda: targets_json(installed), show_targets(installed))


@app.command("install")
@with_blocks
def install(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The target to set up, or sana-fe (estimates).", show_default=False)
    ],
    *,
    output: o.Output,
) -> None:
    """Set up a target's own environment."""
    from neurodeploy import flow

    flow.install_target(name, lambda line: None if output.quiet else typer.echo(line, err=True))
    output.show(lambda: {"target": name, "ready": True}, f"{name} is ready")


@app.command("conform")
@with_blocks
def conform(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The target to judge.", show_default=False)],
    networks: Annotated[
        int, typer.Option("--networks", "-n", metavar="N", min=0, help="How many networks are drawn at random.")
    ] = 30,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the first of them.")] = 0,
    again: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run only the case that an earlier run saved there.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where to save the smallest failing case.")
    ] = None,
    assign: TargetOption = None,
    *,
    output: o.Output,
) -> None:
    """Judge a target: does it compute, cell for cell, what it declares?

    Every attribute of every operator is tried at its edges, then networks drawn at random within what the target
    declares. A case passes, is unsupported (the target declares so), or fails. Exit code 0: none failed; 1: some did;
    4: the target cannot run here; 5: nothing ran, or only the reference's own code.
    """
    from neurodeploy import flow
    from neurodeploy.report.console import render

    with working(f"judging {name}", output.silent) as progress:
        report = flow.conform(
            name, networks, seed=seed, options=o.assignments(assign), again=again, out=out, progress=progress
        )
    output.show(report.to_json, render(report.blocks()))
    raise typer.Exit({"agree": 0, "diverged": 1, "inconclusive": 5}[report.verdict])
