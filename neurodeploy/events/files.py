"""Opens a recording by what its first bytes say, and by its suffix where they say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.errors import InputError
from neurodeploy.events import aedat, aedat_addresses, event_stream, hdf5
from neurodeploy.events.aedat import read_aedat4
from neurodeploy.events.aedat_addresses import read_aedat2, read_aedat3
from neurodeploy.events.columns import NO_HINTS, Hints
from neurodeploy.events.event import Sensor
from neurodeploy.events.event_stream import read_event_stream
from neurodeploy.events.filters import Sort
from neurodeploy.events.hdf5 import read_hdf5
from neurodeploy.events.mat import read_mat
from neurodeploy.events.nmnist import read_nmnist
from neurodeploy.events.npz import holds_events, read_npy, read_npz
from neurodeploy.events.prophesee import read_prophesee
from neurodeploy.events.source import EventSource
from neurodeploy.events.text import read_text
from neurodeploy.reading import check_regular
from neurodeploy.reading.door import refuse_holes


@dataclass(frozen=True)
class Format:
    """How files of a kind are opened.

    ``signed``: they begin with bytes of their own, so that a suffix alone does not make a file one of them. ``hints``:
    which options of a user they may need, of ``columns`` and ``time_unit``.
    """

    read: Callable[[Path, Hints], EventSource]
    signed: bool = True
    hints: tuple[str, ...] = ()


TEXT = Format(read_text, False, ("columns", "time_unit"))
NPY = Format(read_npy, True, ("columns", "time_unit"))
NPZ = Format(read_npz, True, ("columns", "time_unit"))
HDF5, MAT = (Format(read, True, ("time_unit",)) for read in (read_hdf5, read_mat))
NMNIST = Format(lambda path, _: read_nmnist(path), False)
AEDAT4, AEDAT3, AEDAT2 = (
    Format(lambda path, _, read=read: read(path)) for read in (read_aedat4, read_aedat3, read_aedat2)
)
PROPHESEE, EVENT_STREAM = (
    Format(lambda path, _, read=read: read(path)) for read in (read_prophesee, read_event_stream)
)

SUFFIXES: dict[str, Format] = {
    ".aedat4": AEDAT4,
    ".aedat": AEDAT3,
    ".dat": PROPHESEE,
    ".raw": PROPHESEE,
    ".es": EVENT_STREAM,
    ".bin": NMNIST,
    ".h5": HDF5,
    ".hdf5": HDF5,
    ".mat": MAT,
    ".npz": NPZ,
    ".npy": NPY,
    ".csv": TEXT,
    ".txt": TEXT,
}
"""Suffixes of recordings, each with its format."""

CONTENTS: tuple[tuple[bytes, Format], ...] = (
    (aedat.MAGIC, AEDAT4),
    (aedat_addresses.MAGIC_3, AEDAT3),
    (aedat_addresses.MAGIC_2, AEDAT2),
    (event_stream.MAGIC, EVENT_STREAM),
    (hdf5.SIGNATURE, HDF5),
    (b"MATLAB ", MAT),
    (b"PK\x03\x04", NPZ),
    (b"\x93NUMPY", NPY),
    (b"%geometry", TEXT),
    (b"%", PROPHESEE),
)
"""First bytes that tell a format whatever the file is called."""


def open_events(
    path: Path | str,
    sensor: Sensor | None = None,
    *,
    columns: str | None = None,
    time_unit: str | None = None,
    sort: str | None = None,
) -> EventSource:
    """A recording as a source of events; only headers are read here.

    - ``sensor``: its size, where the file does not say it, or says it wrongly.
    - ``columns``: the columns of a table without names, in their order, such as ``x,y,p,t``.
    - ``time_unit``: ``ns``, ``us``, ``ms`` or ``s``, where a table does not say it.
    - ``sort``: events that come late by at most this time, such as ``1ms``, are put in order.

    Raises InputError for files that are missing, damaged or of no known format, for options that the format has no use
    for, and UnavailableError where a reader's package is missing.
    """
    place = Path(path)
    refuse_holes(check_regular(place), str(place))
    hints = NO_HINTS if columns is None and time_unit is None else Hints(columns, time_unit)
    chosen = _format(place)
    for name, value in (("columns", columns), ("time_unit", time_unit)):
        if value is not None and name not in chosen.hints:
            option = f"--{name.replace('_', '-')}"
            raise InputError(f"{place} says that itself", option, "leave out the option")
    source = chosen.read(place, hints).with_sensor(sensor)
    return source if sort is None else Sort(sort)(source)


def is_recording(path: Path) -> bool:
    """Whether a path is that of a recording rather than of arrays, by its suffix; an ``.npz`` by its names."""
    suffix = path.suffix.lower()
    return holds_events(path) if suffix == ".npz" else suffix in SUFFIXES


def _format(path: Path) -> Format:
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise InputError("is empty", str(path), "give a recording of events")
    suffix = path.suffix.lower()
    known = next((form for first, form in CONTENTS if start.startswith(first)), None)
    if known is PROPHESEE and SUFFIXES.get(suffix) is TEXT:
        return TEXT
    if known is not None:
        return known
    if start.startswith(b"#!AER-DAT"):
        reason = f"of format {start.split()[0].decode('latin-1')[2:]}, of which only AER-DAT 2.0, 3.1 and 4.0 are read"
        raise InputError(reason, str(path), "convert it to AEDAT4, for example with DV")
    named = SUFFIXES.get(suffix)
    if named is None:
        reason = f"its content is of no known format, nor is its suffix {path.suffix!r}"
        raise InputError(reason, str(path), f"give {', '.join(SUFFIXES)}")
    if named.signed:
        reason = f"does not begin like a {suffix} file: its first bytes are {start[:8].hex(' ')}"
        raise InputError(reason, str(path), "fetch or copy the file again, or give it the right suffix")
    return named
