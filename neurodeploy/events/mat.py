"""Events in MATLAB files: variables or a struct (``TD`` in EBSSA) with the fields x, y, p and ts.

Version 7.3 is HDF5 and read in pieces; older ones (at most 2 GB by their format) hold compressed variables that can
only be read as a whole. Pixels are taken as they stand. Polarities may be 0 and 1, -1 and 1, or 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY
from neurodeploy.events.columns import NO_HINTS, Column, Hints, convert, find_columns
from neurodeploy.events.event import CHUNK
from neurodeploy.events.hdf5 import read_hdf5
from neurodeploy.events.mat_elements import judge_elements
from neurodeploy.events.source import EventSource
from neurodeploy.extras import need
from neurodeploy.trace import UNREADABLE

REMEDY = "store vectors x, y, p and ts (microseconds), alone or as fields of a struct TD"
BROKEN = (*UNREADABLE, RuntimeError, NameError, LookupError, MemoryError)
"""What scipy raises for a damaged file; memory runs out where a damaged length asks for it."""

STRUCTS = ("TD", "events")


def read_mat(path: Path, hints: Hints = NO_HINTS) -> EventSource:
    """A MAT file of any version. Raises InputError for damage and other layouts, UnavailableError without scipy."""
    with path.open("rb") as file:
        version = file.read(10)
    if version == b"MATLAB 7.3":
        return read_hdf5(path, hints, "MAT 7.3", on=None)
    scipy_io = need("scipy.io", "events", str(path))
    judge_elements(path)
    columns = _load(scipy_io, path)
    counted_from_one = len(columns["p"]) > 0 and (columns["p"].min(), columns["p"].max()) == (1, 2)
    on = 2 if counted_from_one else 1
    return EventSource(str(path), "MAT", None, lambda: convert(_parts(columns), str(path), on, hints.time_unit))


def _parts(columns: Mapping[str, Column]) -> Iterator[dict[str, Column]]:
    for first in range(0, len(columns["t"]), CHUNK):
        yield {name: column[first : first + CHUNK] for name, column in columns.items()}


def _load(scipy_io: Any, path: Path) -> dict[str, Column]:
    try:
        held: dict[str, Any] = scipy_io.loadmat(path)
    except BROKEN as error:
        raise InputError(f"not a readable MAT file, cut off or damaged: {error}", str(path), COPY) from error
    fields = _fields({name: value for name, value in held.items() if not name.startswith("__")})
    names = find_columns(fields, str(path), REMEDY)
    columns = {column: np.asarray(fields[name]).reshape(-1) for column, name in names.items()}
    if len({len(column) for column in columns.values()}) > 1 or any(
        c.dtype.kind not in "biuf" for c in columns.values()
    ):
        lengths = ", ".join(f"{name} {len(column):,} ({column.dtype})" for name, column in columns.items())
        raise InputError(f"its columns are no numbers of one length: {lengths}", str(path), REMEDY)
    return columns


def _fields(held: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the struct that holds the events, else the variables themselves."""
    for name in STRUCTS:
        struct = held.get(name)
        if isinstance(struct, np.ndarray) and struct.dtype.names and struct.size == 1:
            return {field: struct[field].item() for field in struct.dtype.names}
    return held
