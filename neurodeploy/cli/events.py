"""``neurodeploy events info``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def events() -> None:
    """Look at event-camera recordings."""


@app.command("info")
@with_blocks
def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of events.", show_default=False)],
    sensor: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="Size of the sensor, where the file does not say it.")
    ] = None,
    columns: o.Columns = None,
    time_unit: o.TimeUnit = None,
    sort: o.Sort = None,
    *,
    output: o.Output,
) -> None:
    """Show what a recording of events holds.

    Format, sensor, number and rate of events, duration, polarities, hot pixels, and whether its time only goes forward.
    Formats: AEDAT 2.0, 3.1 and 4.0, DAT, EVT2 and EVT3 (.raw), N-MNIST (.bin), Event Stream (.es), HDF5, MAT, CSV and
    NumPy.
    """
    from neurodeploy import flow

    with working(f"reading {file}", output.silent):
        summary = flow.events_info(file, sensor, columns=columns, time_unit=time_unit, sort=sort)
    if not output.as_json:
        output.tell(summary.findings)
    if output.silent:
        output.show(summary.to_json)
        return
    from neurodeploy.report.fitted import Fitted

    shown = Fitted(summary.table())
    output.show(summary.to_json, shown)
