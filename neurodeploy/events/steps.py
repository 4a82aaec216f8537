"""Which frame each event belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.event import Events, microseconds
from neurodeploy.events.source import EventSource

Numbered = Iterator[tuple[Events, NDArray[Any], int]]

LONGEST_GAP = 1_000_000
"""Frames without any event in a row, at most: more is a damaged clock."""


@dataclass(frozen=True)
class Steps:
    """A frame per length of time, per number of events, or a number of frames in all: see ``Frames``."""

    window: str | None
    count: int | None
    bins: int | None
    origin: int

    def __post_init__(self) -> None:
        limits = [limit for limit in (self.window, self.count, self.bins) if limit is not None]
        if len(limits) != 1:
            reason = "several are given" if limits else "none is given"
            raise InputError(reason, "window, count, bins", "say what a frame is by one of them, e.g. window='10ms'")
        if self.window is not None:
            microseconds(self.window, "window")
        elif not isinstance(limits[0], int) or limits[0] < 1:
            name = "count" if self.bins is None else "bins"
            raise InputError(f"{limits[0]!r} is no number of them", name, "give a whole number from 1")

    def of(self, source: EventSource) -> Numbered:
        """Chunks of the source, the frame of each event (from 0, rising), and how many frames are complete by then."""
        if self.window is not None:
            return self._by_time(source, microseconds(self.window, "window"))
        if self.count is not None:
            return _by_count(source, self.count)
        return _into_bins(source, self.bins or 0)

    def _by_time(self, source: EventSource, length: int) -> Numbered:
        first = before = None
        for events in source.checked():
            frames = (events["t"] - self.origin) // length
            first = int(frames[0]) if first is None else first
            _judge_gap(events, frames, first if before is None else before, source.name)
            before = int(frames[-1])
            yield events, frames - first, before - first + 1


def _by_count(source: EventSource, count: int) -> Numbered:
    read = 0
    for events in source.checked():
        frames = np.arange(read, read + len(events)) // count
        read += len(events)
        yield events, frames, read // count


def _into_bins(source: EventSource, bins: int) -> Numbered:
    first, last = None, 0
    for events in source.checked():
        first, last = int(events["t"][0]) if first is None else first, int(events["t"][-1])
    if first is None:
        return
    for events in source.checked():
        if last == first:
            yield events, np.full(len(events), bins // 2), bins
            continue
        share = (events["t"] - first) / (last - first)
        yield events, np.minimum(np.floor(share * (bins - 1e-6)).astype(np.int64), bins - 1), bins


def _judge_gap(events: Events, frames: NDArray[Any], before: int, where: str) -> None:
    jumps = np.diff(frames, prepend=before)
    at = int(jumps.argmax())
    if jumps[at] > LONGEST_GAP:
        reason = f"nothing happens for {int(jumps[at]):,} windows before the event at {int(events['t'][at]):,} us"
        raise InputError(reason, where, "repair the clock of the recording, or give a longer window")
