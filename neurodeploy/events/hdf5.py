"""Events in HDF5: one dataset per column (DSEC, TUM-VIE, E2VID and plain files), or one table (Prophesee).

The file is read by the process that reads every HDF5 file (``neurodeploy.reading.hdf5``): first what stands where, then
the events in pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.events.binary import COPY
from neurodeploy.events.columns import NO_HINTS, Column, Hints, convert, find_columns, unit_in
from neurodeploy.events.event import CHUNK, Chunks, Sensor
from neurodeploy.events.source import EventSource
from neurodeploy.reading import allowance, check_regular, hdf5

Entry = Mapping[str, Any]
"""What an outline tells of one group or dataset."""

SIGNATURE = b"\x89HDF\r\n\x1a\n"
GROUPS = ("events", "CD/events", "TD", "prophesee/left", "")
"""Groups and tables in which events are looked for, in this order; the last is the file itself."""
SHOWN, ROW_BYTES = 12, 64
OUTLINE_BYTES = 64 << 20
"""What a row and a whole file's structure are taken to have, at most, for the time limits of reading."""

REMEDY = "store events/t, events/x, events/y, events/p (microseconds, pixels, 0 or 1) or a table with these fields"


@dataclass(frozen=True)
class Layout:
    """Where the columns t, x, y and p are: datasets of their own, or fields of the dataset ``table``."""

    columns: Mapping[str, str]
    table: str | None = None

    @property
    def datasets(self) -> list[str]:
        """The datasets behind the columns."""
        return [self.table] if self.table else list(self.columns.values())

    def read(self, path: Path, first: int, last: int) -> dict[str, Column]:
        """Some rows of every column. Raises hdf5.RefusedFileError for damage."""
        fields = list(self.columns.values()) if self.table else []
        rows = {
            "ask": "rows",
            "path": str(path),
            "names": self.datasets,
            "fields": fields,
            "first": first,
            "last": last,
        }
        _, arrays = hdf5.ask(rows, (last - first) * ROW_BYTES, allowance(check_regular(path)))
        return dict(zip(self.columns, arrays, strict=True))


def read_hdf5(path: Path, hints: Hints = NO_HINTS, format: str = "HDF5", on: int | None = 1) -> EventSource:
    """Events of the first known layout, read in pieces.

    Column names and the units of time are those of ``columns``. An offset ``t_offset`` (DSEC) is added; an index
    ``ms_to_idx`` is not needed. ``on`` is the smallest polarity that means ON; None looks whether they are 1 and 2,
    as MATLAB counts. Raises InputError for other layouts and damage, UnavailableError where a compression is missing.
    """
    place = path.resolve()
    limit = allowance(check_regular(path))
    size = min(check_regular(path).st_size, OUTLINE_BYTES)
    try:
        told, _ = hdf5.ask({"ask": "outline", "path": str(place)}, size, limit)
    except hdf5.RefusedFileError as error:
        raise InputError(f"not a readable HDF5 file, cut off or damaged: {error}", str(path), COPY) from error
    file = {"group": told["tree"], "attributes": told["attributes"]}
    layout = _layout(file, path)
    for name in layout.datasets:
        _judge(name, _at(file, name) or {}, path)
    count = _length({name: _at(file, name) or {} for name in layout.datasets}, path)
    sensor = _sensor(file, layout.datasets[0])
    offset = next(iter((_at(file, "t_offset") or {}).get("values", ())), 0)
    start = _smallest_on(place, layout, count) if on is None else on
    return EventSource(
        str(path), format, sensor, lambda: _read(place, layout, count, start, int(offset), hints.time_unit)
    )


def _read(path: Path, layout: Layout, size: int, on: int, offset: int, unit: str | None) -> Chunks:
    for events in convert(_parts(path, layout, size), str(path), on, unit or unit_in(layout.columns["t"])):
        events["t"] += offset
        yield events


def _parts(path: Path, layout: Layout, size: int) -> Iterator[dict[str, Column]]:
    for first in range(0, size, CHUNK):
        try:
            part = layout.read(path, first, min(first + CHUNK, size))
        except hdf5.RefusedFileError as error:
            raise InputError(f"cut off or damaged from event {first:,} on: {error}", str(path), COPY) from error
        yield part


