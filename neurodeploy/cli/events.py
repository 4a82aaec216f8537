"""``neurodeploy events info``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.cli.progress import working
from neurodeploy.errors import InputError

if TYPE_CHECKING:
    from neurodeploy.events import Sensor

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
    from neurodeploy.events import open_events
    from neurodeploy.events.summary import summarize

    with working(f"reading {file}", output.silent):
        size = None if sensor is None else _sensor(sensor)
        summary = summarize(open_events(file, size, columns=columns, time_unit=time_unit, sort=sort))
    if output.as_json:
        o.emit(summary.to_json())
        return
    output.tell(summary.findings)
    if not output.quiet:
        from neurodeploy.report.console import filled, stdout

        shown = filled(summary.table())
        shown.show_header = False
        stdout().print(shown)


def _sensor(text: str) -> Sensor:
    from neurodeploy.events import Sensor

    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise InputError(f"{text!r} is no size of a sensor", "--sensor", "write it as WIDTHxHEIGHT, e.g. 640x480")
    return Sensor(int(parts[0]), int(parts[1]))
