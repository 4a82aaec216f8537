"""``neurodeploy targets`` and ``targets install``."""

from __future__ import annotations

from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks

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
    name: Annotated[str, typer.Argument(metavar="NAME", help="The target to set up.", show_default=False)],
    *,
    output: o.Output,
) -> None:
    """Set up a target's own environment."""
    from neurodeploy import flow

    flow.install_target(name, lambda line: None if output.quiet else typer.echo(line, err=True))
    output.show(lambda: {"target": name, "ready": True}, f"{name} is ready")
