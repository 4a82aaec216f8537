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
    from neurodeploy.model import installed_models
    from neurodeploy.report.console import stdout, table
    from neurodeploy.report.plain import models_json

    found = installed_models()
    if output.as_json:
        o.emit(models_json(found))
    if output.silent:
        return
    rows = table("models", "name", "presets", "summary")
    for name, each in found.items():
        rows.add_row(name, *(("", each) if isinstance(each, str) else (", ".join(each.presets), each.summary)))
    stdout().print(rows)


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
    from neurodeploy.frontends.torch_extra import need_torch
    from neurodeploy.model import find_model

    need_torch()
    from neurodeploy.frontends.checkpoint import save_checkpoint

    model = find_model(name)
    config = model.preset(preset)
    place = out or Path(f"{name}.pt")
    save_checkpoint(model, config, model.build(config), place)
    if stimulus is not None:
        model.stimulus(config, making.steps, making.samples, making.seed).save(stimulus)
    if output.as_json:
        written = None if stimulus is None else str(stimulus)
        o.emit({"model": name, "preset": preset or next(iter(model.presets)), "path": str(place), "stimulus": written})
    elif not output.quiet:
        typer.echo(f"wrote {place}" + ("" if stimulus is None else f" and {stimulus}"))
