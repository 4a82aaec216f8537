"""Made-up event-camera sequences for the encoder, the same for the same seed."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .stars import star_field

Frames = NDArray[np.float32]


def stimulus(config: Mapping[str, Any], steps: int, samples: int = 1, seed: int = 0) -> dict[str, Frames]:
    """``{"input": (samples, steps, C, H, W)}`` of the kind ``config["stimulus"]`` (``"block"`` or ``"stars"``).

    Shape, range and grid of values are those of ``config["input"]``. Sample i depends on ``seed`` and i only, and a
    longer run begins with a shorter one. Raises ValueError on an unknown kind.
    """
    makers: dict[str, Callable[[tuple[int, int, int], int, int, int, float], Frames]] = {
        "block": moving_block,
        "stars": star_field,
    }
    kind = config["stimulus"]
    if kind not in makers:
        raise ValueError(f"unknown stimulus {kind!r}; choose from {sorted(makers)}")
    channels, height, width = config["input"]["shape"]
    grid = float(config["input"]["grid"])
    frames = [makers[kind]((channels, height, width), steps, seed, sample, grid) for sample in range(samples)]
    return {"input": np.stack(frames)}


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
