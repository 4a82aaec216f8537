"""Prophesee's DAT (read here), EVT2 and EVT3 (decoded by the package faery).

All begin with lines of text that start with ``%``. A DAT event is 8 bytes: time, then polarity (4 bits), row and
column (14 bits each). EVT2 has words of 32 bits, EVT3 of 16; faery keeps the largest time it has seen, so time never
runs backwards in these two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY, whole_words
from neurodeploy.events.event import CHUNK, Chunks, Sensor, make_events, pieces
from neurodeploy.events.source import EventSource
from neurodeploy.extras import need

HEADER_LIMIT = 1 << 16
CD_EVENTS = (0x00, 0x0C)
"""The types of DAT events that are changes of brightness."""

_ELEVEN_BITS = Sensor(2048, 2048)
_WORD = {"EVT2": 4, "EVT3": 2}


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
    """A DAT or EVT file, by what its header says. Raises InputError, and UnavailableError without faery for EVT."""
    header = read_header(path)
    if header.format == "DAT":
        return _open_dat(path, header)
    if header.format in _WORD:
        return _open_evt(path, header)
    reason = f"of format {header.format}, which is not read; {', '.join(('DAT', *_WORD))} are"
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
    with path.open("rb") as file:
        file.seek(start)
        while len(words := np.frombuffer(file.read(8 * CHUNK), "<u4").reshape(-1, 2)):
            place = words[:, 1]
            yield make_events(words[:, 0], place & 0x3FFF, (place >> 14) & 0x3FFF, place >> 28 != 0)


def _open_evt(path: Path, header: TextHeader) -> EventSource:
    faery = need("faery", "events", str(path))
    whole_words(path, header.size, _WORD[header.format])
    return EventSource(str(path), header.format, header.sensor, lambda: _read_evt(faery, path, header))


def _read_evt(faery: Any, path: Path, header: TextHeader) -> Chunks:
    size = header.sensor or _ELEVEN_BITS
    read = 0
    try:
        decoder = faery.evt.Decoder(path, (size.width, size.height), header.format.lower())
        for packet in decoder:
            events = packet.get("events", ())
            if len(events):
                yield from pieces(make_events(events["t"], events["x"], events["y"], events["on"]))
                read += len(events)
    except RuntimeError as error:
        place = _first_outside(path, header, size)
        at = f"after event {read:,}" if place is None else f"at byte {place:,}"
        raise InputError(f"damaged {at}: {error}", str(path), COPY) from error


def _first_outside(path: Path, header: TextHeader, sensor: Sensor) -> int | None:
    """Byte of the first word whose row or column lies outside the sensor."""
    judge = _JUDGES[header.format]
    at = header.size
    with path.open("rb") as file:
        file.seek(at)
        while data := file.read(4 * CHUNK):
            outside = np.flatnonzero(judge(np.frombuffer(data, f"<u{_WORD[header.format]}"), sensor))
            if len(outside):
                return at + int(outside[0]) * _WORD[header.format]
            at += len(data)
    return None


def _evt2_outside(words: NDArray[Any], sensor: Sensor) -> NDArray[Any]:
    outside = ((words >> 11) & 0x7FF >= sensor.width) | (words & 0x7FF >= sensor.height)
    return (words >> 28 <= 1) & outside


def _evt3_outside(words: NDArray[Any], sensor: Sensor) -> NDArray[Any]:
    kind, value = words >> 12, words & 0x7FF
    return ((kind == 0) & (value >= sensor.height)) | (((kind == 2) | (kind == 3)) & (value >= sensor.width))


_JUDGES: dict[str, Callable[[NDArray[Any], Sensor], NDArray[Any]]] = {"EVT2": _evt2_outside, "EVT3": _evt3_outside}
