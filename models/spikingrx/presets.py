"""The named settings, the receiver that they describe, and the I/Q grids to show it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from neurodeploy.stimulus import Stimulus

from .layers import SpikeNorm
from .model import SpikingRx
from .slots import BITS, FEATURES, GRID, HIGH, LOW, SUBCARRIERS, SYMBOLS, Slots, features, load_slots

STEPS = 50
"""Steps of a stimulus whose length is not named."""
START, STRIDE = 25, 13
"""Held-out slots are shown from one at 9 dB on, in strides, so that a few are of different signal-to-noise ratios."""
_INPUT: dict[str, Any] = {"shape": [2, 16, 16], "low": -4.0, "high": 3.96875, "dt": 0.001, "grid": 0.03125}

RECEIVER: dict[str, Any] = {
    "name": "trained",
    "weights": "weights.safetensors",
    "base_ch": 8,
    "bits": BITS,
    "beta": 0.875,
    "theta": 0.125,
    "block_beta": 0.875,
    "block_theta": 0.125,
    "width": 0.5,
    "connect": "ADD",
    "shortcut": "spiking",
    "stateful": True,
    "folded": True,
    "temperature": 4.0,
    "stimulus": "ofdm",
    "steps": 4,
    "samples": 8,
    "input": {"shape": [FEATURES, SYMBOLS, SUBCARRIERS], "low": LOW, "high": HIGH, "dt": 0.001, "grid": GRID},
}
"""The trained receiver. Its decays are whole eighths, so that float32 and integers lose the same."""

PRESETS: dict[str, dict[str, Any]] = {
    "trained": RECEIVER,
    "float-trained": {**RECEIVER, "name": "float-trained", "weights": "weights_float.safetensors", "folded": False},
    "seed-random": {
        "name": "seed-random",
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
    "stateful-random": {
        "name": "stateful-random",
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


def receiver(config: Mapping[str, Any]) -> SpikingRx:
    """The receiver of a config with weights as they are drawn. Raises ValueError on an unknown name."""
    optional = ("block_beta", "block_theta", "width", "folded")
    return SpikingRx(
        config["input"]["shape"][0],
        config["base_ch"],
        config["bits"],
        config["beta"],
        config["theta"],
        connect=config["connect"],
        shortcut=config["shortcut"],
        stateful=config["stateful"],
        temperature=config["temperature"],
        **{name: config[name] for name in optional if name in config},
    )


def build(config: Mapping[str, Any]) -> SpikingRx:
    """The receiver of a config in evaluation mode: trained, if it names ``weights``, else drawn from its ``seed``.

    ``weights`` is a file beside this one. Where weights are drawn, the gains (gamma) of the stem's norm are set to
    ``stem_gain``, and ``warm_up`` training-mode passes on N(0, 1) data fill the running statistics, so that evaluation
    sees normalized currents. The global random state is left as it was.
    Raises ValueError on an unknown connect function, shortcut or file of weights.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(config.get("seed", 0))
        model = receiver(config)
        if "weights" in config:
            model.load_state_dict(load_file(_beside(config["weights"])))
            return model.eval()
        assert isinstance(model.stem.norm, SpikeNorm)
        model.stem.norm.bn.weight.fill_(config["stem_gain"])
        warm_up = config["warm_up"]
        model.train()
        for _ in range(warm_up["passes"]):
            model(torch.randn(warm_up["samples"], warm_up["steps"], *config["input"]["shape"]))
    return model.eval()


def _beside(name: str) -> Path:
    known = [config["weights"] for config in PRESETS.values() if "weights" in config]
    if name not in known:
        raise ValueError(f"spikingrx has no weights {name!r}; set config['weights'] to one of {known}")
    return Path(__file__).parent / name


def held_out() -> Slots:
    """The 48 slots that come with the package, eight at each of 0, 3, 6, 9, 12 and 15 dB; none was trained with."""
    return load_slots(Path(__file__).parent / "slots.safetensors")


def stimulus(
    config: Mapping[str, Any], steps: int | None = None, samples: int | None = None, seed: int = 0
) -> Stimulus:
    """``input``: (samples, steps, C, H, W), float32, of ``config["input"]``'s shape and range.

    Without ``steps`` there are ``config["steps"]``, else 50; without ``samples`` ``config["samples"]``, else one.
    ``config["stimulus"]`` is ``"ofdm"`` (the features of held-out slots, shown at every step, as the trained receiver
    expects; the same 48 in turn, ``seed`` names the first), ``"gaussian"`` (a new N(0, 1) grid every step) or
    ``"repeated"`` (one such grid shown T times). If the input has a ``grid``, values are rounded to multiples of it,
    halves to even. Sample i depends on ``seed`` and i only. Raises ValueError on an unknown kind.
    """
    steps, samples = steps or int(config.get("steps", STEPS)), samples or int(config.get("samples", 1))
    kind, about = config["stimulus"], config["input"]
    if kind not in ("gaussian", "repeated", "ofdm"):
        raise ValueError(f"unknown stimulus {kind!r}; choose 'ofdm', 'gaussian' or 'repeated'")
    if kind == "ofdm":
        slots = held_out()
        shown = features(slots[(START + (seed + np.arange(samples)) * STRIDE) % len(slots)])
        return Stimulus({"input": np.repeat(shown[:, None], steps, axis=1)})
    drawn = steps if kind == "gaussian" else 1
    shape = (drawn, *about["shape"])
    values = np.stack([np.random.default_rng([seed, sample]).standard_normal(shape) for sample in range(samples)])
    if grid := about.get("grid"):
        values = np.round(values / grid) * grid
    values = np.clip(values, about["low"], about["high"]).astype(np.float32)
    return Stimulus({"input": values if kind == "gaussian" else np.repeat(values, steps, axis=1)})
