"""``neurodeploy targets`` and ``targets install``."""

from __future__ import annotations

from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.errors import InputError

app = typer.Typer(add_completion=False, invoke_without_command=True, rich_markup_mode=None)


@app.callback()
@with_blocks
def targets(ctx: typer.Context, *, output: o.Output) -> None:
    """List targets: which can run here, and why others cannot."""
    if ctx.invoked_subcommand is not None:
        return
    from neurodeploy.report.console import show_targets, stdout
    from neurodeploy.report.plain import targets_json
    from neurodeploy.target import installed_targets

    found = installed_targets()
    if output.as_json:
        o.emit(targets_json(found))
    elif not output.quiet:
        stdout().print(show_targets(found))


@app.command("install")
@with_blocks
def install(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The target to set up.", show_default=False)],
    *,
    output: o.Output,
) -> None:
    """Set up a target's own environment."""
    from neurodeploy.target import find_target

    target = find_target(name, "targets install")
    if target.install is None:
        raise InputError(f"target {name} needs no environment of its own", "targets install", "use it as it is")
    target.install(lambda line: None if output.quiet else typer.echo(line, err=True))
    if output.as_json:
        o.emit({"target": name, "ready": True})
    elif not output.quiet:
        typer.echo(f"{name} is ready")
