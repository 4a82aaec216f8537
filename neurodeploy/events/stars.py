"""A simulated recording: satellites cross a field of stars before an event camera on a shaking mount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.event import CHUNK, EVENT, Chunks, Events, Sensor, make_events, microseconds
from neurodeploy.events.npz import save_events
from neurodeploy.events.source import EventSource

SENSOR = Sensor(128, 128)
STEP = 1000
"""Microseconds between two renderings of the sky; between them brightness changes evenly."""

Plane = NDArray[np.float64]


def light(points: Plane, brightness: Plane, size: NDArray[np.int_], spread: float) -> Plane:
    """Brightness of a plane ``size`` (H, W) lit by points (row, column) that spread as Gaussians."""
    rows, columns = (
        np.exp(-((np.arange(length) - points[:, axis, None]) ** 2) / (2 * spread**2))
        for axis, length in enumerate(size)
    )
    return np.einsum("ph,pw->hw", brightness[:, None] * rows, columns)


@dataclass(frozen=True)
class StarField:
    """Stars that stand still, satellites that cross them on straight lines, the mount's shaking, noise and hot pixels.

    A pixel sends an event each time the logarithm of its light has changed by ``contrast`` since its last one (as
    Rebecq et al. 2018 simulate it), at the time it crosses that level. The same fields give the same events
    on one kind of machine; elsewhere logarithms may differ in their last bit.

    - ``sensor``, ``duration``, ``seed``. - ``stars``, ``satellites``: how many; a satellite passes near the middle of
      the field half-way through, at ``speed`` pixels per second, and may leave the field.
    - ``star_light``, ``satellite_light``: brightest of the stars (the faintest has a tenth), and each satellite; the
      dark sky is 1. ``spread``: standard deviation of a point of light, pixels.
    - ``shake``: standard deviation of the mount's position, pixels; it wanders back within ``settle``.
    - ``noise``: events per second of a pixel, of random polarity. ``hot_pixels`` that send ``hot_rate`` ON events per
      second each.
    """

    sensor: Sensor = SENSOR
    duration: str = "1s"
    seed: int = 0
    stars: int = 40
    satellites: int = 1
    speed: float = 80.0
    star_light: float = 10.0
    satellite_light: float = 8.0
    spread: float = 1.0
    shake: float = 0.3
    settle: str = "50ms"
    contrast: float = 0.25
    noise: float = 0.5
    hot_pixels: int = 5
    hot_rate: float = 200.0

    def __post_init__(self) -> None:
        for name in ("duration", "settle"):
            microseconds(getattr(self, name), name)
        for name in ("contrast", "spread"):
            _at_least(getattr(self, name) > 0, name, getattr(self, name), "a number above 0")
        for name in ("stars", "satellites", "speed", "star_light", "satellite_light", "shake", "noise", "hot_pixels"):
            _at_least(getattr(self, name) >= 0, name, getattr(self, name), "a number from 0")
        _at_least(self.hot_pixels <= self.sensor.pixels, "hot_pixels", self.hot_pixels, "at most one for each pixel")

    def source(self) -> EventSource:
        """The events, made as they are read."""
        return EventSource(f"star field, seed {self.seed}", "simulated", self.sensor, self._chunks)

    def boxes(self, window: str) -> NDArray[np.int64]:
        """Where the satellites are in each window: ``(T, satellites, 4)``, columns x0..x1 and rows y0..y1, inclusive.

        A box holds every place of the satellite within its window, twice ``spread`` around; -1 where it is off the
        sensor throughout. Windows begin at 0, as those of ``Frames(window=...)`` do.
        """
        length = microseconds(window, "window")
        path = self._satellites()[1:]
        limits = np.array([self.sensor.height, self.sensor.width]) - 1
        windows = np.arange(len(path)) * STEP // length
        boxes = np.full((int(windows[-1]) + 1, self.satellites, 4), -1, np.int64)
        for number in range(len(boxes)):
            for which in range(self.satellites):
                places = path[windows == number, which]
                places = places[np.all((places >= 0) & (places <= limits), axis=1)]
                if len(places):
                    low = np.clip(np.floor(places.min(0) - 2 * self.spread), 0, limits)
                    high = np.clip(np.ceil(places.max(0) + 2 * self.spread), 0, limits)
                    boxes[number, which] = low[1], low[0], high[1], high[0]
        return boxes

    def save(self, path: Path, window: str = "10ms") -> None:
        """Write events, sensor, ``boxes`` and the length of their windows (``window``, microseconds) as ``.npz``."""
        save_events(self.source(), path, boxes=self.boxes(window), window=microseconds(window, "window"))

    def _steps(self) -> int:
        return -(-microseconds(self.duration, "duration") // STEP)

    def _chunks(self) -> Chunks:
        waiting: list[Events] = []
        for events in self._step_by_step():
            waiting.append(events)
            if sum(map(len, waiting)) > CHUNK // 4:
                yield np.concatenate(waiting)
                waiting = []
        yield np.concatenate([np.empty(0, EVENT), *waiting])

    def _step_by_step(self) -> Iterator[Events]:
        end = microseconds(self.duration, "duration")
        disturbing = self._random(2)
        hot = disturbing.choice(self.sensor.pixels, self.hot_pixels, replace=False)
        known: Plane | None = None
        before = np.empty(0)
        for number, sky in enumerate(self._skies()):
            now = np.log(sky)
            if known is None:
                known, before = now.copy(), now
                continue
            start = (number - 1) * STEP
            parts = [self._changes(known, before, now, start), self._disturbances(disturbing, hot, start)]
            events = np.concatenate(parts)
            events = events[np.argsort(events["t"], kind="stable")]
            yield events[events["t"] < end]
            before = now

    def _skies(self) -> Iterator[Plane]:
        """The light at the beginning and after each step, ``(H, W)``."""
        layout = self._random(0)
        size = np.array([self.sensor.height, self.sensor.width])
        stars = layout.random((self.stars, 2)) * size
        brightness = self.star_light * 10.0 ** -layout.random(self.stars)
        every = np.append(brightness, np.full(self.satellites, self.satellite_light))
        for shake, satellites in zip(self._shaking(), self._satellites(), strict=True):
            yield 1.0 + light(np.concatenate([stars + shake, satellites]), every, size, self.spread)

    def _shaking(self) -> Plane:
        """The mount's position at the beginning and after each step, ``(steps + 1, 2)``."""
        keep = np.exp(-STEP / microseconds(self.settle, "settle"))
        kicks = self._random(1).normal(0.0, self.shake, (self._steps() + 1, 2))
        kicks[1:] *= np.sqrt(1 - keep**2)
        for number in range(1, len(kicks)):
            kicks[number] += keep * kicks[number - 1]
        return kicks

    def _satellites(self) -> Plane:
        """Row and column of every satellite, shaking included, ``(steps + 1, satellites, 2)``."""
        layout = self._random(3)
        size = np.array([self.sensor.height, self.sensor.width])
        middle = size * layout.uniform(0.35, 0.65, (self.satellites, 2))
        heading = layout.uniform(0, 2 * np.pi, self.satellites)
        velocity = self.speed * np.stack([np.sin(heading), np.cos(heading)], axis=1)
        seconds = (np.arange(self._steps() + 1) - self._steps() / 2) * STEP / 1e6
        return middle + seconds[:, None, None] * velocity + self._shaking()[:, None]

    def _changes(self, known: Plane, before: Plane, now: Plane, start: int) -> Events:
        """Events of a step; ``known``, the level of each pixel's last event, follows them."""
        crossed = np.trunc((now - known) / self.contrast).astype(np.int64)
        rows, columns = np.nonzero(crossed)
        many = crossed[rows, columns]
        pixel = np.repeat(np.arange(len(many)), np.abs(many))
        order = np.arange(len(pixel)) - np.repeat(np.cumsum(np.abs(many)) - np.abs(many), np.abs(many)) + 1
        rows, columns, sign = rows[pixel], columns[pixel], np.sign(many)[pixel]
        level = known[rows, columns] + sign * order * self.contrast
        share = (level - before[rows, columns]) / (now - before)[rows, columns]
        known += crossed * self.contrast
        times = start + np.clip(np.floor(share * STEP), 0, STEP - 1).astype(np.int64)
        return make_events(times, columns, rows, sign > 0)

    def _disturbances(self, random: np.random.Generator, hot: NDArray[Any], start: int) -> Events:
        """Noise of all pixels and events of the hot ones during a step."""
        seconds = STEP / 1e6
        noise = int(random.poisson(self.noise * self.sensor.pixels * seconds))
        pixels = random.integers(0, self.sensor.pixels, noise)
        up = random.random(noise) < 0.5
        reports = np.repeat(hot, random.poisson(self.hot_rate * seconds, len(hot)))
        rows, columns = np.divmod(np.concatenate([pixels, reports]), self.sensor.width)
        times = start + random.integers(0, STEP, len(rows))
        return make_events(times, columns, rows, np.concatenate([up, np.ones(len(reports), np.bool_)]))

    def _random(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, part])


def _at_least(holds: bool, name: str, value: float, rule: str) -> None:
    if not holds:
        raise InputError(f"{value} does not do", name, f"give {rule}")
