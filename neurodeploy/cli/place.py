"""``neurodeploy place``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working


@with_blocks
def place(
    subject: o.Subject,
    chip: Annotated[str, typer.Option(metavar="NAME|FILE.yaml", help="A chip: loihi1, loihi2, or that of a file.")],
    stimulus: Annotated[
        Path | None,
        typer.Option(
            "--input",
            "-i",
            metavar="STIMULUS",
            help="Count its messages between cores (default: every neuron sends once).",
        ),
    ] = None,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            "-O",
            metavar="KEY=VALUE",
            help="strategy=first-fit|traffic, chips=N, or an option of quantization of a source; repeatable.",
        ),
    ] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="Draw the chips and what stands where (.svg).")
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Keep the placement in the bundle; its digest changes.")
    ] = False,
    *,
    framing: o.Framing,
    making: o.Making,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Put neurons and synapses on the cores of chips.

    Shows what every core uses of its limits, and the traffic between cores; where something does not fit, everything
    that does not, each with the smallest change that would.
    """
    from neurodeploy import flow
    from neurodeploy.atomic import write_file
    from neurodeploy.placement.picture import chip_map
    from neurodeploy.report.console import render

    o.check_apart(map_, subject=subject, chip=chip, stimulus=stimulus, **vars(loading))
    with working("placing", output.silent):
        placement = flow.place(
            subject,
            chip,
            stimulus,
            options=o.assignments(assign),
            store=store,
            **framing.arguments(),
            **vars(making),
            **loading.arguments(),
        )
    if map_ is not None:
        text = chip_map(placement).encode()
        write_file(map_, lambda file: file.write(text))
    output.show(placement.to_json, render(placement.blocks()))
