"""I/Q grids for the receiver, the same for the same seed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def stimulus(config: Mapping[str, Any], steps: int, samples: int = 1, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """``{"input": (samples, steps, C, H, W)}`` drawn N(0, 1), clipped to ``config["input"]``'s low and high.

    ``config["stimulus"]`` is ``"gaussian"`` (a new grid every step) or ``"repeated"`` (one grid shown at every step, as
    the receiver's own tests do). If the input has a ``grid``, values are rounded to multiples of it, halves to even.
    Sample i depends on ``seed`` and i only. Raises ValueError on an unknown kind.
    """
    kind, about = config["stimulus"], config["input"]
    if kind not in ("gaussian", "repeated"):
        raise ValueError(f"unknown stimulus {kind!r}; choose 'gaussian' or 'repeated'")
    drawn = steps if kind == "gaussian" else 1
    shape = (drawn, *about["shape"])
    values = np.stack([np.random.default_rng([seed, sample]).standard_normal(shape) for sample in range(samples)])
    if grid := about.get("grid"):
        values = np.round(values / grid) * grid
    values = np.clip(values, about["low"], about["high"]).astype(np.float32)
    return {"input": values if kind == "gaussian" else np.repeat(values, steps, axis=1)}
