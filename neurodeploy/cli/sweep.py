"""``neurodeploy sweep``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working

Choices = Annotated[
    Path | None,
    typer.Option(metavar="FILE.toml", help="All choices in a file: targets, options, stimuli, calibrate, seeds."),
]


@dataclass(frozen=True)
class Size:
    """How much of every stimulus."""

    steps: Annotated[int | None, typer.Option(metavar="T", min=1, help="Steps of every stimulus.")] = None
    samples: Annotated[int | None, typer.Option(metavar="B", min=1, help="Samples of every stimulus.")] = None


Again = Annotated[
    list[str] | None,
    typer.Option("-O", metavar="KEY=VALUE", help="A value of an option; name a key again for every other value."),
]
Shown = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", metavar="STIMULUS", help="A stimulus, or own: the model's, else noise; repeatable."),
]


@with_blocks
def sweep(
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The folder of the table.")],
    target: Annotated[
        list[str] | None, typer.Option("--target", "-t", metavar="NAME", help="A target; repeatable.")
    ] = None,
    assign: Again = None,
    stimulus: Shown = None,
    calibrate: Annotated[
        list[str] | None,
        typer.Option(metavar="STIMULUS", help="A stimulus to calibrate with, own, or none; repeatable."),
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Seed of a stimulus that is made here; repeatable.")
    ] = None,
    choices: Choices = None,
    budget: Annotated[
        float, typer.Option(metavar="X", help="Jaccard index that the best row keeps in every layer.")
    ] = 0.9,
    executor: Annotated[str, typer.Option(metavar="HOW", help="serial, processes:N or dask:ADDRESS.")] = "serial",
    *,
    size: Size,
    framing: o.Framing,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Export and check every combination of choices, a row each.

    Finished rows are kept at once: a sweep that was stopped goes on where it was. The folder gets table.csv,
    table.parquet and pareto.svg. Exit code 0 where there is any row, 1 where all failed.
    """
    from neurodeploy.report.console import render
    from neurodeploy.sweeps import sweep as swept

    with working("sweeping", output.silent) as progress:
        table = swept(
            source,
            out,
            targets=target or (),
            options=o.several(assign),
            stimuli=stimulus or ("own",),
            calibrate=calibrate or ("none",),
            seeds=seed or (0,),
            choices=choices,
            budget=budget,
            executor=executor,
            progress=progress,
            **vars(size),
            **framing.arguments(),
            **loading.arguments(),
        )
    output.tell(table.findings)
    output.show(table.to_json, render(table.blocks()), f"wrote {out}")
    if all(row.get("error") for row in table.rows):
        raise typer.Exit(1)
