"""Event Stream files (``.es``), version 2, with events of a DVS.

A file begins with the words ``Event Stream``, three bytes of version, the kind of its events, and width and height as
16-bit integers. An event has five bytes: the time since the event before (7 bits, above the polarity), column and row,
least significant byte first. A byte of 255 in the first place stands for 127 us that pass without an event, one of 254
resets a reader and says nothing. (github.com/neuromorphic-paris/event_stream.)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY
from neurodeploy.events.event import CHUNK, Chunks, Events, Sensor, make_events
from neurodeploy.events.source import EventSource

MAGIC = b"Event Stream"
HEADER = 20
DVS = 1
SIZE = 5
OVERFLOW, RESET = 255, 254
OVERFLOW_TIME = 127

LOOKED_AT = 1 << 12
"""Events that are looked at together, at most, for a byte between them."""


def read_event_stream(path: Path) -> EventSource:
    """The events of an ``.es`` file. Raises InputError for damage and other kinds of events."""
    with path.open("rb") as file:
        head = file.read(HEADER)
    if len(head) < HEADER:
        raise InputError(f"cut off: the file ends at byte {len(head)}, within the header", str(path), COPY)
    version, kind = head[12], head[15]
    if version != 2 or kind != DVS:
        reason = f"holds events of kind {kind}, version {version}"
        raise InputError(reason, str(path), "give a file of version 2 with events of a DVS (kind 1)")
    sensor = Sensor(int.from_bytes(head[16:18], "little"), int.from_bytes(head[18:20], "little"))
    return EventSource(str(path), "Event Stream", sensor, lambda: _read(path))


def _read(path: Path) -> Chunks:
    time, rest, at = 0, b"", HEADER
    with path.open("rb") as file:
        file.seek(HEADER)
        while data := file.read(SIZE * CHUNK // 2):
            data = rest + data
            events, time, used = _decode(np.frombuffer(data, np.uint8), time)
            yield events
            rest, at = data[used:], at + used
    if rest:
        reason = f"cut off within an event: the file ends at byte {at + len(rest):,}, the last whole one at byte {at:,}"
        raise InputError(reason, str(path), COPY)


def _decode(data: NDArray[np.uint8], time: int) -> tuple[Events, int, int]:
    """The whole events of some bytes, the time after them, and how many bytes they are."""
    rows: list[NDArray[np.uint8]] = [np.empty((0, SIZE), np.uint8)]
    times: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    at = 0
    while at < len(data):
        if data[at] >= RESET:
            time += OVERFLOW_TIME * int(data[at] == OVERFLOW)
            at += 1
            continue
        firsts = data[at : at + SIZE * LOOKED_AT : SIZE]
        between = np.flatnonzero(firsts >= RESET)
        count = min(int(between[0]) if len(between) else len(firsts), (len(data) - at) // SIZE)
        if not count:
            break
        rows.append(data[at : at + SIZE * count].reshape(count, SIZE))
        times.append(time + np.cumsum(rows[-1][:, 0] >> 1, dtype=np.int64))
        time, at = int(times[-1][-1]), at + SIZE * count
    table = np.concatenate(rows).astype(np.int64)
    x, y = table[:, 1] | table[:, 2] << 8, table[:, 3] | table[:, 4] << 8
    return make_events(np.concatenate(times), x, y, table[:, 0] & 1), time, at
