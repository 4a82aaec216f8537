"""Columns of numbers, as tables and arrays hold them, to events: names, order, units and signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.event import Chunks, Events, make_events

NAMES: Mapping[str, tuple[str, ...]] = {
    "t": ("t", "ts", "timestamp", "timestamps", "time", "times"),
    "x": ("x", "xs", "col", "column"),
    "y": ("y", "ys", "row"),
    "p": ("p", "ps", "pol", "polarity", "polarities", "on"),
}
"""What files call the four columns."""

MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
"""Microseconds in a unit of time."""

ORDERS = tuple(tuple(order) for order in ("txyp", "xytp", "xypt", "tpxy", "pxyt"))
"""Orders of columns that are guessed, the likeliest first."""

COORDINATES = 1 << 16
LATEST = 1 << 53
"""Times a double holds exactly; no clock in microseconds goes further."""

Column = NDArray[Any]


@dataclass(frozen=True)
class Hints:
    """What a user says about a table of events that does not say it itself.

    - ``columns``: names of the columns in their order, such as ``x,y,p,t``; ``-`` for one that is not needed.
    - ``time_unit``: ``ns``, ``us``, ``ms`` or ``s``.

    Raises InputError for names that are unknown, missing or given twice.
    """

    columns: str | None = None
    time_unit: str | None = None

    def __post_init__(self) -> None:
        if self.time_unit is not None and self.time_unit not in MICROSECONDS:
            known = ", ".join(MICROSECONDS)
            raise InputError(f"{self.time_unit!r} is no unit of time", "--time-unit", f"choose from {known}")
        if self.columns is not None:
            find_columns(self.names or (), "--columns", "name all four in the file's order, e.g. x,y,p,t")

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the columns, in order."""
        return None if self.columns is None else tuple(name.strip() for name in self.columns.split(","))


NO_HINTS = Hints()


@dataclass(frozen=True)
class Convention:
    """How a file writes events: the unit of its times, and the polarity from which upwards an event is ON."""

    time_unit: str = "us"
    on: int = 1


def find_columns(names: Iterable[str], where: str, remedy: str) -> dict[str, str]:
    """The file's own name of each of t, x, y and p. Raises InputError for one that is missing."""
    spellings = {_bare(name): name for name in names}
    columns: dict[str, str] = {}
    for column, known in NAMES.items():
        match = next((spellings[name] for name in known if name in spellings), None)
        if match is None:
            listed = ", ".join(sorted(spellings.values()))
            raise InputError(f"has no column {column!r}; it has {listed}", where, remedy)
        columns[column] = match
    return columns


_UNIT = re.compile(r"(?:_|\s*[\[(]\s*)(ns|us|ms|s)\s*[\])]?$")


def unit_in(name: str) -> str | None:
    """The unit of time that the name of a column states, as in ``t_us`` or ``time [ns]``."""
    match = _UNIT.search(name.strip().lower().replace("µ", "u"))
    return match[1] if match else None


def _bare(name: str) -> str:
    """A name as ``NAMES`` has it: without case, quotes and unit."""
    return _UNIT.sub("", name.strip().strip("'\"").strip().lower().replace("µ", "u"))


def guess_order(head: Column) -> tuple[str, ...]:
    """In which order the first rows ``(N, K)`` of a table without names have t, x, y and p.

    The polarity is a column of nothing but -1, 0 and 1; time never falls, and of the columns that could be it, it is
    the one that changes most; x comes before y. Where nothing fits the order is t, x, y, p.
    """
    four = head[:, :4].astype(np.float64)
    signs = [bool(np.isin(column, (-1, 0, 1)).all()) for column in four.T]
    rises = [bool((np.diff(column) >= 0).all()) for column in four.T]
    spans = [float(column[-1] - column[0]) if rise else -1.0 for column, rise in zip(four.T, rises, strict=True)]
    best, widest = ORDERS[0], -1.0
    for order in ORDERS:
        at, sign = order.index("t"), order.index("p")
        if signs[sign] and rises[at] and spans[at] > widest:
            best, widest = order, spans[at]
    return best


def guess_unit(times: Column) -> str:
    """The unit of times: those with a fraction are seconds, those that no clock in microseconds reaches nanoseconds."""
    finite = times[np.isfinite(times)] if times.dtype.kind == "f" else times
    if times.dtype.kind == "f" and bool(np.any(finite != np.rint(finite))):
        return "s"
    return "ns" if bool(np.any(finite >= LATEST)) else "us"


def convert(parts: Iterable[Mapping[str, Column]], where: str, on: int = 1, unit: str | None = None) -> Chunks:
    """Events of columns by the names t, x, y and p, part by part.

    ``on`` is the smallest polarity that means ON; without a ``unit`` the times of the first part decide it. Raises
    InputError for numbers that are no time, pixel or polarity, with the event's number.
    """
    first, rule = 0, None
    for part in parts:
        if not len(part["t"]):
            continue
        rule = rule or Convention(unit or guess_unit(part["t"]), on)
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
    """Whole microseconds; a fraction of one is cut off from nanoseconds, and rounded otherwise."""
    if rule.time_unit == "ns" and values.dtype.kind != "f":
        return values.astype(np.int64) // 1000
    if values.dtype.kind == "f" or rule.time_unit != "us":
        scaled = values.astype(np.float64) * MICROSECONDS[rule.time_unit]
        valid = np.isfinite(scaled) & (np.abs(scaled) < LATEST)
        if rule.time_unit == "us":
            valid &= scaled == np.rint(scaled)
        _judge(valid, values, "time in whole microseconds", first, where)
        return (np.floor(scaled) if rule.time_unit == "ns" else np.rint(scaled)).astype(np.int64)
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
        remedy = "repair or convert the file, or name its columns in their order with --columns"
        raise InputError(f"event {first + at:,}: {values[at]} is no {meaning}", where, remedy)
