"""AEDAT 4.0 of iniVation's DV software, decoded by the package faery.

The container is a line, a size-prefixed flatbuffer ``IOHE``, packets (stream and size as 32-bit integers, then the
compressed payload), and a table of contents whose position the header names, or -1 where a recorder was stopped
before it wrote one. It is walked here first, so that damage is named by its place in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY
from neurodeploy.events.event import Chunks, Sensor, make_events, pieces
from neurodeploy.events.flatbuffer import read_table
from neurodeploy.events.source import EventSource
from neurodeploy.extras import need

MAGIC = b"#!AER-DAT4.0\r\n"
LZ4, ZSTD = b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"
LZ4_KINDS = (1, 2)
"""Numbers of the compressions that write LZ4; the others above 0 write Zstandard."""

EVENT_SIZE = 16
LZ4_CONTENT_SIZE, LZ4_BLOCK_CHECKSUM = 0x08, 0x10


def read_aedat4(path: Path) -> EventSource:
    """The first event stream of an AEDAT4 file. Raises InputError for damage, UnavailableError without faery."""
    faery = need("faery", "events", str(path))
    offsets = list(_packets(path))
    track = _event_track(faery, path)
    return EventSource(str(path), "AEDAT4", Sensor(*track.dimensions), lambda: _read(faery, path, track.id, offsets))


def _read(faery: Any, path: Path, track: int, offsets: list[int]) -> Chunks:
    decoder = _guarded(lambda: faery.aedat.Decoder(path), path, "in the header")
    for offset in offsets:
        stream, packet = _guarded(lambda: next(decoder), path, f"in the packet at byte {offset:,}")
        if stream.id == track:
            yield from pieces(make_events(packet["t"], packet["x"], packet["y"], packet["on"]))


def _event_track(faery: Any, path: Path) -> Any:
    tracks = _guarded(lambda: faery.aedat.Decoder(path).tracks(), path, "in the header")
    track = next((track for track in tracks if track.data_type == "events"), None)
    if track is None:
        kinds = ", ".join(track.data_type for track in tracks) or "none"
        raise InputError(f"has no event stream; its streams are: {kinds}", str(path), "give a recording of events")
    return track


def _guarded(work: Any, path: Path, place: str) -> Any:
    """What ``work`` gives; faery's errors, and the panics of its Rust code, as InputError with the place."""
    try:
        return work()
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = "ends early" if isinstance(error, StopIteration) else str(error)
        raise InputError(f"damaged {place}: {reason}", str(path), COPY) from error


@dataclass(frozen=True)
class _Header:
    """Where packets begin, where they end, and how they are compressed."""

    first: int
    table: int
    compression: int


def _packets(path: Path) -> Iterator[int]:
    """Byte offset of every packet. Raises InputError where the container is cut or its sizes make no sense."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = _header(file, size, path)
        end = header.table if header.table > 0 else size
        at = header.first
        while at < end:
            file.seek(at)
            head = file.read(8)
            length = struct.unpack("<ii", head)[1] if len(head) == 8 else 0
            if length <= 0 or at + 8 + length > end:
                raise _damaged(path, at, length, end, size)
            _judge_packet(file, at, length, header.compression, path)
            yield at
            at += 8 + length
        if header.table > 0:
            _judge_table(file, header.table, size, path)


def _damaged(path: Path, at: int, length: int, end: int, size: int) -> InputError:
    if at + 8 + max(length, 0) > size:
        size_needed = f" should hold {length:,} bytes" if length > 0 else ""
        packet = f"the packet at byte {at:,}{size_needed}"
        return InputError(f"cut off: {packet}, but the file ends at byte {size:,}", str(path), COPY)
    reason = f"damaged at byte {at:,}: a packet of {length:,} bytes there does not fit before byte {end:,}"
    return InputError(reason, str(path), COPY)


def _header(file: BufferedReader, size: int, path: Path) -> _Header:
    start = len(MAGIC) + 4
    prefix = file.read(start)
    if len(prefix) < start:
        raise InputError(f"cut off: the file ends at byte {size:,}, within the header", str(path), COPY)
    length = struct.unpack_from("<I", prefix, len(MAGIC))[0]
    buffer = file.read(min(length, size))
    if len(buffer) < length:
        reason = f"cut off: the header should reach to byte {start + length:,}, but the file ends at byte {size:,}"
        raise InputError(reason, str(path), COPY)
    compression, table = _judge_header(buffer, path)
    if table > size:
        reason = f"cut off: its table of contents should start at byte {table:,}, but the file ends at byte {size:,}"
        raise InputError(reason, str(path), COPY)
    return _Header(start + length, table, compression)


def _judge_header(buffer: bytes, path: Path) -> tuple[int, int]:
    """Compression and position of the table of contents (-1 where it is left out), fields of the root table.

    faery takes the third field, a description in XML, for well-formed; so that is judged here.
    """
    try:
        table = read_table(buffer, b"IOHE")
        compression = table.field(0, "<i", 0)
        position = table.field(1, "<q", -1)
        ElementTree.fromstring(table.text(2))
    except (struct.error, ValueError, ElementTree.ParseError) as error:
        reason = f"damaged in the header, bytes {len(MAGIC)} to {len(MAGIC) + 4 + len(buffer):,}: {error}"
        raise InputError(reason, str(path), COPY) from error
    return compression, position


def _judge_packet(file: BufferedReader, at: int, length: int, compression: int, path: Path) -> None:
    """A compressed packet begins as its compression does; another is a flatbuffer whose vector lies within it."""
    data = file.read(4 if compression else length)
    try:
        if compression:
            begins = LZ4 if compression in LZ4_KINDS else ZSTD
            if data != begins:
                raise ValueError(f"it does not begin with {begins.hex(' ')}")
        elif data[8:12] == b"EVTS":
            if struct.unpack_from("<I", data)[0] != length - 4:
                raise ValueError("its size is not that of the packet")
            read_table(data[4:], b"EVTS").judge_vector(0, EVENT_SIZE)
    except (struct.error, ValueError) as error:
        raise InputError(f"damaged in the packet at byte {at:,}: {error}", str(path), COPY) from error


def _judge_table(file: BufferedReader, at: int, size: int, path: Path) -> None:
    """Raises InputError unless the blocks of a compressed table of contents reach their end mark within the file."""
    file.seek(at)
    start = file.read(5)
    if len(start) == 5 and start[:4] != LZ4:
        return
    flags = start[4] if len(start) == 5 else 0
    at += 7 + 8 * bool(flags & LZ4_CONTENT_SIZE)
    while at + 4 <= size:
        file.seek(at)
        length = struct.unpack("<I", file.read(4))[0] & 0x7FFFFFFF
        if not length:
            return
        at += 4 + length + 4 * bool(flags & LZ4_BLOCK_CHECKSUM)
    raise InputError(f"cut off: the file ends at byte {size:,}, within its table of contents", str(path), COPY)
