"""Opens a recording by what its first bytes say, and by its suffix where they say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurodeploy.errors import InputError
from neurodeploy.events import aedat, hdf5
from neurodeploy.events.aedat import read_aedat4
from neurodeploy.events.event import Sensor
from neurodeploy.events.hdf5 import read_hdf5
from neurodeploy.events.mat import read_mat
from neurodeploy.events.nmnist import read_nmnist
from neurodeploy.events.npz import holds_events, read_npy, read_npz
from neurodeploy.events.prophesee import read_prophesee
from neurodeploy.events.source import EventSource
from neurodeploy.events.text import read_text

Reader = Callable[[Path], EventSource]

SUFFIXES: dict[str, Reader] = {
    ".aedat4": read_aedat4,
    ".dat": read_prophesee,
    ".raw": read_prophesee,
    ".bin": read_nmnist,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".mat": read_mat,
    ".npz": read_npz,
    ".npy": read_npy,
    ".csv": read_text,
    ".txt": read_text,
}
"""Suffixes of recordings, each with the reader of its format."""

CONTENTS: tuple[tuple[bytes, Reader], ...] = (
    (aedat.MAGIC, read_aedat4),
    (hdf5.SIGNATURE, read_hdf5),
    (b"MATLAB ", read_mat),
    (b"PK\x03\x04", read_npz),
    (b"\x93NUMPY", read_npy),
    (b"%", read_prophesee),
)
"""First bytes that tell a format whatever the file is called."""

BINARY = {read_aedat4, read_hdf5, read_mat, read_npz, read_npy, read_prophesee}
"""Formats that begin with bytes of their own: a suffix alone does not make a file one of them."""


def open_events(path: Path | str, sensor: Sensor | None = None) -> EventSource:
    """A recording as a source of events; ``sensor`` where the file does not say its size, or says it wrongly.

    Only headers are read here. Raises InputError for files that are missing, damaged or of no known format, and
    UnavailableError where a reader's package is missing.
    """
    place = Path(path)
    if not place.is_file():
        reason = "is a folder, not a recording" if place.is_dir() else "there is no such file"
        raise InputError(reason, str(place), "check the path")
    return _reader(place)(place).with_sensor(sensor)


def is_recording(path: Path) -> bool:
    """Whether a path is that of a recording rather than of arrays, by its suffix; an ``.npz`` by its names."""
    suffix = path.suffix.lower()
    return holds_events(path) if suffix == ".npz" else suffix in SUFFIXES


def _reader(path: Path) -> Reader:
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise InputError("is empty", str(path), "give a recording of events")
    reader = next((reader for first, reader in CONTENTS if start.startswith(first)), None)
    if reader is not None:
        return reader
    if start.startswith(b"#!AER-DAT"):
        reason = f"of format {start.split()[0].decode('latin-1')[2:]}, of which only AER-DAT4.0 is read"
        raise InputError(reason, str(path), "convert it to AEDAT4, for example with DV")
    named = SUFFIXES.get(path.suffix.lower())
    if named is None:
        known = ", ".join(SUFFIXES)
        raise InputError(
            f"its content is of no known format, nor is its suffix {path.suffix!r}", str(path), f"give {known}"
        )
    if named in BINARY:
        reason = f"does not begin like a {path.suffix.lower()} file: its first bytes are {start[:8].hex(' ')}"
        raise InputError(reason, str(path), "fetch or copy the file again, or give it the right suffix")
    return named
