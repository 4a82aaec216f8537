"""AEDAT 2.0 of jAER and AEDAT 3.1 of cAER: a header of text lines that start with ``#``, then addresses with times.

AEDAT 2.0 has pairs of 32 bits, most significant byte first: an address and a time in microseconds, whose clock begins
anew after 2^32. A DVS128 packs polarity (1 bit, 0 means ON), column (7) and row (7); a DAVIS has from bit 11 on
polarity (1 means ON), column (10) and row (9), and bit 31 for what is no event.

AEDAT 3.1 has packets of one kind, least significant byte first: a head of 28 bytes, then for an event of polarity
validity (1 bit), polarity (1), row (15), column (15), and 31 bits of time, whose upper part the head holds.

Columns and rows are those of the address. (iniVation, *AEDAT file formats*; jAER's header ends with the line
``#End Of ASCII Header``, cAER's with ``#!END-HEADER``; older ones just end.)
"""

from __future__ import annotations

import re
import struct
from functools import partial
from io import BufferedReader
from pathlib import Path

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY, whole_words
from neurodeploy.events.event import CHUNK, Chunks, Sensor, make_events, pieces
from neurodeploy.events.evt import Clock
from neurodeploy.events.source import EventSource

MAGIC_2, MAGIC_3 = b"#!AER-DAT2.0", b"#!AER-DAT3.1"
HEADER_LIMIT = 1 << 16
END = re.compile(rb"#(!END-HEADER|\s*End of ASCII Header)", re.IGNORECASE)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
HEAD = struct.Struct("<hhiiiiii")
"""Head of a packet: kind, source, size of an event, place of its time, upper part of times, capacity, number, valid."""

POLARITY, POLARITY_BYTES = 1, 8
SENSORS = {
    "DVS128": Sensor(128, 128),
    "DAVIS128": Sensor(128, 128),
    "DAVIS240": Sensor(240, 180),
    "DAVIS346": Sensor(346, 260),
    "DAVIS640": Sensor(640, 480),
}
"""Sizes of the cameras that a header may name; a DAVIS may have further letters, such as DAVIS240C."""


def read_aedat2(path: Path) -> EventSource:
    """Events of an AEDAT 2.0 file. Raises InputError where it is cut, or does not say which camera it is from."""
    header, start = _header(path)
    camera = _camera(header)
    if camera is None:
        raise InputError(
            "does not say which camera it is from", str(path), f"add a line '# AEChip: {next(iter(SENSORS))}'"
        )
    whole_words(path, start, 8)
    return EventSource(str(path), "AEDAT 2.0", SENSORS[camera], partial(_read_2, path, start, camera == "DVS128"))


def read_aedat3(path: Path) -> EventSource:
    """Events of polarity of an AEDAT 3.1 file. Raises InputError for damage and for compression."""
    header, start = _header(path)
    form = re.search(rb"#Format:\s*(\S+)", header)
    if form is not None and form[1] != b"RAW":
        raise InputError(
            f"its packets are compressed ({form[1].decode('latin-1')})", str(path), "write it as Format RAW"
        )
    camera = _camera(header)
    sensor = None if camera is None else SENSORS[camera]
    return EventSource(str(path), "AEDAT 3.1", sensor, partial(_read_3, path, start))


def _header(path: Path) -> tuple[bytes, int]:
    """The lines of text that start with #, up to the one that ends a header, and the byte after them.

    An event may begin with the byte of ``#``, too: row 140 of a DAVIS does. No line of text holds control characters.
    """
    lines: list[bytes] = []
    with path.open("rb") as file:
        while file.peek(1)[:1] == b"#" and not (lines and END.match(lines[-1])):
            start, line = file.tell(), file.readline(HEADER_LIMIT)
            if CONTROL.search(line):
                return b"".join(lines), start
            if not line.endswith(b"\n") or file.tell() > HEADER_LIMIT:
                raise InputError(f"cut off: its header does not end by byte {file.tell():,}", str(path), COPY)
            lines.append(line)
        return b"".join(lines), file.tell()


def _camera(header: bytes) -> str | None:
    """The camera that a header names."""
    text = header.decode("latin-1").upper()
    return next((name for name in SENSORS if re.search(rf"\b{name}(?![0-9])", text)), None)


def _read_2(path: Path, start: int, dvs128: bool) -> Chunks:
    clock = Clock(32, 0)
    with path.open("rb") as file:
        file.seek(start)
        while len(words := np.frombuffer(file.read(8 * CHUNK), ">u4").reshape(-1, 2).astype(np.int64)):
            address, times = words[:, 0], clock.times(words[:, 1])
            if dvs128:
                keep = address >> 15 == 0
                columns = times, address >> 1 & 0x7F, address >> 8 & 0x7F, address & 1 == 0
            else:
                keep = (address >> 31 == 0) & (address >> 10 & 1 == 0)
                columns = times, address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1 == 1
            yield make_events(*(column[keep] for column in columns))


def _read_3(path: Path, start: int) -> Chunks:
    with path.open("rb") as file:
        file.seek(start)
        while head := file.read(HEAD.size):
            at = file.tell() - len(head)
            yield from _packet(file, head, at, path)


def _packet(file: BufferedReader, head: bytes, at: int, path: Path) -> Chunks:
    if len(head) < HEAD.size:
        raise InputError(f"cut off: the packet at byte {at:,} has no whole head", str(path), COPY)
    kind, _, size, _, upper, capacity, number, _ = HEAD.unpack(head)
    if size < 1 or upper < 0 or not 0 <= number <= capacity or (kind == POLARITY and size != POLARITY_BYTES):
        reason = f"damaged at byte {at:,}: a packet of {number:,} events of {size:,} bytes, with room for {capacity:,}"
        raise InputError(reason, str(path), COPY)
    there = path.stat().st_size - file.tell()
    if there < capacity * size:
        reason = f"cut off: the packet at byte {at:,} should hold {capacity * size:,} bytes, {there:,} are there"
        raise InputError(reason, str(path), COPY)
    data = file.read(capacity * size)
    if kind == POLARITY:
        words = np.frombuffer(data, "<u4").reshape(-1, 2)[:number].astype(np.int64)
        words = words[words[:, 0] & 1 == 1]
        address, times = words[:, 0], words[:, 1] + (upper << 31)
        yield from pieces(make_events(times, address >> 17, address >> 2 & 0x7FFF, address >> 1 & 1))
