"""A summary of a recording, made in one pass over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.events.event import Events, Sensor
from neurodeploy.events.filters import HotPixels
from neurodeploy.events.source import EventSource
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.table import Table

SHOWN = 10
LARGEST = Sensor(4096, 4096)
"""Beyond these no pixel is looked at for being hot, so that a damaged coordinate needs no memory."""


@dataclass(frozen=True)
class HotPixel:
    """A pixel that reports too often: column, row, and events per second."""

    x: int
    y: int
    rate: float


@dataclass(frozen=True)
class Summary:
    """Counts and times (microseconds) of a recording.

    ``extent`` is the smallest sensor that holds every event; ``hot`` are the pixels that ``HotPixels()`` drops, the
    worst ten of ``hot_pixels``; ``backwards`` counts events earlier than the one before, ``outside`` those that
    lie off the sensor.
    """

    name: str
    format: str
    sensor: Sensor | None
    events: int
    on: int
    first: int | None
    last: int | None
    extent: Sensor | None
    hot_pixels: int
    hot: tuple[HotPixel, ...]
    backwards: int
    outside: int
    findings: tuple[Finding, ...]

    @property
    def duration(self) -> float:
        """Seconds from the earliest to the latest event."""
        return 0.0 if self.first is None or self.last is None else (self.last - self.first) / 1e6

    @property
    def rate(self) -> float | None:
        """Events per second, None for a recording without duration."""
        return self.events / self.duration if self.duration else None

    def to_json(self) -> dict[str, Any]:
        """The summary as plain data."""
        return {
            "file": self.name,
            "format": self.format,
            "sensor": _size(self.sensor),
            "extent": _size(self.extent),
            "events": self.events,
            "on": self.on,
            "off": self.events - self.on,
            "first_us": self.first,
            "last_us": self.last,
            "duration_s": self.duration,
            "events_per_s": self.rate,
            "monotone": self.backwards == 0,
            "backwards": self.backwards,
            "outside": self.outside,
            "hot_pixels": self.hot_pixels,
            "hottest": [{"x": pixel.x, "y": pixel.y, "events_per_s": pixel.rate} for pixel in self.hot],
            "findings": [finding.to_json() for finding in self.findings],
        }

    def table(self) -> Table:
        """The summary by names of its values, for people."""
        at_least = "not said" if self.extent is None else f"not said; its events need {self.extent} pixels"
        rows = [
            ("format", self.format),
            ("sensor", at_least if self.sensor is None else f"{self.sensor} pixels"),
            ("events", f"{self.events:,}"),
            *(_counts(self) if self.events else ()),
        ]
        return Table(self.name, ("", ""), rows)

    def __repr__(self) -> str:
        return f"Summary({self.name}: {self.format}, {self.events:,} events, {self.duration:,.6f} s)"

    def _repr_html_(self) -> str:
        return fragment(html_table(*self.table()), *(html_note(str(finding)) for finding in self.findings))


def _counts(summary: Summary) -> list[tuple[str, str]]:
    """What the table of a recording with events says of them."""
    share = 100 * summary.on / summary.events
    backwards = f"no: {summary.backwards:,} events run backwards"
    return [
        ("polarity", f"{summary.on:,} ON, {summary.events - summary.on:,} OFF ({share:.1f} % ON)"),
        ("time", f"{summary.first:,} to {summary.last:,} us"),
        ("duration", f"{summary.duration:,.6f} s"),
        ("rate", "-" if summary.rate is None else f"{summary.rate:,.0f} events/s"),
        ("forward", backwards if summary.backwards else "yes"),
        ("hot pixels", f"{summary.hot_pixels:,}"),
        *(("", f"column {pixel.x}, row {pixel.y}: {pixel.rate:,.0f} events/s") for pixel in summary.hot),
    ]


@dataclass
class _Tally:
    """Running counts."""

    events: int = 0
    on: int = 0
    first: int | None = None
    last: int | None = None
    before: int | None = None
    backwards: int = 0
    outside: int = 0
    width: int = 0
    height: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))


def summarize(source: EventSource) -> Summary:
    """Read a source once and count. Raises InputError for damage; disorder and stray events become findings."""
    tally = _Tally()
    for events in source.chunks():
        if len(events):
            _count(tally, events, source.sensor)
    extent = Sensor(tally.width, tally.height) if tally.events else None
    duration = (tally.last or 0) - (tally.first or 0)
    hot = HotPixels().among(tally.counts, duration)
    return Summary(
        source.name,
        source.format,
        source.sensor,
        tally.events,
        tally.on,
        tally.first,
        tally.last,
        extent,
        int(hot.sum()),
        _hottest(tally.counts, hot, duration),
        tally.backwards,
        tally.outside,
        tuple(_findings(tally, source)),
    )


def _count(tally: _Tally, events: Events, sensor: Sensor | None) -> None:
    t = events["t"]
    low, high = int(t.min()), int(t.max())
    tally.events += len(events)
    tally.on += int(events["p"].sum())
    tally.backwards += int((np.diff(t, prepend=t[0] if tally.before is None else tally.before) < 0).sum())
    tally.first = low if tally.first is None else min(tally.first, low)
    tally.last = high if tally.last is None else max(tally.last, high)
    tally.before = int(t[-1])
    limit = sensor or LARGEST
    inside = (events["x"] < limit.width) & (events["y"] < limit.height)
    if sensor is not None:
        tally.outside += len(events) - int(np.count_nonzero(inside))
    tally.width = max(tally.width, int(events["x"].max()) + 1)
    tally.height = max(tally.height, int(events["y"].max()) + 1)
    grow = (min(tally.height, limit.height) - len(tally.counts), min(tally.width, limit.width) - tally.counts.shape[1])
    if any(grow):
        tally.counts = np.pad(tally.counts, [(0, more) for more in grow])
    np.add.at(tally.counts, (events["y"][inside], events["x"][inside]), 1)


def _hottest(counts: NDArray[np.int64], hot: NDArray[np.bool_], duration: int) -> tuple[HotPixel, ...]:
    rows, columns = np.nonzero(hot)
    order = np.argsort(-counts[rows, columns], kind="stable")[:SHOWN]
    seconds = max(duration, 1) / 1e6
    return tuple(
        HotPixel(int(columns[at]), int(rows[at]), float(counts[rows[at], columns[at]] / seconds)) for at in order
    )


def _findings(tally: _Tally, source: EventSource) -> list[Finding]:
    findings: list[Finding] = [*source.findings]
    if not tally.events:
        findings.append(Finding("no-events", "warning", source.name, "holds no events"))
    if tally.backwards:
        reason = f"time runs backwards at {tally.backwards:,} of {tally.events:,} events; no frames can be made of it"
        findings.append(
            Finding(
                "time-backwards",
                "error",
                source.name,
                reason,
                "put it in order with --sort 1ms, or neurodeploy.events.Sort",
            )
        )
    if tally.outside:
        reason = f"{tally.outside:,} of {tally.events:,} events lie outside {source.sensor} pixels"
        findings.append(Finding("outside-sensor", "error", source.name, reason, "give the right size with --sensor"))
    if source.sensor is None:
        reason = "the file does not say how large the sensor is"
        findings.append(Finding("no-sensor", "info", source.name, reason, "give it with --sensor WIDTHxHEIGHT"))
    return findings


def _size(sensor: Sensor | None) -> list[int] | None:
    return None if sensor is None else [sensor.width, sensor.height]
