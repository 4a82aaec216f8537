"""Synthetic event-camera sequences for the encoder, the same for the same seed: a moving block and star fields."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.events.stars import light
from neurodeploy.stimulus import Stimulus

from .fields import HELD_OUT, field, frames_of
from .fields import STEPS as FIELD_STEPS

Frames = NDArray[np.float32]
Plane = NDArray[np.float64]
STEPS = 50
"""Steps of a stimulus whose length is not named."""
STARS = 24
HOT_PIXELS = 6
SPREAD = 1.0  # standard deviation of a point of light on the sensor, pixels
SHAKE = 0.35  # standard deviation of the mount's position, pixels
NOISE = 0.01  # share of pixels with a noise event, per polarity and step
HOT_RATE = 0.5  # share of steps in which a hot pixel reports
DENSE = 1_000_003  # beside the seed, so that a dense sample is drawn from a stream of its own


def stimulus(
    config: Mapping[str, Any], steps: int | None = None, samples: int | None = None, seed: int = 0
) -> Stimulus:
    """``input``: (samples, steps, C, H, W), float32: ``"block"``, ``"stars"`` or ``"fields"``, as the config says.

    Without ``steps`` there are 50, of ``fields`` 30; without ``samples`` there is one. Shape, range and grid of the
    values are those of ``config["input"]``. Sample i depends on ``seed`` and i only, and a longer run begins with a
    shorter one.
    Raises ValueError on an unknown kind.
    """
    steps, samples = steps or (FIELD_STEPS if config["stimulus"] == "fields" else STEPS), samples or 1
    makers: dict[str, Callable[[tuple[int, int, int], int, int, int, float], Frames]] = {
        "block": moving_block,
        "stars": star_field,
        "fields": satellite_field,
    }
    kind = config["stimulus"]
    if kind not in makers:
        raise ValueError(f"unknown stimulus {kind!r}; choose from {sorted(makers)}")
    channels, height, width = config["input"]["shape"]
    grid = float(config["input"]["grid"])
    frames = [makers[kind]((channels, height, width), steps, seed, sample, grid) for sample in range(samples)]
    return Stimulus({"input": np.stack(frames)})


def check_stimulus(
    config: Mapping[str, Any], steps: int | None = None, samples: int | None = None, seed: int = 0
) -> Stimulus:
    """What a check is shown: :func:`stimulus`, and where the config has ``check``, a dense sample after the first one.

    A star field hardly touches most pixels. The dense sample touches all: in every step, ``config["check"]["dense"]``
    of its cells hold something, drawn evenly from the values of the input above zero. It comes to the samples of the
    task where their number is not named, and is one of ``samples`` otherwise; a single sample is the task's. Raises
    what :func:`stimulus` raises.
    """
    if "check" not in config or samples == 1:
        return stimulus(config, steps, samples, seed)
    fields = stimulus(config, steps, None if samples is None else samples - 1, seed)["input"]
    dense = dense_sample(config["input"], fields.shape[1], float(config["check"]["dense"]), seed)
    return Stimulus({"input": np.concatenate([fields[:1], dense[None], fields[1:]])})


def dense_sample(about: Mapping[str, Any], steps: int, share: float, seed: int) -> Frames:
    """(steps, C, H, W): ``share`` of the cells hold a positive multiple of ``grid`` up to ``high``, drawn evenly."""
    rng, grid = np.random.default_rng([seed, DENSE]), float(about["grid"])
    shape = (steps, *about["shape"])
    values = rng.integers(1, round(float(about["high"]) / grid), shape, endpoint=True) * grid
    return np.where(rng.random(shape) < share, values, 0.0).astype(np.float32)


def moving_block(shape: tuple[int, int, int], steps: int, seed: int, sample: int, grid: float) -> Frames:
    """A block of ones, 8 rows by 10 columns, moving one pixel right per step and wrapping around; (steps, C, H, W).

    Sample 0 starts at row 10, column 4 whatever the seed: the sequence of the golden file. Others start anywhere.
    """
    channels, height, width = shape
    row, column = (10, 4) if sample == 0 else np.random.default_rng([seed, sample]).integers((height, width))
    rows = np.arange(row, row + 8) % height
    frames = np.zeros((steps, channels, height, width), np.float32)
    for step in range(steps):
        columns = np.arange(column + step, column + step + 10) % width
        frames[step][:, rows[:, None], columns] = 1.0
    return frames


def satellite_field(
    shape: tuple[int, int, int], steps: int, seed: int, sample: int, grid: float
) -> NDArray[np.float32]:
    """Events of held-out star fields with a satellite, counted by window: (steps, 2, H, W), whole numbers up to 15.

    A field lasts 30 windows of 10 ms (see :mod:`.fields`); a longer sequence goes on with the next. Raises ValueError
    unless there are two channels.
    """
    _check_polarities(shape[0])
    first = HELD_OUT.stop + 10_000 * seed + 100 * sample
    parts = [frames_of(field(first + number, shape[1:])) for number in range(-(-steps // FIELD_STEPS))]
    return (np.round(np.concatenate(parts)[:steps] / grid) * grid).astype(np.float32)


def star_field(shape: tuple[int, int, int], steps: int, seed: int, sample: int, grid: float) -> NDArray[np.float32]:
    """(steps, 2, H, W) in [0, 1] on multiples of ``grid``; channel 0 is ON (brighter), channel 1 OFF (darker).

    Each step is the change of brightness since the step before, so stars show by the mount's shaking and the satellite
    (brightness 2, 0.6 to 1 pixels per step, wrapping around) by its motion. To it come noise events of random size and
    a few hot pixels that report ON at random steps. Raises ValueError unless there are two channels.
    """
    channels, height, width = shape
    _check_polarities(channels)
    layout, shaking, events = (np.random.default_rng([seed, sample, part]) for part in range(3))
    size = np.array([height, width])
    stars, brightness = layout.random((STARS, 2)) * size, layout.uniform(0.3, 1.5, STARS)
    heading, speed = layout.uniform(0, 2 * np.pi), layout.uniform(0.6, 1.0)
    start, velocity = layout.random(2) * size, speed * np.array([np.sin(heading), np.cos(heading)])
    hot = layout.integers(size, size=(HOT_PIXELS, 2))

    frames = np.zeros((steps, 2, height, width))
    before = None
    for step in range(-1, steps):
        shake = shaking.normal(0.0, SHAKE, 2)
        satellite = (start + velocity * step) % size
        now = light(np.vstack([stars, satellite]) + shake, np.append(brightness, 2.0), size, SPREAD)
        if before is not None:
            frames[step] = _polarities(now - before) + _noise(events, hot, size)
        before = now
    return (np.round(np.clip(frames, 0.0, 1.0) / grid) * grid).astype(np.float32)


def _check_polarities(channels: int) -> None:
    if channels != 2:
        raise ValueError(f"a star field has two channels (ON, OFF), not {channels}; set input.shape to [2, H, W]")


def _polarities(change: Plane) -> Plane:
    return np.stack([np.maximum(change, 0.0), np.maximum(-change, 0.0)])


def _noise(events: np.random.Generator, hot: NDArray[np.int_], size: NDArray[np.int_]) -> Plane:
    noise = np.where(events.random((2, *size)) < NOISE, events.uniform(0.1, 1.0, (2, *size)), 0.0)
    reporting = hot[events.random(len(hot)) < HOT_RATE]
    noise[0, reporting[:, 0], reporting[:, 1]] = 1.0
    return noise
