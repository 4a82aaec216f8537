"""Where events come from: a file, a generator, or another source that was filtered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.events.event import Chunks, Events, Sensor, pieces
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_table


@dataclass(frozen=True, eq=False)
class EventSource:
    """A recording that can be read from its beginning any number of times, never held as a whole.

    - ``name``: the file, or what made the events; ``format``: how they are stored.
    - ``sensor``: its size where the file says so, else None.
    - ``read``: gives the events as chunks, in the order of the file.
    - ``findings``: what was guessed to read it, such as the order of its columns.
    """

    name: str
    format: str
    sensor: Sensor | None
    read: Callable[[], Chunks]
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"EventSource({self.name}, {self.format}, {self.sensor or 'sensor unknown'})"

    def _repr_html_(self) -> str:
        rows = [("name", self.name), ("format", self.format), ("sensor", self.sensor or "unknown")]
        rows += [("read so", finding.message) for finding in self.findings]
        return fragment(html_table("events", ("", ""), rows))

    def chunks(self) -> Chunks:
        """The events, chunk by chunk, each a structured array of type ``EVENT``; unchecked.

        Raises InputError where the file is damaged, with the place.
        """
        return self.read()

    def checked(self) -> Chunks:
        """The same, with the guarantees that stimuli need: time never runs backwards, events lie on the sensor.

        Raises InputError that names the first event at fault, counted from 0.
        """
        first, before = 0, None
        for chunk in self.read():
            if not len(chunk):
                continue
            self._judge_time(chunk, first, before)
            self._judge_place(chunk, first)
            yield chunk
            first, before = first + len(chunk), int(chunk["t"][-1])

    def with_sensor(self, sensor: Sensor | None) -> EventSource:
        """The same source; a size given here counts more than the file's."""
        return self if sensor is None else replace(self, sensor=sensor)

    def known_sensor(self) -> Sensor:
        """The sensor. Raises InputError where the file does not say its size and none was given."""
        if self.sensor is None:
            reason = f"a file of format {self.format} that does not say how large the sensor is"
            raise InputError(reason, self.name, "give the size: sensor=Sensor(width, height), or --sensor WIDTHxHEIGHT")
        return self.sensor

    def _judge_time(self, chunk: Events, first: int, before: int | None) -> None:
        t = chunk["t"]
        start = int(t[0]) if before is None else before
        backwards = np.flatnonzero(np.diff(t, prepend=start) < 0)
        if len(backwards):
            at = int(backwards[0])
            earlier = start if at == 0 else int(t[at - 1])
            reason = (
                f"time runs backwards: event {first + at:,} is at {int(t[at]):,} us, the one before at {earlier:,} us"
            )
            raise InputError(reason, self.name, _SORT)

    def _judge_place(self, chunk: Events, first: int) -> None:
        sensor = self.sensor
        if sensor is None:
            return
        outside = np.flatnonzero((chunk["x"] >= sensor.width) | (chunk["y"] >= sensor.height))
        if len(outside):
            at = int(outside[0])
            reason = (
                f"event {first + at:,} at column {chunk['x'][at]}, row {chunk['y'][at]} lies outside {sensor} pixels"
            )
            raise InputError(reason, self.name, "give the right size of the sensor, or repair the file")


_SORT = (
    "look at it with `neurodeploy events info`; put it in order with --sort 1ms (neurodeploy.events.Sort), or repair it"
)


def from_array(events: Events, sensor: Sensor | None = None, name: str = "array") -> EventSource:
    """Events in memory, ``(N,)`` of type ``EVENT``, as a source."""
    return EventSource(name, "array", sensor, lambda: pieces(events))


def guess_findings(where: str, order: Sequence[str] | None, unit: str | None, span: float = 0.0) -> tuple[Finding, ...]:
    """What is said of a guessed ``order`` of columns and of a guessed ``unit`` of time.

    ``span``: from the first time to the last. Times that would be hours long in microseconds are a warning.
    """
    findings: list[Finding] = []
    if order is not None:
        message = f"has no names of columns; they are read as {', '.join(order[:4])}"
        severity = "info" if tuple(order[:4]) == tuple("txyp") else "warning"
        findings.append(Finding("column-order", severity, where, message, "name them in their order with --columns"))
    if unit is not None:
        message, severity = f"nothing says the unit of its times; they are read as {UNITS[unit]}", "info"
        if unit == "us" and span > LONG:
            message += f", which makes {span / HOUR:.1f} hours; as nanoseconds they are {span / 1e9:.1f} seconds"
            severity = "warning"
        findings.append(Finding("time-unit", severity, where, message, "state it with --time-unit ns, us, ms or s"))
    return tuple(findings)


UNITS = {"s": "seconds", "us": "microseconds", "ns": "nanoseconds"}
HOUR = 3.6e9
LONG = 2 * HOUR
"""Microseconds from which on a recording may well be one in nanoseconds."""
