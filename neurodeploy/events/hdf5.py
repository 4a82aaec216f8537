"""Events in HDF5: one dataset per column (DSEC, TUM-VIE, E2VID and plain files), or one table (Prophesee)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.events.binary import COPY
from neurodeploy.events.columns import NO_HINTS, Column, Hints, convert, find_columns, unit_in
from neurodeploy.events.event import CHUNK, Chunks, Sensor
from neurodeploy.events.source import EventSource

SIGNATURE = b"\x89HDF\r\n\x1a\n"
GROUPS = ("events", "CD/events", "TD", "prophesee/left", "/")
"""Groups and tables in which events are looked for, in this order; the last is the file itself."""

BROKEN = (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, OverflowError)
"""What h5py raises for a damaged file."""

REMEDY = "store events/t, events/x, events/y, events/p (microseconds, pixels, 0 or 1) or a table with these fields"


@dataclass(frozen=True)
class Layout:
    """Where the columns t, x, y and p are: datasets of their own, or fields of the dataset ``table``."""

    columns: Mapping[str, str]
    table: str | None = None

    def datasets(self, file: Any) -> list[Any]:
        """The datasets behind the columns."""
        return [file[name] for name in ([self.table] if self.table else self.columns.values())]

    def read(self, file: Any, at: slice) -> dict[str, Column]:
        """Some rows of every column."""
        if self.table:
            rows = file[self.table][at]
            return {column: np.asarray(rows[name]) for column, name in self.columns.items()}
        return {column: _rows(file[name], at) for column, name in self.columns.items()}


def read_hdf5(path: Path, hints: Hints = NO_HINTS, format: str = "HDF5", on: int | None = 1) -> EventSource:
    """Events of the first known layout, read in pieces.

    Column names and the units of time are those of ``columns``. An offset ``t_offset`` (DSEC) is added; an index
    ``ms_to_idx`` is not needed. ``on`` is the smallest polarity that means ON; None looks whether they are 1 and 2,
    as MATLAB counts. Raises InputError for other layouts and damage, UnavailableError where a compression is missing.
    """
    with suppress(ImportError):
        import_module("hdf5plugin")
    try:
        with h5py.File(path, "r") as file:
            layout = _layout(file, path)
            datasets = layout.datasets(file)
            for dataset in datasets:
                _judge_storage(dataset, path)
                _judge_filters(dataset, path)
            _same_length(datasets, path)
            size = int(datasets[0].size)
            sensor = _sensor(file, datasets[0])
            offset = int(np.asarray(file["t_offset"]).ravel()[0]) if "t_offset" in file else 0
    except BROKEN as error:
        raise InputError(f"not a readable HDF5 file, cut off or damaged: {error}", str(path), COPY) from error
    start = _smallest_on(path, layout, size) if on is None else on
    return EventSource(str(path), format, sensor, lambda: _read(path, layout, size, start, offset, hints.time_unit))


def _read(path: Path, layout: Layout, size: int, on: int, offset: int, unit: str | None) -> Chunks:
    for events in convert(_parts(path, layout, size), str(path), on, unit or unit_in(layout.columns["t"])):
        events["t"] += offset
        yield events


def _parts(path: Path, layout: Layout, size: int) -> Iterator[dict[str, Column]]:
    with h5py.File(path, "r") as file:
        for first in range(0, size, CHUNK):
            try:
                part = layout.read(file, slice(first, min(first + CHUNK, size)))
            except BROKEN as error:
                reason = f"cut off or damaged from event {first:,} on: {error}"
                raise InputError(reason, str(path), COPY) from error
            yield part


def _rows(dataset: Any, at: slice) -> Column:
    """Rows of a column stored as ``(N,)``, ``(N, 1)`` or ``(1, N)``."""
    lying = dataset.ndim == 2 and dataset.shape[0] == 1
    return np.asarray(dataset[0, at] if lying else dataset[at]).reshape(-1)


def _layout(file: Any, path: Path) -> Layout:
    for name in GROUPS:
        place = file.get(name)
        if isinstance(place, h5py.Dataset) and place.dtype.names:
            return Layout(find_columns(place.dtype.names, f"{path}: {name}", REMEDY), name)
        if isinstance(place, h5py.Group):
            members = [str(key) for key in place if isinstance(place.get(key), h5py.Dataset)]
            with suppress(InputError):
                columns = find_columns(members, str(path), REMEDY)
                return Layout({column: f"{name}/{member}" for column, member in columns.items()})
    listed: list[str] = []
    file.visit(listed.append)
    held = ", ".join(listed[:12]) or "nothing"
    raise InputError(f"holds no events in a known layout; it holds {held}", str(path), REMEDY)


def _same_length(datasets: list[Any], path: Path) -> None:
    sizes = {dataset.name: int(dataset.size) for dataset in datasets}
    if len(set(sizes.values())) > 1:
        lengths = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        raise InputError(f"its columns differ in length: {lengths}", str(path), "repair the file")


def _judge_storage(dataset: Any, path: Path) -> None:
    """Raises InputError for values that stand in other files, where a file from outside has nothing to read."""
    if dataset.external or dataset.is_virtual or Path(dataset.file.filename) != path:
        raise InputError(f"the values of {dataset.name} stand in other files", str(path), "store them in the file")


def _judge_filters(dataset: Any, path: Path) -> None:
    """Raises UnavailableError for a compression that this HDF5 library does not have."""
    pipeline = dataset.id.get_create_plist()
    for number in range(pipeline.get_nfilters()):
        code, _, _, name = pipeline.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            reason = f"{dataset.name} is compressed with filter {code} ({name.decode('latin-1') or 'unnamed'})"
            remedy = "pip install hdf5plugin (for blosc, zstd, lz4; Prophesee's ECF needs its own plug-in)"
            raise UnavailableError(f"{reason}, which is not installed", str(path), remedy)


def _sensor(file: Any, dataset: Any) -> Sensor | None:
    """The size, from attributes of the file, the group or the table, or from datasets ``width`` and ``height``."""
    for place in (file, dataset.parent, dataset):
        attributes = place.attrs
        if "width" in attributes and "height" in attributes:
            return Sensor(int(attributes["width"]), int(attributes["height"]))
        if "sensor_resolution" in attributes:
            height, width = np.asarray(attributes["sensor_resolution"]).ravel()[:2]
            return Sensor(int(width), int(height))
        geometry = re.fullmatch(r"(\d+)x(\d+)", str(attributes.get("geometry", "")))
        if geometry:
            return Sensor(int(geometry[1]), int(geometry[2]))
        if isinstance(place, h5py.Group) and all(isinstance(place.get(n), h5py.Dataset) for n in ("width", "height")):
            return Sensor(*(int(np.asarray(place[name]).ravel()[0]) for name in ("width", "height")))
    return None


def _smallest_on(path: Path, layout: Layout, size: int) -> int:
    low, high = 2, 1
    for part in _parts(path, layout, size):
        low, high = min(low, int(part["p"].min())), max(high, int(part["p"].max()))
    return 2 if (low, high) == (1, 2) else 1
