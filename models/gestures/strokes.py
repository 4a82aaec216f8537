"""Gestures before an event sensor: a hand makes two strokes in different directions, seeded and made here.

The sensor reports that a pixel changed, not whether it became brighter or darker: a single moment shows where an edge
moves, and only time shows which way. Sums, products and comparisons alone make the events, so every machine draws the
same ones.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

SIZE = 16
"""Rows and columns of the sensor."""
STEPS = 48
"""Time steps of a gesture, 5 ms each."""
DIRECTIONS = {"right": (0.0, 1.0), "left": (0.0, -1.0), "up": (-1.0, 0.0), "down": (1.0, 0.0)}
"""Rows and columns that a stroke goes, per unit of its length."""
CLASSES = tuple(permutations(DIRECTIONS, 2))
"""The twelve gestures: first stroke, second stroke."""
REST = 0.0, 5.0
"""Steps that the hand rests between its strokes, at least and at most."""
EDGE = 1.0
"""Width of the hand's soft edge, pixels."""
CHANGE = 0.25
"""Change of brightness from step to step that makes an event."""
NOISE = 0.01
"""Share of pixels that report without a cause in a step."""
MISSED = 0.1
"""Share of events that are lost."""

TRAINING, HELD_OUT = 1, 2
"""Seeds of the gestures to train with, and of those held out."""


@dataclass(frozen=True)
class Gestures:
    """Recordings and what they show.

    Attributes:
        events: float32, shape (N, T, 1, 16, 16), 1.0 where a pixel reported in a step.
        labels: int64, shape (N,), numbers of ``CLASSES``.
    """

    events: NDArray[np.float32]
    labels: NDArray[np.int64]


def gestures(count: int, seed: int, steps: int = STEPS) -> Gestures:
    """``count`` gestures of ``seed``, the classes in turn; sample i depends on ``seed`` and i only."""
    events = [gesture(np.random.default_rng([seed, number]), number % len(CLASSES), steps) for number in range(count)]
    return Gestures(np.stack(events)[:, :, None], np.arange(count) % len(CLASSES))


def gesture(random: np.random.Generator, label: int, steps: int = STEPS) -> NDArray[np.float32]:
    """The events of one gesture, shape (T, 16, 16): place, size, speed, slant and pauses are drawn."""
    light = _light(_path(random, label, steps), 1.8 + 1.4 * random.random())
    moved = np.abs(np.diff(light, axis=0)) > CHANGE
    kept = moved & (random.random(moved.shape) >= MISSED)
    return (kept | (random.random(moved.shape) < NOISE)).astype(np.float32)


def _path(random: np.random.Generator, label: int, steps: int) -> NDArray[np.float64]:
    """Where the hand is, shape (T + 1, 2): it waits, makes a stroke, rests, makes the other, waits."""
    begin, rest = 1 + 3 * random.random(), REST[0] + (REST[1] - REST[0]) * random.random()
    last = [9 + 4 * random.random() for _ in range(2)]
    lengths = [7 + 3 * random.random() for _ in range(2)]
    starts = (begin, begin + last[0] + rest)
    path = np.zeros((steps + 1, 2))
    for name, start, lasting, length in zip(CLASSES[label], starts, last, lengths, strict=True):
        along = np.array(DIRECTIONS[name])
        slanted = along + (0.5 * random.random() - 0.25) * along[::-1]
        done = np.clip((np.arange(steps + 1) - start) / lasting, 0.0, 1.0)
        path += length * (done * done * (3 - 2 * done))[:, None] * slanted
    low, high = path.min(axis=0), path.max(axis=0)
    return path - low + random.random(2) * (SIZE - 1 - (high - low))


def _light(path: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Brightness of every pixel, shape (T + 1, 16, 16): a bright round hand with a soft edge before the dark."""
    pixels = np.arange(SIZE)
    rows, columns = (np.square(pixels - path[:, axis, None]) for axis in range(2))
    squared = rows[:, :, None] + columns[:, None, :]
    return np.clip((radius * radius - squared) / (2 * radius * EDGE) + 0.5, 0.0, 1.0)
