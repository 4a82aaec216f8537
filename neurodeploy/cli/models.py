"""``neurodeploy models`` and ``models build``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o

app = typer.Typer(add_completion=False, invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def models(ctx: typer.Context, as_json: o.Json = False, quiet: o.Quiet = False) -> None:
    """List the reference networks."""
    if ctx.invoked_subcommand is not None:
        return
    from neurodeploy.model import installed_models
    from neurodeploy.report.console import stdout, table
    from neurodeploy.report.plain import models_json

    found = installed_models()
    if as_json:
        o.emit(models_json(found))
    if as_json or quiet:
        return
    rows = table("models", "name", "presets", "summary")
    for name, each in found.items():
        rows.add_row(name, *(("", each) if isinstance(each, str) else (", ".join(each.presets), each.summary)))
    stdout().print(rows)


@app.command("build")
def build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The reference network.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.pt", help="Checkpoint to write (default NAME.pt).")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="PRESET", help="A named configuration of it (default: its first).")
    ] = None,
    stimulus: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="Write its stimulus too.")] = None,
    steps: o.Steps = None,
    samples: o.Samples = None,
    seed: o.Seed = 0,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a reference network as a checkpoint."""
    import numpy as np

    from neurodeploy.atomic import write_file
    from neurodeploy.frontends.torch_extra import need_torch
    from neurodeploy.model import find_model

    need_torch()
    from neurodeploy.frontends.checkpoint import save_checkpoint

    model = find_model(name)
    config = model.preset(preset)
    place = out or Path(f"{name}.pt")
    save_checkpoint(model, config, model.build(config), place)
    if stimulus is not None:
        arrays = model.stimulus(config, steps, samples, seed)
        write_file(stimulus, lambda handle: np.savez_compressed(handle, **arrays))  # type: ignore[arg-type]
    if as_json:
        written = None if stimulus is None else str(stimulus)
        o.emit({"model": name, "preset": preset or next(iter(model.presets)), "path": str(place), "stimulus": written})
    elif not quiet:
        typer.echo(f"wrote {place}" + ("" if stimulus is None else f" and {stimulus}"))
