"""Prophesee's EVT2 and EVT3: words that say what changed since the word before.

The clock is sent in parts, so every event takes the time of the latest parts before it. What is read equals what the
decoders print that Prophesee publishes with OpenEB 5 (``standalone_samples``), in three rules:

- Words before the first upper part of the clock have no time and are left out.
- An upper part that is lower than the one before by more than half of the clock's range means that the clock began
  anew, and one more range is added from then on. Prophesee's decoders ask for almost the whole range and call that
  threshold a free choice; half of it also serves recordings in which nothing happens around that moment.
- An upper part that is lower by less is taken as it is: time then runs backwards, and ``EventSource.checked`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY, whole_words
from neurodeploy.events.event import CHUNK, Chunks, Events, Sensor, make_events, pieces
from neurodeploy.finding import Finding

Words = NDArray[Any]
Numbers = NDArray[np.int64]

EVT2_EVENTS, EVT3_EVENTS = (0x0, 0x1), (0x2, 0x4, 0x5)
"""Kinds of words that are events, or vectors of them."""

EVT2_TIME, EVT3_ROW, EVT3_OTHER_ROW, EVT3_COLUMN, EVT3_BASE = 0x8, 0x0, 0x1, 0x2, 0x3
EVT3_VECTOR_12, EVT3_VECTOR_8, EVT3_TIME_LOW, EVT3_TIME_HIGH = 0x4, 0x5, 0x6, 0x8
ELEVEN_BITS = Sensor(2048, 2048)
"""Any sensor whose rows and columns a word can name."""

WORD_SIZE = {"EVT2": 4, "EVT3": 2}


def read_evt(path: Path, format: str, start: int, sensor: Sensor | None) -> Chunks:
    """Events of an EVT2 or EVT3 file whose words begin at byte ``start``, in the order of the file.

    Raises InputError, with the byte, for a row or a column outside the sensor.
    """
    decoder: Evt2 | Evt3 = Evt2() if format == "EVT2" else Evt3()
    limit = sensor or ELEVEN_BITS
    size = WORD_SIZE[format]
    for first, words in _words(path, start, size):
        events, origin = decoder.decode(words)
        outside = np.flatnonzero((events["x"] >= limit.width) | (events["y"] >= limit.height))
        if len(outside):
            event, place = events[outside[0]], start + size * (first + int(origin[outside[0]]))
            reason = f"column {event['x']}, row {event['y']} lies outside {limit} pixels"
            raise InputError(f"damaged at byte {place:,}: {reason}", str(path), COPY)
        yield from pieces(events)


def check_evt(path: Path, format: str, start: int) -> tuple[Finding, ...]:
    """A warning of events before the clock, which are left out. Raises InputError where the file ends in a word."""
    size = WORD_SIZE[format]
    whole_words(path, start, size)
    kinds, mark = (EVT2_EVENTS, EVT2_TIME) if format == "EVT2" else (EVT3_EVENTS, EVT3_TIME_HIGH)
    count = 0
    for _, words in _words(path, start, size):
        kind = words >> (8 * size - 4)
        marks = np.flatnonzero(kind == mark)
        count += int(np.isin(kind[: marks[0]] if len(marks) else kind, kinds).sum())
        if len(marks):
            break
    if not count:
        return ()
    message = f"{count:,} words of events come before the clock is first sent; they have no time and are left out"
    return (Finding("no-clock-yet", "warning", str(path), message),)


def _words(path: Path, start: int, size: int) -> Iterator[tuple[int, Words]]:
    """Words in pieces, each with the number of its first word; a piece is small, for a word may be 12 events."""
    first, count = 0, max(1, CHUNK // 8)
    with path.open("rb") as file:
        file.seek(start)
        while len(words := np.frombuffer(file.read(size * count), f"<u{size}")):
            yield first, words
            first += len(words)


@dataclass
class Clock:
    """The upper part of a clock as a file sends it: ``bits`` wide, each unit ``1 << shift`` microseconds."""

    bits: int
    shift: int
    latest: int = -1
    ranges: int = 0

    def times(self, parts: Numbers) -> Numbers:
        """Microseconds of upper parts that follow one another, and those before; each fall counts one range more."""
        before = np.concatenate(([parts[0] if self.latest < 0 else self.latest], parts[:-1])) if len(parts) else parts
        ranges = self.ranges + np.cumsum(before - parts > 1 << (self.bits - 1))
        if len(parts):
            self.latest, self.ranges = int(parts[-1]), int(ranges[-1])
        return (parts + (ranges << self.bits)) << self.shift


@dataclass
class Held:
    """A value that stays as it is until a word changes it; ``latest`` is what the words before left."""

    latest: int

    def follow(self, changes: NDArray[np.bool_], values: Numbers) -> Numbers:
        """The value at every word: ``values`` are those of the words that change it."""
        number = np.cumsum(changes)
        held = np.concatenate(([self.latest], values))[number]
        if len(held):
            self.latest = int(held[-1])
        return held


class Evt2:
    """Words of 32 bits: a kind (4 bits), then the upper 28 bits of the time, or 6 bits of time, column and row."""

    def __init__(self) -> None:
        self._clock, self._base = Clock(28, 6), Held(-1)

    def decode(self, words: Words) -> tuple[Events, Numbers]:
        """Events of some words, and the number of the word that each of them comes from."""
        kind = words >> 28
        marks = kind == EVT2_TIME
        base = self._base.follow(marks, self._clock.times((words[marks] & 0xFFFFFFF).astype(np.int64)))
        origin = np.flatnonzero((kind <= 1) & (base >= 0))
        chosen = words[origin]
        times = base[origin] + ((chosen >> 22) & 0x3F)
        return make_events(times, (chosen >> 11) & 0x7FF, chosen & 0x7FF, kind[origin] == 1), origin


class Evt3:
    """Words of 16 bits: a kind (4 bits), then 12 bits of the time, a row, a column, or a vector of columns.

    A vector marks with one bit each which of 12 or 8 columns have an event, from a base column that it moves on.
    """

    def __init__(self) -> None:
        self._clock, self._high, self._time = Clock(12, 12), Held(-1), Held(-1)
        self._row, self._foreign, self._column, self._on = Held(0), Held(0), Held(0), Held(0)

    def decode(self, words: Words) -> tuple[Events, Numbers]:
        """Events of some words, and the number of the word that each of them comes from."""
        kind, value = words >> 12, (words & 0xFFF).astype(np.int64)
        time = self._times(kind, value)
        timed = time >= 0
        row = self._row.follow((kind == EVT3_ROW) & timed, value[(kind == EVT3_ROW) & timed] & 0x7FF)
        rows = (kind <= EVT3_OTHER_ROW) & timed
        foreign = self._foreign.follow(rows, (kind[rows] == EVT3_OTHER_ROW).astype(np.int64))
        column, on = self._columns(kind, value, timed)
        single = kind == EVT3_COLUMN
        bits = np.select((single, kind == EVT3_VECTOR_12, kind == EVT3_VECTOR_8), (1, value, value & 0xFF), 0)
        sources = np.flatnonzero((bits > 0) & timed & (foreign == 0))
        number, step = np.nonzero((bits[sources][:, None] >> np.arange(12)) & 1)
        origin = sources[number]
        x = np.where(single, value & 0x7FF, column)[origin] + step
        p = np.where(single, value >> 11, on)[origin] == 1
        return make_events(time[origin], x & 0xFFFF, row[origin], p), origin

    def _times(self, kind: Words, value: Numbers) -> Numbers:
        """Microseconds at every word; -1 before the first upper part."""
        high_marks = kind == EVT3_TIME_HIGH
        high = self._high.follow(high_marks, self._clock.times(value[high_marks]))
        marks = (high >= 0) & (high_marks | (kind == EVT3_TIME_LOW))
        low = np.where(high_marks, 0, value)
        return self._time.follow(marks, (high + low)[marks])

    def _columns(self, kind: Words, value: Numbers, timed: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """Base column, before a vector moves it on, and polarity of vectors at every word."""
        moved = timed * np.select((kind == EVT3_VECTOR_12, kind == EVT3_VECTOR_8), (12, 8), 0)
        before = np.cumsum(moved) - moved
        bases = (kind == EVT3_BASE) & timed
        column = self._column.follow(bases, (value[bases] & 0x7FF) - before[bases]) + before
        if len(kind):
            self._column.latest = int(column[-1] + moved[-1])
        return column, self._on.follow(bases, value[bases] >> 11)
