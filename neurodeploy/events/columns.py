"""Columns of numbers, as tables and arrays hold them, to events: units, signs and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.event import Chunks, Events, make_events

NAMES: Mapping[str, tuple[str, ...]] = {
    "t": ("t", "ts", "timestamp", "timestamps", "time"),
    "x": ("x", "xs", "col", "column"),
    "y": ("y", "ys", "row"),
    "p": ("p", "ps", "pol", "polarity", "polarities", "on"),
}
"""What files call the four columns."""

COORDINATES = 1 << 16
LATEST = 1 << 53
"""Times a double holds exactly; no clock in microseconds goes further."""

Column = NDArray[Any]


@dataclass(frozen=True)
class Convention:
    """How a file writes events: ``to_microseconds`` times its clock; a polarity from ``on`` upwards is ON."""

    to_microseconds: float = 1.0
    on: int = 1


def find_columns(names: Iterable[str], where: str, remedy: str) -> dict[str, str]:
    """The file's own name of each of t, x, y and p. Raises InputError for one that is missing."""
    spellings = {name.strip().lower(): name for name in names}
    columns: dict[str, str] = {}
    for column, known in NAMES.items():
        match = next((spellings[name] for name in known if name in spellings), None)
        if match is None:
            raise InputError(f"has no column {column!r}; it has {', '.join(sorted(spellings.values()))}", where, remedy)
        columns[column] = match
    return columns


def unit_of(times: Column) -> float:
    """What times are multiplied by to be microseconds: times with a fraction are seconds, whole ones microseconds."""
    if times.dtype.kind != "f":
        return 1.0
    finite = times[np.isfinite(times)]
    return 1e6 if bool(np.any(finite != np.rint(finite))) else 1.0


def convert(parts: Iterable[Mapping[str, Column]], where: str, on: int = 1) -> Chunks:
    """Events of columns by the names t, x, y and p, part by part; the first part decides the unit of time.

    Raises InputError for numbers that are no time, pixel or polarity, with the event's number.
    """
    first, rule = 0, None
    for part in parts:
        if not len(part["t"]):
            continue
        rule = rule or Convention(unit_of(part["t"]), on)
        yield _events(part, rule, first, where)
        first += len(part["t"])


def _events(part: Mapping[str, Column], rule: Convention, first: int, where: str) -> Events:
    return make_events(
        _times(part["t"], rule, first, where),
        _pixels(part["x"], "column", first, where),
        _pixels(part["y"], "row", first, where),
        _polarities(part["p"], rule, first, where),
    )


def _times(values: Column, rule: Convention, first: int, where: str) -> Column:
    if values.dtype.kind == "f":
        values = values.astype(np.float64) * rule.to_microseconds
        valid = np.isfinite(values) & (np.abs(values) < LATEST)
        if rule.to_microseconds == 1.0:
            valid &= values == np.rint(values)
        _judge(valid, values, "time in whole microseconds", first, where)
        return np.rint(values).astype(np.int64)
    _judge((values < LATEST) & (values > -LATEST), values, "time in microseconds", first, where)
    return values.astype(np.int64)


def _pixels(values: Column, name: str, first: int, where: str) -> Column:
    if values.dtype == np.uint16:
        return values
    valid = (values >= 0) & (values < COORDINATES)
    if values.dtype.kind == "f":
        valid &= values == np.rint(values)
    _judge(valid, values, f"{name} of a pixel", first, where)
    return values.astype(np.uint16)


def _polarities(values: Column, rule: Convention, first: int, where: str) -> Column:
    if values.dtype == np.bool_:
        return values
    allowed = (1, 2) if rule.on == 2 else (-1, 0, 1)
    _judge(np.isin(values, allowed), values, f"polarity ({', '.join(map(str, allowed))})", first, where)
    return values >= rule.on


def _judge(good: Column, values: Column, meaning: str, first: int, where: str) -> None:
    bad = np.flatnonzero(~good)
    if len(bad):
        at = int(bad[0])
        raise InputError(f"event {first + at:,}: {values[at]} is no {meaning}", where, "repair or convert the file")
