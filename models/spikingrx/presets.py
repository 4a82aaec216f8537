"""The named settings, the receiver that they describe, and the I/Q grids to show it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from neurodeploy.stimulus import Stimulus

from .model import SpikingRx

STEPS = 50
"""Steps of a stimulus whose length is not named."""
_INPUT: dict[str, Any] = {"shape": [2, 16, 16], "low": -4.0, "high": 3.96875, "dt": 0.001, "grid": 0.03125}

PRESETS: dict[str, dict[str, Any]] = {
    "seed": {
        "name": "seed",
        "base_ch": 4,
        "bits": 2,
        "beta": 0.9,
        "theta": 0.5,
        "connect": "ADD",
        "shortcut": "conv",
        "stateful": False,
        "stem_gain": 1.0,
        "temperature": 1.0,
        "seed": 0,
        "warm_up": {"passes": 5, "samples": 2, "steps": 5},
        "stimulus": "gaussian",
        "input": dict(_INPUT),
    },
    "stateful": {
        "name": "stateful",
        "base_ch": 8,
        "bits": 2,
        "beta": 0.9,
        "theta": 0.5,
        "connect": "ADD",
        "shortcut": "conv",
        "stateful": True,
        "stem_gain": 2.0,
        "temperature": 1.0,
        "seed": 0,
        "warm_up": {"passes": 5, "samples": 2, "steps": 50},
        "stimulus": "gaussian",
        "input": dict(_INPUT),
    },
}
"""Settings by name; copy one and change it to make another. All values are JSON."""


def build(config: Mapping[str, Any]) -> SpikingRx:
    """The receiver of a config in evaluation mode, its weights drawn from ``config["seed"]``.

    The gains (gamma) of the stem's norm are set to ``stem_gain``. Then ``warm_up`` training-mode passes on N(0, 1) data
    fill the running statistics, so that evaluation sees normalized currents. The global random state is left as it was.
    Raises ValueError on an unknown connect function or shortcut.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(config["seed"])
        in_ch, height, width = config["input"]["shape"]
        model = SpikingRx(
            in_ch,
            config["base_ch"],
            config["bits"],
            config["beta"],
            config["theta"],
            connect=config["connect"],
            shortcut=config["shortcut"],
            stateful=config["stateful"],
            temperature=config["temperature"],
        )
        model.stem.norm.bn.weight.fill_(config["stem_gain"])
        warm_up = config["warm_up"]
        model.train()
        for _ in range(warm_up["passes"]):
            model(torch.randn(warm_up["samples"], warm_up["steps"], in_ch, height, width))
    return model.eval()


def stimulus(
    config: Mapping[str, Any], steps: int | None = None, samples: int | None = None, seed: int = 0
) -> Stimulus:
    """``input``: (samples, steps, C, H, W), float32, drawn N(0, 1), clipped to ``config["input"]``'s low and high.

    Without ``steps`` there are 50, without ``samples`` one. ``config["stimulus"]`` is ``"gaussian"`` (a new grid every
    step) or ``"repeated"`` (one grid shown at every step, as the receiver's own tests do). If the input has a ``grid``,
    values are rounded to multiples of it, halves to even. Sample i depends on ``seed`` and i only. Raises ValueError on
    an unknown kind.
    """
    steps, samples = steps or STEPS, samples or 1
    kind, about = config["stimulus"], config["input"]
    if kind not in ("gaussian", "repeated"):
        raise ValueError(f"unknown stimulus {kind!r}; choose 'gaussian' or 'repeated'")
    drawn = steps if kind == "gaussian" else 1
    shape = (drawn, *about["shape"])
    values = np.stack([np.random.default_rng([seed, sample]).standard_normal(shape) for sample in range(samples)])
    if grid := about.get("grid"):
        values = np.round(values / grid) * grid
    values = np.clip(values, about["low"], about["high"]).astype(np.float32)
    return Stimulus({"input": values if kind == "gaussian" else np.repeat(values, steps, axis=1)})
