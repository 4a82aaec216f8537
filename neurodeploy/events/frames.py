"""Events to frames: what a network takes as its input, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import ceil, prod
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.event import Events, Sensor
from neurodeploy.events.filters import Filter, filter_from_json, filter_to_json
from neurodeploy.events.source import EventSource
from neurodeploy.events.steps import Steps

Polarity = Literal["both", "both-off-first", "on", "off", "merged", "signed"]
Values = Literal["counts", "binary", "normalized"]
Array = NDArray[Any]

CELLS = 1 << 20
"""Cells of the frames that are made at a time, at most, unless one frame has more."""


@dataclass(frozen=True)
class Frames:
    """How a source of events becomes frames ``(T, C, H, W)``. One of the first three fields says what a frame is:

    - ``window``: the events of a length of time such as ``"10ms"``. Frames begin at multiples of it, counted from
      ``origin`` (microseconds on the recording's clock); the first holds the first event, the last the last.
    - ``count``: so many events, of either polarity; a last group of fewer is left out.
    - ``bins``: the recording cut into so many parts of the same length, as SpikeSEG's voxel grid does:
      floor((t - first) / (last - first) * (bins - 1e-6)), and bins // 2 where all events are at one time.

    Then, in this order:

    - ``filters`` run over the events before all else.
    - ``polarity``: ``both`` gives the channels (ON, OFF), ``both-off-first`` (OFF, ON), which is the order of the
      polarity bit and of the frames of tonic and SpikingJelly; ``on`` and ``off`` one channel of these alone;
      ``merged`` one channel of all events; ``signed`` one channel of ON minus OFF.
    - ``downscale``: so many pixels each way become one, which sums their events; a sensor it does not divide keeps its
      last, smaller pixels. Or ``size`` (H, W): pixels go where SpikeSEG puts them, round(x * (W - 1) / (w - 1)).
    - ``values``: ``counts`` (int32); ``binary`` (int8), 1 where a pixel has any event, for ``signed`` the sign;
      ``normalized`` (float32), where each frame is divided by its largest magnitude over all channels, as SpikeSEG's
      voxel grid is, and rounded to multiples of ``grid`` where one is given.

    Raises InputError for fields that make no sense.
    """

    window: str | None = None
    count: int | None = None
    bins: int | None = None
    polarity: Polarity = "both"
    downscale: int = 1
    size: tuple[int, int] | None = None
    values: Values = "counts"
    grid: float | None = None
    filters: tuple[Filter, ...] = ()
    origin: int = 0

    def __post_init__(self) -> None:
        Steps(self.window, self.count, self.bins, self.origin)
        _one_of(self.polarity, get_args(Polarity), "polarity")
        _one_of(self.values, get_args(Values), "values")
        if self.downscale < 1 or (self.size is not None and (self.downscale != 1 or min(self.size) < 1)):
            reason = f"a downscale of {self.downscale} with a size of {self.size}"
            raise InputError(reason, "downscale", "give a whole number from 1, or a size (H, W) alone")
        if self.grid is not None and (self.values != "normalized" or not 0 < self.grid <= 1):
            raise InputError(f"{self.grid} with values {self.values!r}", "grid", "give 0 to 1, with normalized values")

    def shape(self, sensor: Sensor) -> tuple[int, int, int]:
        """Channels, height and width of the frames of a sensor."""
        channels = 2 if self.polarity.startswith("both") else 1
        if self.size is not None:
            return channels, *self.size
        return channels, ceil(sensor.height / self.downscale), ceil(sensor.width / self.downscale)

    def stream(self, source: EventSource) -> Iterator[Array]:
        """Frames in pieces ``(T', C, H, W)`` that follow one another, in memory that does not grow with the recording.

        Raises InputError for damage, for time that runs backwards, and for events outside the sensor.
        """
        for event_filter in self.filters:
            source = event_filter(source)
        sensor = source.known_sensor()
        shape = self.shape(sensor)
        rows, columns = self._places(sensor.height, shape[1]), self._places(sensor.width, shape[2])
        room = max(1, CELLS // prod(shape))
        block, base = np.zeros((room, *shape), np.int32), 0
        steps = Steps(self.window, self.count, self.bins, self.origin)
        total = 0
        for events, numbers, complete in steps.of(source):
            total = complete
            while True:
                inside = int(np.searchsorted(numbers, base + room))
                self._add(block, events[:inside], numbers[:inside] - base, rows, columns)
                if inside == len(numbers):
                    break
                yield self._valued(block)
                events, numbers, base = events[inside:], numbers[inside:], base + room
                block = np.zeros_like(block)
        if total > base:
            yield self._valued(block[: total - base])

    def read(self, source: EventSource, steps: int | None = None) -> Array:
        """All frames at once, ``(T, C, H, W)``, or the first ``steps``. Raises InputError where there is none."""
        blocks = list(self.blocks(source, steps))
        return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]

    def blocks(self, source: EventSource, steps: int | None = None) -> Iterator[Array]:
        """As ``stream``, of the first ``steps`` where given. Raises InputError where there is no frame."""
        held = 0
        for block in self.stream(source):
            yield block if steps is None else block[: steps - held]
            held += len(block)
            if steps is not None and held >= steps:
                break
        if not held:
            if not any(len(events) for events in source.chunks()):
                raise InputError("holds no events", source.name, "give a recording with events")
            remedy = "give a smaller count, or look at the filters"
            raise InputError("has too few events for a frame", source.name, remedy)

    def to_json(self) -> dict[str, Any]:
        """The fields as plain data."""
        return {**asdict(self), "filters": [filter_to_json(event_filter) for event_filter in self.filters]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Frames:
        """Frames of plain data. Raises InputError for unknown fields and values that make no sense."""
        fields = dict(data)
        fields["filters"] = tuple(filter_from_json(event_filter) for event_filter in fields.get("filters", ()))
        if fields.get("size") is not None:
            fields["size"] = tuple(fields["size"])
        try:
            return Frames(**fields)
        except TypeError as error:
            raise InputError(f"is no description of frames: {error}", "frames", "give its fields alone") from error

    def _places(self, length: int, new: int) -> Array:
        """Where each row or column of the sensor goes."""
        if self.size is None:
            return np.arange(length) // self.downscale
        return np.rint(np.arange(length) * (new - 1) / max(length - 1, 1)).astype(np.int64)

    def _add(self, block: Array, events: Events, numbers: Array, rows: Array, columns: Array) -> None:
        on = events["p"]
        if self.polarity in ("on", "off"):
            chosen = on if self.polarity == "on" else ~on
            events, numbers, on = events[chosen], numbers[chosen], on[chosen]
        _, channels, height, width = block.shape
        cells = numbers * channels
        if channels == 2:
            cells = cells + (on if self.polarity == "both-off-first" else ~on)
        cells = (cells * height + rows[events["y"]]) * width + columns[events["x"]]
        amounts = np.where(on, np.int32(1), np.int32(-1)) if self.polarity == "signed" else np.int32(1)
        np.add.at(block.reshape(-1), cells, amounts)

    def _valued(self, block: Array) -> Array:
        if self.values == "counts":
            return block
        if self.values == "binary":
            return np.sign(block).astype(np.int8)
        largest = np.abs(block).max(axis=(1, 2, 3), keepdims=True)
        shares = block / np.maximum(largest, 1)
        return (shares if self.grid is None else np.rint(shares / self.grid) * self.grid).astype(np.float32)


def _one_of(value: str, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        raise InputError(f"{value!r} is not known", where, f"choose from {', '.join(known)}")
