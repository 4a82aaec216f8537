"""What can be built, from which weights, and what to show it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from neurodeploy.stimulus import Stimulus

from .data import LEVELS, present, split
from .network import DT, SHAPE, DigitsNet

STEPS = 8
"""Time steps for which an image is shown."""


def _preset(preset: str, weights: str) -> dict[str, Any]:
    described = {"shape": list(SHAPE), "low": 0.0, "high": 1.0, "dt": DT, "grid": 1.0 / LEVELS}
    return {"name": "digits", "preset": preset, "weights": weights, "steps": STEPS, "input": described}


PRESETS: dict[str, dict[str, Any]] = {
    "default": _preset("default", "weights.safetensors"),
    "float-trained": _preset("float-trained", "weights_float.safetensors"),
}
"""Configurations by name: ``default`` was trained on the 8-bit grid, ``float-trained`` is its twin without rounding.

``weights`` names a file beside this one, ``steps`` is the time an image is shown, ``input`` describes what the network
expects: shape, range, time step in seconds and the grid its values lie on.
"""


def build(config: Mapping[str, Any]) -> DigitsNet:
    """The network of a configuration, trained, in evaluation mode.

    Args:
        config: one of ``PRESETS``; only ``weights`` is read.

    Raises:
        ValueError: if ``weights`` is missing or names none of the weight files in this folder.
    """
    known = [preset["weights"] for preset in PRESETS.values()]
    weights = config.get("weights")
    if weights not in known:
        raise ValueError(f"digits has no weights {weights!r}; set config['weights'] to one of {known}")
    net = DigitsNet()
    net.load_state_dict(load_file(Path(__file__).parent / str(weights)))
    return net.eval()


def stimulus(
    config: Mapping[str, Any], steps: int | None = None, samples: int | None = None, seed: int = 0
) -> Stimulus:
    """Held-out images, each shown unchanged for a number of steps.

    Args:
        config: one of ``PRESETS``.
        steps: time steps; None stands for ``config["steps"]``.
        samples: number of different images, drawn by ``seed``; None, or as many as are held out (450) or more, stands
            for all of them in the order of the split.
        seed: of the draw.

    Returns:
        Its ``input`` is float32, shape (samples, steps, 1, 8, 8), multiples of 1/16 in 0..1; its ``labels`` are int64,
        shape (samples,).

    Raises:
        ValueError: if ``steps`` or ``samples`` is below one.
    """
    steps = int(config["steps"]) if steps is None else steps
    if steps < 1 or (samples is not None and samples < 1):
        raise ValueError(f"stimulus of {samples} samples and {steps} steps; both must be at least 1")
    _, held_out = split()
    count = len(held_out.labels)
    everything = samples is None or samples >= count
    chosen = np.arange(count) if everything else np.random.default_rng(seed).choice(count, samples, replace=False)
    pixels = present(torch.from_numpy(held_out.pixels[chosen]), steps)
    return Stimulus({"input": pixels.contiguous().numpy()}, held_out.labels[chosen])
