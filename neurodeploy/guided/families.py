"""Families of inputs that a search draws from: one sample of one input each, as numbers from -1 to 1.

Every family has a time course and a structure in space, so that together they drive neurons of small and large
receptive fields, with and without memory, over weights of both signs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Shape = tuple[int, ...]
Family = Callable[[np.random.Generator, int, Shape], FloatArray]
"""Draws ``(T, *shape)`` for so many steps of an input of a shape."""


def _rate(rng: np.random.Generator) -> float:
    """A share of active cells between a hundredth and all, of any order of magnitude alike."""
    return float(10 ** rng.uniform(-2, 0))


def _signs(rng: np.random.Generator, shape: Shape) -> FloatArray:
    return rng.choice([-1.0, 1.0], shape)


def _noise(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    lead = (steps, *shape)
    return (rng.random(lead) < _rate(rng)) * _signs(rng, lead) * rng.uniform(0.2, 1.0)


def _values(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    return np.clip(rng.normal(0, rng.uniform(0.2, 1.0), (steps, *shape)), -1, 1)


def _constant(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    return np.full((steps, *shape), float(rng.choice([-1.0, 1.0])) * rng.uniform(0.1, 1.0))


def _pattern(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    """A random picture that stands still."""
    picture = _signs(rng, shape) * (rng.random(shape) < rng.uniform(0.1, 1.0)) * rng.uniform(0.2, 1.0)
    return np.broadcast_to(picture, (steps, *shape)).copy()


def _smooth(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    """Plane waves that move: structure of any wavelength along every axis of space, another one in every channel."""
    axes = shape[1:] if len(shape) > 1 else shape
    grids = np.meshgrid(np.arange(steps), *(np.arange(size) for size in axes), indexing="ij")
    channels = shape[0] if len(shape) > 1 else 1
    waves = np.zeros((channels, *grids[0].shape))
    for channel in range(channels):
        phase = rng.uniform(0, 2 * np.pi) + rng.uniform(0, 0.8) * grids[0]
        for grid in grids[1:]:
            phase = phase + rng.uniform(-np.pi, np.pi) * grid
        waves[channel] = np.sin(phase)
    moved = np.moveaxis(waves, 0, 1).reshape(steps, *shape)
    return np.sign(moved) if rng.random() < 0.5 else moved


def _channel(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    """Every channel at a level of its own; some of them silent."""
    levels = rng.uniform(-1, 1, shape[0]) * (rng.random(shape[0]) < 0.7)
    if rng.random() < 0.5:
        levels = np.sign(levels)
    picture = np.broadcast_to(levels.reshape(-1, *(1 for _ in shape[1:])), (steps, *shape))
    return picture * (rng.random((steps, *shape)) < rng.uniform(0.3, 1.0))


def _patch(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    """Something lively inside a block of space, silence outside."""
    mask = np.ones(shape, np.bool_)
    for axis, size in enumerate(shape):
        length = int(rng.integers(1, size + 1))
        start = int(rng.integers(0, size - length + 1))
        inside = (np.arange(size) >= start) & (np.arange(size) < start + length)
        mask &= inside.reshape(-1, *(1 for _ in shape[axis + 1 :]))
    inner = (_noise, _constant, _pattern)[int(rng.integers(3))]
    return inner(rng, steps, shape) * mask


def _burst(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    """Something lively for a while, silence before and after."""
    length = int(rng.integers(1, steps + 1))
    start = int(rng.integers(0, steps - length + 1))
    inner = (_noise, _constant, _smooth)[int(rng.integers(3))](rng, steps, shape)
    inner[:start] = 0
    inner[start + length :] = 0
    return inner


def _ramp(rng: np.random.Generator, steps: int, shape: Shape) -> FloatArray:
    """A picture that grows or fades."""
    course = np.linspace(0, 1, steps).reshape(-1, *(1 for _ in shape))
    picture = _pattern(rng, 1, shape) if rng.random() < 0.5 else _smooth(rng, 1, shape)
    return picture * (course if rng.random() < 0.5 else course[::-1])


FAMILIES: Mapping[str, Family] = {
    "noise": _noise,
    "values": _values,
    "constant": _constant,
    "pattern": _pattern,
    "smooth": _smooth,
    "channel": _channel,
    "patch": _patch,
    "burst": _burst,
    "ramp": _ramp,
}
"""By name."""


def mutated(rng: np.random.Generator, sample: FloatArray, mate: FloatArray) -> FloatArray:
    """A sample that is like another one, ``(T, *shape)``, or between it and its ``mate``."""
    kind = int(rng.integers(6))
    if kind == 0:
        return -sample
    if kind == 1:
        return np.clip(sample * rng.uniform(0.5, 2.0), -1, 1)
    if kind == 2:
        axis = int(rng.integers(sample.ndim))
        return np.roll(sample, int(rng.integers(1, sample.shape[axis] + 1)), axis)
    if kind == 3:
        return np.where(rng.random(sample.shape) < 0.1, rng.uniform(-1, 1, sample.shape), sample)
    if kind == 4:
        return np.where(rng.random(sample.shape[1:]) < 0.5, sample, mate)
    cut = int(rng.integers(1, len(sample) + 1))
    return np.concatenate([sample[:cut], mate[cut:]])


def scaled(sample: FloatArray, low: float, high: float, grid: float | None) -> FloatArray:
    """A sample of -1 to 1 as values of an input whose range is ``low`` to ``high``, on its ``grid`` if it has one.

    0 stays 0 where the range holds it; what is negative becomes 0 where the range ends there.
    """
    base = min(max(0.0, low), high)
    values = np.where(sample > 0, base + sample * (high - base), base - sample * (low - base))
    if grid:
        values = np.rint(values / grid) * grid
    return np.clip(values, low, high)
