"""Filters: each turns a source of events into one with fewer events, or with events in order, and reads none itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.event import EVENT, Chunks, Events, microseconds, pieces
from neurodeploy.events.source import EventSource

NEVER = np.iinfo(np.int64).min // 2


@dataclass(frozen=True)
class BackgroundActivity:
    """Keeps an event if enough of its neighbors had one shortly before (Delbruck 2008).

    - ``within``: how long before at most. - ``radius``: neighbors are the pixels this far in each direction at most,
      the pixel itself excepted. - ``support``: how many of them are needed.

    What counts is the latest event of each neighbor, of either polarity, kept or not; for events of the same
    microsecond the file's order decides. Raises InputError for a source whose sensor is not known.
    """

    within: str = "2ms"
    radius: int = 1
    support: int = 1

    def __post_init__(self) -> None:
        microseconds(self.within, "within")
        neighbors = (2 * self.radius + 1) ** 2 - 1
        if self.radius < 1 or not 1 <= self.support <= neighbors:
            reason = f"radius {self.radius} with support {self.support}: there are {neighbors} neighbors"
            raise InputError(reason, "background-activity", "give a radius and a support of at least 1")

    def __call__(self, source: EventSource) -> EventSource:
        """The source without events that stand alone."""
        return replace(source, read=lambda: self._read(source))

    def _read(self, source: EventSource) -> Chunks:
        sensor, length = source.known_sensor(), microseconds(self.within, "within")
        width = sensor.width + 2 * self.radius
        latest = np.full(width * (sensor.height + 2 * self.radius), NEVER, np.int64)
        for chunk in source.checked():
            pixels = (chunk["y"].astype(np.int64) + self.radius) * width + chunk["x"] + self.radius
            yield chunk[self._supported(pixels, chunk["t"], latest, width, length)]
            latest[pixels] = chunk["t"]  # of a pixel's several events the last is kept: times are in order

    def _supported(
        self, pixels: NDArray[Any], times: NDArray[Any], latest: NDArray[Any], width: int, length: int
    ) -> NDArray[np.bool_]:
        """Which events have support. ``keys`` sort by pixel, then by order: the entry before a key is the latest."""
        count = len(pixels)
        keys = np.sort(pixels * count + np.arange(count))
        number = keys % count
        enough = np.zeros(count, np.int64)
        for step in self._steps(width):
            neighbor = keys + step * count
            before = np.maximum(np.searchsorted(keys, neighbor) - 1, 0)
            here = (keys[before] // count == neighbor // count) & (keys[before] < neighbor)
            times_before = np.where(here, times[number[before]], latest[neighbor // count])
            enough += times[number] - times_before <= length
        supported = np.empty(count, np.bool_)
        supported[number] = enough >= self.support
        return supported

    def _steps(self, width: int) -> list[int]:
        reach = range(-self.radius, self.radius + 1)
        return [row * width + column for row in reach for column in reach if row or column]


@dataclass(frozen=True)
class HotPixels:
    """Drops every event of pixels that report too often, judged over the whole source, which is read twice.

    Too often is more than ``rate`` events per second, or without it more than ``factor`` times the mean rate of the
    pixels that report at all. Raises InputError for a source whose sensor is not known.
    """

    rate: float | None = None
    factor: float = 20.0

    def __post_init__(self) -> None:
        if not (self.rate is None or self.rate > 0) or not self.factor > 1:
            reason = f"a rate of {self.rate} and a factor of {self.factor} name no hot pixels"
            raise InputError(reason, "hot-pixels", "give a rate above 0, or a factor above 1")

    def __call__(self, source: EventSource) -> EventSource:
        """The source without its hot pixels."""
        return replace(source, read=lambda: self._read(source))

    def find(self, source: EventSource) -> NDArray[np.bool_]:
        """The hot pixels of a source, ``(H, W)``."""
        sensor = source.known_sensor()
        counts = np.zeros((sensor.height, sensor.width), np.int64)
        first, last = None, 0
        for chunk in source.checked():
            np.add.at(counts, (chunk["y"], chunk["x"]), 1)
            first, last = int(chunk["t"][0]) if first is None else first, int(chunk["t"][-1])
        return self.among(counts, last - (first or 0))

    def among(self, counts: NDArray[np.int64], duration: int) -> NDArray[np.bool_]:
        """The hot ones among pixels with these counts of events over ``duration`` microseconds."""
        if self.rate is not None:
            return counts * 1e6 > self.rate * duration
        active = counts[counts > 0]
        return counts > self.factor * active.mean() if len(active) else np.zeros(counts.shape, np.bool_)

    def _read(self, source: EventSource) -> Chunks:
        hot = self.find(source)
        for chunk in source.checked():
            yield chunk[~hot[chunk["y"], chunk["x"]]]


@dataclass(frozen=True)
class Sort:
    """Puts events in order that a camera or a merge left out of order by at most ``within``.

    Events of the same time keep the file's order. Raises InputError for an event that comes later than that.
    """

    within: str = "1ms"

    def __post_init__(self) -> None:
        microseconds(self.within, "within")

    def __call__(self, source: EventSource) -> EventSource:
        """The source in order."""
        return replace(source, read=lambda: self._read(source))

    def _read(self, source: EventSource) -> Chunks:
        length = microseconds(self.within, "within")
        waiting: Events = np.empty(0, EVENT)
        safe = NEVER
        for chunk in source.chunks():
            if not len(chunk):
                continue
            if int(chunk["t"].min()) < safe:
                reason = f"an event at {int(chunk['t'].min()):,} us comes more than {self.within} too late"
                raise InputError(reason, source.name, "sort within a longer time")
            waiting = np.concatenate([waiting, chunk])
            waiting = waiting[np.argsort(waiting["t"], kind="stable")]
            safe = max(safe, int(waiting["t"][-1]) - length)
            ready = int(np.searchsorted(waiting["t"], safe))
            yield from pieces(waiting[:ready])
            waiting = waiting[ready:]
        yield from pieces(waiting)


Filter = BackgroundActivity | HotPixels | Sort

KINDS: Mapping[str, type[BackgroundActivity] | type[HotPixels] | type[Sort]] = {
    "background-activity": BackgroundActivity,
    "hot-pixels": HotPixels,
    "sort": Sort,
}
"""Filters by the names their JSON form has."""


def filter_to_json(event_filter: Filter) -> dict[str, Any]:
    """A filter as plain data."""
    kind = next(name for name, kind_class in KINDS.items() if type(event_filter) is kind_class)
    return {"kind": kind, **asdict(event_filter)}


def filter_from_json(data: Mapping[str, Any]) -> Filter:
    """A filter of plain data. Raises InputError for unknown kinds and fields."""
    fields = dict(data)
    kind = fields.pop("kind", None)
    if kind not in KINDS:
        raise InputError(f"{kind!r} is no kind of filter", "filters", f"the kinds are: {', '.join(KINDS)}")
    try:
        return KINDS[kind](**fields)
    except TypeError as error:
        raise InputError(f"has fields it does not know: {error}", f"filter {kind}", "leave them out") from error
