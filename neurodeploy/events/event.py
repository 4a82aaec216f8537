"""What an event is, and the sensor it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError

EVENT = np.dtype([("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "?")], align=True)
"""One event: time in microseconds, column, row, and whether the pixel became brighter (ON)."""

CHUNK = 1 << 17
"""Events that a reader hands over at once, at most: two megabytes."""

Events = NDArray[Any]
"""Events as a structured array ``(N,)`` of type ``EVENT``."""

Chunks = Iterator[Events]


@dataclass(frozen=True)
class Sensor:
    """Width and height of a sensor in pixels."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if not (0 < self.width <= 1 << 16 and 0 < self.height <= 1 << 16):
            raise InputError(f"{self} is no size of a sensor", "sensor", "give 1 to 65,536 pixels each way")

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height


def make_events(t: Any, x: Any, y: Any, p: Any) -> Events:
    """Events of four columns ``(N,)`` that hold valid values already."""
    events = np.empty(len(t), EVENT)
    events["t"], events["x"], events["y"], events["p"] = t, x, y, p
    return events


def pieces(events: Events, size: int = CHUNK) -> Chunks:
    """The same events in chunks of at most ``size``."""
    for first in range(0, len(events), size):
        yield events[first : first + size]


UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}


def microseconds(text: str, where: str) -> int:
    """``10ms``, ``500us``, ``0.5s`` or ``2min`` in whole microseconds, at least one. Raises InputError."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(us|ms|s|min)", text.strip())
    length = round(float(match[1]) * UNITS[match[2]]) if match else 0
    if length < 1:
        raise InputError(f"{text!r} is no length of time", where, "write a number and us, ms, s or min, e.g. 10ms")
    return length
