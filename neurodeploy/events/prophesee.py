"""Prophesee's files: a header of text lines that start with ``%``, then DAT events (read here) or EVT words (``evt``).

A DAT event has 8 bytes: 32 bits of time, then polarity (4 bits), row and column (14 bits each). Its clock begins anew
after 2^32 us: a time that is lower than the one before by more than half of that range counts one range more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY, whole_words
from neurodeploy.events.event import CHUNK, Chunks, Sensor, make_events
from neurodeploy.events.evt import WORD_SIZE, Clock, check_evt, read_evt
from neurodeploy.events.source import EventSource

HEADER_LIMIT = 1 << 16
CD_EVENTS = (0x00, 0x0C)
"""The types of DAT events that are changes of brightness."""


@dataclass(frozen=True)
class TextHeader:
    """The lines of text before the events; ``size`` in bytes."""

    size: int
    sensor: Sensor | None
    values: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def format(self) -> str:
        """``EVT2``, ``EVT3``, ... or ``DAT``."""
        named = self.values.get("format", "").partition(";")[0].upper()
        version = self.values.get("evt", "").removesuffix(".0").replace(".", "")
        return named or (f"EVT{version}" if version else "DAT")


def read_prophesee(path: Path) -> EventSource:
    """A DAT or EVT file, by what its header says. Raises InputError."""
    header = read_header(path)
    if header.format == "DAT":
        return _open_dat(path, header)
    if header.format in WORD_SIZE:
        return _open_evt(path, header)
    reason = f"of format {header.format}, which is not read; {', '.join(('DAT', *WORD_SIZE))} are"
    raise InputError(reason, str(path), "convert it, for example to EVT3 or HDF5 with the camera's own tools")


def read_header(path: Path) -> TextHeader:
    """The lines that start with %, to the first that does not or says ``% end``. Raises InputError."""
    values: dict[str, str] = {}
    with path.open("rb") as file:
        while file.peek(1)[:1] == b"%":
            line = file.readline(HEADER_LIMIT)
            if not line.endswith(b"\n") or file.tell() > HEADER_LIMIT:
                reason = f"its header of text does not end by byte {file.tell():,}"
                raise InputError(f"cut off or damaged: {reason}", str(path), COPY)
            words = line[1:].decode("latin-1").split(maxsplit=1)
            if words == ["end"]:
                break
            if words:
                values[words[0].lower()] = words[1].strip() if len(words) > 1 else ""
        return TextHeader(file.tell(), _sensor(values), values)


def _sensor(values: dict[str, str]) -> Sensor | None:
    known = dict(re.findall(r"(width|height)=(\d+)", values.get("format", "")))
    known |= {name: values[name] for name in ("width", "height") if values.get(name, "").isdigit()}
    geometry = re.fullmatch(r"(\d+)x(\d+)", values.get("geometry", ""))
    if geometry:
        known |= {"width": geometry[1], "height": geometry[2]}
    return Sensor(int(known["width"]), int(known["height"])) if len(known) == 2 else None


def _open_dat(path: Path, header: TextHeader) -> EventSource:
    with path.open("rb") as file:
        file.seek(header.size)
        kind = file.read(2)
    if len(kind) < 2:
        raise InputError(f"cut off: the file ends at byte {path.stat().st_size:,}, in its header", str(path), COPY)
    if header.values.get("version", "2") != "2" or kind[0] not in CD_EVENTS or kind[1] != 8:
        reason = f"holds events of type {kind[0]:#04x} and {kind[1]} bytes (byte {header.size:,})"
        remedy = "give a DAT file of version 2 with change detection events (type 0x0c, 8 bytes)"
        raise InputError(f"{reason}, version {header.values.get('version', '2')}", str(path), remedy)
    start = header.size + 2
    whole_words(path, start, 8)
    return EventSource(str(path), "DAT", header.sensor, lambda: _read_dat(path, start))


def _read_dat(path: Path, start: int) -> Chunks:
    clock = Clock(32, 0)
    with path.open("rb") as file:
        file.seek(start)
        while len(words := np.frombuffer(file.read(8 * CHUNK), "<u4").reshape(-1, 2)):
            place = words[:, 1]
            times = clock.times(words[:, 0].astype(np.int64))
            yield make_events(times, place & 0x3FFF, (place >> 14) & 0x3FFF, place >> 28 != 0)


def _open_evt(path: Path, header: TextHeader) -> EventSource:
    findings = check_evt(path, header.format, header.size)
    read = partial(read_evt, path, header.format, header.size, header.sensor)
    return EventSource(str(path), header.format, header.sensor, read, findings)
