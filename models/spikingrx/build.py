"""The receiver and its named settings as plain data."""

from collections.abc import Mapping
from typing import Any

import torch

from .model import SpikingRx

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