def _at(place: Entry, name: str) -> Entry | None:
    """What stands at a path below a group, or the group itself."""
    for part in filter(None, name.split("/")):
        inside = place.get("group", {}).get(part)
        if inside is None:
            return None
        place = inside
    return place


def _layout(file: Entry, path: Path) -> Layout:
    for name in GROUPS:
        place = _at(file, name)
        if place is not None and place.get("fields"):
            return Layout(find_columns(place["fields"], f"{path}: {name}", REMEDY), name)
        members = [key for key, entry in (place or {}).get("group", {}).items() if "group" not in entry]
        if members:
            with suppress(InputError):
                columns = find_columns(members, str(path), REMEDY)
                return Layout({column: f"{name}/{member}".lstrip("/") for column, member in columns.items()})
    held = ", ".join(list(_names(file))[:SHOWN]) or "nothing"
    raise InputError(f"holds no events in a known layout; it holds {held}", str(path), REMEDY)


def _is_group(place: Entry | None) -> bool:
    return place is not None and "group" in place


def _names(place: Entry, prefix: str = "") -> Iterator[str]:
    for name, entry in place["group"].items():
        yield prefix + name
        if _is_group(entry):
            yield from _names(entry, f"{prefix}{name}/")


def _judge(name: str, entry: Entry, path: Path) -> None:
    """Raises InputError for values that stand in other files or are no table, UnavailableError for a compression that
    this HDF5 library does not have."""
    if entry.get("elsewhere"):
        raise InputError(f"the values of {name} stand in other files", str(path), "store them in the file")
    if "shape" not in entry:
        reason = f"not a readable HDF5 file, cut off or damaged: {name} is no dataset that can be read"
        raise InputError(reason, str(path), COPY)
    for code, filter_name in entry["missing"]:
        reason = f"{name} is compressed with filter {code} ({filter_name or 'unnamed'})"
        remedy = "pip install hdf5plugin (for blosc, zstd, lz4; Prophesee's ECF needs its own plug-in)"
        raise UnavailableError(f"{reason}, which is not installed", str(path), remedy)


def _length(datasets: Mapping[str, Entry], path: Path) -> int:
    """How many events there are. Raises InputError where columns differ."""
    sizes = {name: prod(entry["shape"]) for name, entry in datasets.items()}
    if len(set(sizes.values())) > 1:
        lengths = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        raise InputError(f"its columns differ in length: {lengths}", str(path), "repair the file")
    return next(iter(sizes.values()))


def _sensor(file: Entry, dataset: str) -> Sensor | None:
    """The size, from attributes of the file, the group or the table, or from datasets ``width`` and ``height``."""
    for place in (file, _at(file, dataset.rpartition("/")[0]) or {}, _at(file, dataset) or {}):
        attributes = place.get("attributes", {})
        width, height = (_number(attributes.get(name)) for name in ("width", "height"))
        if width is None or height is None:
            resolution = attributes.get("sensor_resolution")
            pair = resolution if isinstance(resolution, list) and len(resolution) > 1 else (None, None)
            height, width = (None if value is None else int(value) for value in pair[:2])
        geometry = re.fullmatch(r"(\d+)x(\d+)", str(attributes.get("geometry", "")))
        if geometry and (width is None or height is None):
            width, height = int(geometry[1]), int(geometry[2])
        if (width is None or height is None) and _is_group(place):
            width, height = (_number(place["group"].get(name, {}).get("values")) for name in ("width", "height"))
        if width is not None and height is not None:
            return Sensor(width, height)
    return None


def _number(value: Any) -> int | None:
    """The first number of a list, or of a text."""
    try:
        return int(value if isinstance(value, str) else value[0]) if value else None
    except (ValueError, OverflowError):
        return None


def _smallest_on(path: Path, layout: Layout, size: int) -> int:
    low, high = 2, 1
    for part in _parts(path, layout, size):
        low, high = min(low, int(part["p"].min())), max(high, int(part["p"].max()))
    return 2 if (low, high) == (1, 2) else 1
