"""Events in NumPy's files: ``.npz`` with the arrays t, x, y, p (and width, height), or a table as ``.npy``.

The arrays of columns of an ``.npz`` are read in pieces side by side, compressed or not; this is the format that events
are saved in here. An ``.npz`` may also hold one table, ``events``, which is kept in memory as a whole.
"""

from __future__ import annotations

import zipfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from neurodeploy.atomic import write_file
from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY
from neurodeploy.events.columns import NO_HINTS, Column, Hints, convert, find_columns, guess_unit, unit_in
from neurodeploy.events.event import CHUNK, Sensor
from neurodeploy.events.source import EventSource, guess_findings
from neurodeploy.events.table import is_table, table_source
from neurodeploy.finding import Finding
from neurodeploy.reading import check_regular
from neurodeploy.reading.archive import DAMAGED_ARCHIVE, judge_array, open_archive
from neurodeploy.trace import UNREADABLE

REMEDY = "store the arrays t (microseconds), x, y, p (0 or 1), width and height, or call neurodeploy.events.save_events"

TABLE = "events"
"""The array of an ``.npz`` that may hold all columns."""


def holds_events(path: Path) -> bool:
    """Whether an ``.npz`` has an array for each column of events, by any name that is known, or a table of events."""
    try:
        with open_archive(path, bounded=False) as archive:
            members = _members(archive)
            return _has_columns(members) or (TABLE in members and is_table(*_header(archive, TABLE)[:2]))
    except (*DAMAGED_ARCHIVE, InputError):
        return False


def save_events(source: EventSource, path: Path, **more: Any) -> None:
    """Write a source as ``.npz``, compressed, with its sensor and any ``more`` arrays. Holds all events at once."""
    chunks = list(source.chunks())
    columns = {name: np.concatenate([c[name] for c in chunks]) if chunks else np.empty(0, np.int64) for name in "txyp"}
    size = {} if source.sensor is None else {"width": source.sensor.width, "height": source.sensor.height}
    write_file(path, lambda handle: np.savez_compressed(handle, **columns, **size, **more))  # type: ignore[arg-type]


def read_npz(path: Path, hints: Hints = NO_HINTS) -> EventSource:
    """An ``.npz`` of events. Raises InputError for damage, unknown names and columns of different length."""
    with _guard(path), open_archive(path, bounded=False) as archive:
        members = _members(archive)
        sensor = _sensor(archive) if {"width", "height"} <= set(members) else None
        if TABLE in members and not _has_columns(members):
            judge_array(archive, f"{TABLE}.npy", str(path))
            with archive.open(f"{TABLE}.npy") as stream:
                return table_source(npy.read_array(stream, allow_pickle=False), path, "npz", hints, sensor)
        names = find_columns(members, str(path), REMEDY)
        sizes = {name: _column(archive, name, path)[0] for name in names.values()}
        if len(set(sizes.values())) > 1:
            lengths = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
            raise InputError(f"its columns differ in length: {lengths}", str(path), "repair the file")
    if hints.columns is not None:
        raise InputError(f"{path} names its columns", "--columns", "leave out the option")
    unit = hints.time_unit or unit_in(names["t"])
    findings = () if unit or sensor is not None else _guess(path, names)
    return EventSource(str(path), "npz", sensor, lambda: convert(_parts(path, names), str(path), unit=unit), findings)


def _guess(path: Path, names: Mapping[str, str]) -> tuple[Finding, ...]:
    """What is said of the unit of the times, by their first part, of a file that does not hold a sensor as ours do."""
    times = next((part["t"] for part in _parts(path, {"t": names["t"]})), np.zeros(0, np.int64))
    span = float(times[-1]) - float(times[0]) if len(times) else 0.0
    return guess_findings(str(path), None, guess_unit(times), span)


def read_npy(path: Path, hints: Hints = NO_HINTS) -> EventSource:
    """A table of events in a ``.npy``, mapped into memory. Raises InputError for damage and other arrays."""
    check_regular(path)
    with _guard(path):
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    return table_source(table, path, "npy", hints)


def _members(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist()]


def _has_columns(members: list[str]) -> bool:
    try:
        return bool(find_columns(members, "", REMEDY))
    except InputError:
        return False


def _parts(path: Path, names: Mapping[str, str]) -> Iterator[dict[str, Column]]:
    with ExitStack() as stack:
        archive = stack.enter_context(open_archive(path, bounded=False))
        columns: dict[str, tuple[int, np.dtype[Any], IO[bytes]]] = {}
        for column, name in names.items():
            size, dtype, stream = _column(archive, name, path)
            columns[column] = size, dtype, stack.enter_context(stream)
        size = columns["t"][0]
        for first in range(0, size, CHUNK):
            count = min(CHUNK, size - first)
            with _guard(path, f" from event {first:,} on"):
                part = {column: _some(stream, dtype, count) for column, (_, dtype, stream) in columns.items()}
            yield part


def _some(stream: IO[bytes], dtype: np.dtype[Any], count: int) -> Column:
    data = stream.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise EOFError(f"{len(data):,} of {count * dtype.itemsize:,} bytes")
    return np.frombuffer(data, dtype)


def _column(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[int, np.dtype[Any], IO[bytes]]:
    """Length and type of a one-dimensional array, and the stream behind its header."""
    shape, dtype, stream = _header(archive, name)
    if len(shape) != 1 or dtype.kind not in "biuf":
        reason = f"array {name!r} has type {dtype} and shape {shape}, not one number per event"
        raise InputError(reason, str(path), REMEDY)
    return shape[0], dtype, stream


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any], IO[bytes]]:
    """Shape and type of an array, and the stream behind its header."""
    stream = archive.open(f"{name}.npy")
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype, stream


def _sensor(archive: zipfile.ZipFile) -> Sensor:
    for name in ("width.npy", "height.npy"):
        judge_array(archive, name, "size", limit=1 << 10)
    with archive.open("width.npy") as width, archive.open("height.npy") as height:
        return Sensor(int(npy.read_array(width)), int(npy.read_array(height)))


@contextmanager
def _guard(path: Path, place: str = "") -> Generator[None]:
    """Turns what zipfile and numpy raise for damage into InputError."""
    try:
        yield
    except (*UNREADABLE, NotImplementedError, SyntaxError, TokenError, OverflowError) as error:
        reason = f"not a readable file of NumPy, cut off or damaged{place}: {error}"
        raise InputError(reason, str(path), COPY) from error
