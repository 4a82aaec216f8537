"""``neurodeploy models`` and ``models build``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks

app = typer.Typer(add_completion=False, invoke_without_command=True, rich_markup_mode=None)


@app.callback()
@with_blocks
def models(ctx: typer.Context, *, output: o.Output) -> None:
    """List the reference networks."""
    if ctx.invoked_subcommand is not None:
        return
    from neurodeploy.flow.plain import models_json
    from neurodeploy.model import installed_models
    from neurodeploy.report.console import show_models

    known = installed_models()
    output.show(lambda: models_json(known), show_models(known))


@app.command("build")
@with_blocks
def build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The reference network.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.pt", help="Checkpoint to write (default NAME.pt).")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="PRESET", help="A named configuration of it (default: its first).")
    ] = None,
    stimulus: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="Write its stimulus too.")] = None,
    *,
    making: o.Making,
    output: o.Output,
) -> None:
    """Write a reference network as a checkpoint."""
    from neurodeploy import flow
    from neurodeploy.model import find_model

    place = flow.build_model(name, out, preset, stimulus, **vars(making))
    written = None if stimulus is None else str(stimulus)
    output.show(
        lambda: {
            "model": name,
            "preset": preset or next(iter(find_model(name).presets)),
            "path": str(place),
            "stimulus": written,
        },
        f"wrote {place}" + ("" if stimulus is None else f" and {stimulus}"),
    )
