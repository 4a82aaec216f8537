"""Seeded star fields with and without a satellite, and the split that training and evaluation keep to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.events import Frames, Sensor
from neurodeploy.events.stars import StarField

STEPS = 30
"""Windows of a field."""
WINDOW = "10ms"
"""Length of a window: one time step of the network."""
LARGEST = 15
"""Most events of a pixel and polarity that a window counts."""
TRAINING = range(100)
"""Seeds of the fields that weights are learned from and thresholds chosen on."""
HELD_OUT = range(1_000_000, 1_000_040)
"""Seeds of the fields that judge."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Fields of one sensor: ``frames`` (N, T, 2, H, W), events of each pixel, ON before OFF; ``boxes`` (N, T, S, 4).

    A box has columns x0..x1 and rows y0..y1, inclusive, -1 where the satellite is off the sensor.
    """

    frames: NDArray[np.float32]
    boxes: NDArray[np.int64]


def field(seed: int, size: tuple[int, int], satellites: int = 1) -> StarField:
    """A field of ``size`` (H, W) that lasts :data:`STEPS` windows; stars and hot pixels as many as suit 64 x 64."""
    share = size[0] * size[1] / 64**2
    return StarField(
        Sensor(size[1], size[0]),
        f"{STEPS * 10}ms",
        seed,
        stars=round(8 * share),
        satellites=satellites,
        hot_pixels=round(3 * share),
    )


def frames_of(sky: StarField) -> NDArray[np.float32]:
    """(T, 2, H, W): the events of each pixel in each window, at most :data:`LARGEST`."""
    counts = Frames(window=WINDOW).read(sky.source(), STEPS)
    missing = STEPS - len(counts)
    return np.pad(np.minimum(counts, LARGEST), ((0, missing), (0, 0), (0, 0), (0, 0))).astype(np.float32)


def fields(seeds: Sequence[int], size: tuple[int, int], satellites: int = 1) -> Fields:
    """The fields of these seeds."""
    skies = [field(seed, size, satellites) for seed in seeds]
    return Fields(np.stack([frames_of(sky) for sky in skies]), np.stack([sky.boxes(WINDOW)[:STEPS] for sky in skies]))
