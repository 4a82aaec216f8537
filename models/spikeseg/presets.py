"""The encoder and its named settings as plain data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from .config import EncoderConfig, LayerConfig
from .encoder import SpikeSEGEncoder


def _igarss(name: str, size: int) -> dict[str, Any]:
    return {
        "name": name,
        "paper": "igarss2023",
        "n_classes": 1,
        "layers": {},
        "first_kernels": "normal",
        "weights": {"mean": 0.8, "std": 0.01},
        "seed": 0,
        "fire_once": False,
        "stimulus": "block",
        "input": {"shape": [1, size, size], "low": 0.0, "high": 1.0, "dt": 0.001, "grid": 1.0},
    }


PRESETS: dict[str, dict[str, Any]] = {
    "igarss2023": _igarss("igarss2023", 32),
    "igarss2023-64": _igarss("igarss2023-64", 64),
    "stars": {
        "name": "stars",
        "paper": "igarss2023",
        "n_classes": 1,
        "layers": {
            "conv1": {"threshold": 0.05, "leak_factor": 0.5},
            "conv2": {"threshold": 8.0, "leak_factor": 0.1},
            "conv3": {"threshold": 150.0, "leak_factor": 0.5},
        },
        "first_kernels": "dog",
        "weights": {"mean": 0.5, "std": 0.2},
        "seed": 0,
        "fire_once": False,
        "stimulus": "stars",
        "input": {"shape": [2, 64, 64], "low": 0.0, "high": 1.0, "dt": 0.001, "grid": 0.0625},
    },
}
"""Settings by name; copy one and change it to make another. All values are JSON."""


def encoder_config(config: Mapping[str, Any]) -> EncoderConfig:
    """The :class:`EncoderConfig` a config describes: its paper's setting with the fields in ``layers`` replaced.

    Raises EncoderConfigError on an unknown paper, ValueError on an unknown layer.
    """
    base = EncoderConfig.from_paper(config["paper"], config["n_classes"], config["input"]["shape"][0])
    changes: Mapping[str, Mapping[str, Any]] = config.get("layers", {})
    if unknown := sorted(set(changes) - {"conv1", "conv2", "conv3"}):
        raise ValueError(f"no layer {unknown} in the encoder; choose from conv1, conv2, conv3")
    layers: dict[str, LayerConfig] = {name: replace(getattr(base, name), **fields) for name, fields in changes.items()}
    weights = config["weights"]
    return replace(
        base,
        **layers,
        first_kernels=config["first_kernels"],
        weight_mean=weights["mean"],
        weight_std=weights["std"],
    )


def build(config: Mapping[str, Any]) -> SpikeSEGEncoder:
    """The encoder of a config in evaluation mode, its weights drawn from ``config["seed"]``.

    The global random state is left as it was. Raises what :func:`encoder_config` raises.
    """
    with torch.random.fork_rng(devices=[]):
        return SpikeSEGEncoder(encoder_config(config), torch.Generator().manual_seed(config["seed"])).eval()
