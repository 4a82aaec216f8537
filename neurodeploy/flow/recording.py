"""What a recording of an event camera holds."""

from __future__ import annotations

from pathlib import Path

from neurodeploy.errors import InputError
from neurodeploy.events import Sensor, open_events
from neurodeploy.events.summary import Summary, summarize


def events_info(
    file: str | Path,
    sensor: str | tuple[int, int] | None = None,
    *,
    columns: str | None = None,
    time_unit: str | None = None,
    sort: str | None = None,
) -> Summary:
    """Format, sensor, number and rate of events, duration, polarities and hot pixels of a recording.

    Args:
        file: AEDAT 2.0, 3.1 and 4.0, DAT, EVT2 and EVT3 (``.raw``), N-MNIST (``.bin``), Event Stream (``.es``), HDF5,
            MAT, CSV or NumPy.
        sensor: its size as ``(width, height)`` or ``"640x480"``, where the file does not say it.
        columns: the columns of a table without names, in their order, such as ``"x,y,p,t"``.
        time_unit: ``"ns"``, ``"us"``, ``"ms"`` or ``"s"``, where a table does not say it.
        sort: events that come late by at most this time, such as ``"1ms"``, are put in order.

    Raises:
        InputError: for a file that cannot be read. UnavailableError: where its format needs an extra.

    Example:
        >>> nd.events_info("recording.aedat4").events
    """
    size = None if sensor is None else _sensor(sensor)
    return summarize(open_events(Path(file), size, columns=columns, time_unit=time_unit, sort=sort))


def _sensor(size: str | tuple[int, int]) -> Sensor:
    parts = size.lower().split("x") if isinstance(size, str) else [str(length) for length in size]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise InputError(f"{size!r} is no size of a sensor", "--sensor", "write it as WIDTHxHEIGHT, e.g. 640x480")
    return Sensor(int(parts[0]), int(parts[1]))
