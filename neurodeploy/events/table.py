"""One array as a table of events: structured, with the columns as fields, or ``(N, 4)`` with them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.events.columns import (
    NAMES,
    Column,
    Hints,
    convert,
    find_columns,
    guess_order,
    guess_unit,
    unit_in,
)
from neurodeploy.events.event import CHUNK, Sensor
from neurodeploy.events.source import EventSource, guess_findings

REMEDY = "store a structured array with the fields t, x, y and p, or (N, 4) numbers whose order --columns names"
HEAD = 1000
"""Rows that order and unit of time are judged by."""


def is_table(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array of this shape and type can be a table of events."""
    return dtype.names is not None or (len(shape) == 2 and shape[1] >= len(NAMES) and dtype.kind in "biuf")


def table_source(
    table: NDArray[Any], path: Path, format: str, hints: Hints, sensor: Sensor | None = None
) -> EventSource:
    """The events of a table; an order that is not given is guessed, and said. Raises InputError for other arrays."""
    side_by_side = table.dtype.names is None and is_table(table.shape, table.dtype)
    guessed = side_by_side and hints.names is None
    names = (hints.names or guess_order(table[:HEAD])) if side_by_side else table.dtype.names or ()
    chosen = find_columns(names, str(path), REMEDY)
    fields: Mapping[str, Any] = {c: names.index(name) if side_by_side else name for c, name in chosen.items()}
    unit = hints.time_unit or unit_in(chosen["t"])
    detected = unit or guess_unit(_column(table[:HEAD], fields["t"]))
    ends = _column(table[[0, -1]], fields["t"]) if len(table) else np.zeros(2)
    span = float(ends[1]) - float(ends[0])
    findings = guess_findings(str(path), names if guessed else None, None if unit else detected, span)
    parts = partial(_parts, table, fields)
    return EventSource(str(path), format, sensor, lambda: convert(parts(), str(path), unit=detected), findings)


def _column(rows: NDArray[Any], field: str | int) -> Column:
    return np.asarray(rows[field] if isinstance(field, str) else rows[:, field])


def _parts(table: NDArray[Any], fields: Mapping[str, Any]) -> Iterator[dict[str, Column]]:
    for first in range(0, len(table), CHUNK):
        rows = table[first : first + CHUNK]
        yield {column: _column(rows, field) for column, field in fields.items()}
