"""The five-byte events of N-MNIST, N-Caltech101 and other ATIS recordings: no header, 23 bits of time.

Byte 0 is the column and byte 1 the row; then come the polarity (1 bit) and the time in microseconds, most significant
bit first. A row of 240 is no event: it marks that 8,192 us passed which the clock does not count (Orchard et al. 2015,
and the reader that its authors publish).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurodeploy.events.binary import whole_words
from neurodeploy.events.event import CHUNK, Chunks, Sensor, make_events
from neurodeploy.events.source import EventSource

SENSOR = Sensor(34, 34)
"""N-MNIST's. Recordings of the same layout from other sensors need theirs to be given."""

MARK = 240
MARKED_TIME = 1 << 13


def read_nmnist(path: Path) -> EventSource:
    """An N-MNIST file, read in pieces. Raises InputError where it is cut within an event."""
    whole_words(path, 0, 5)
    return EventSource(str(path), "N-MNIST", SENSOR, lambda: _read(path))


def _read(path: Path) -> Chunks:
    passed = 0
    with path.open("rb") as file:
        while len(rows := np.frombuffer(file.read(5 * CHUNK), np.uint8).reshape(-1, 5)):
            time = rows[:, 2:].astype(np.int64) @ (1 << 16, 1 << 8, 1)
            marks = rows[:, 1] == MARK
            added = passed + MARKED_TIME * np.cumsum(marks)
            passed = int(added[-1])
            events = make_events((time & 0x7FFFFF) + added, rows[:, 0], rows[:, 1], rows[:, 2] >> 7)
            yield events[~marks]
