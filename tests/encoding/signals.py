"""Random signals of many kinds, among them ones whose samples tie with thresholds."""

import numpy as np
from numpy.typing import NDArray


def draw(seed: int, count: int, steps: int) -> NDArray[np.float32]:
    """``(count, steps)``: walks, noise, waves, stairs and tenths, at scales from 0.01 to 100, with offsets."""
    generator = np.random.default_rng(seed)
    t = np.arange(steps) / steps
    kinds = (
        lambda: np.cumsum(generator.normal(size=steps)) / 5,
        lambda: generator.normal(size=steps),
        lambda: np.sin(2 * np.pi * generator.uniform(1, 9) * t + generator.uniform(0, 6)),
        lambda: np.repeat(generator.uniform(-1, 1, steps), 5)[:steps],
        lambda: generator.integers(-10, 10, steps) / 10,
    )
    rows = [kinds[generator.integers(len(kinds))]() for _ in range(count)]
    scale = np.where(generator.random(count) < 0.5, 1, 10 ** generator.uniform(-2, 2, count))
    offset = np.where(generator.random(count) < 0.5, 0, generator.normal(size=count))
    return (np.stack(rows) * scale[:, None] + offset[:, None]).astype(np.float32)
