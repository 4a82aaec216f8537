"""Random stimuli that need no rounding: what the input quantizer makes of them is what was drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.draw import Draw
from neurodeploy.program.population import Input


def draw_stimulus(draw: Draw, node: Input, samples: int, steps: int) -> NDArray[np.float64]:
    """Events at a drawn rate, at times in bursts: ``(samples, steps, *shape)``."""
    shape = (samples, steps, *node.shape)
    events = draw.mask(draw.pick((0.03, 0.08, 0.15, 0.3, 0.5)), shape)
    if draw.chance(0.3):
        pause = draw.between(2, 12)
        bursts = (np.arange(steps) // pause) % 2 == draw.between(0, 1)
        events &= bursts.reshape(1, steps, *(1 for _ in node.shape))
    if node.output.kind == "binary":
        return events.astype(np.float64)
    values = draw.integers(node.output.low, node.output.high, shape)
    return np.where(events, values, 0) / 2.0**node.scale
