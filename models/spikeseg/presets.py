"""The encoder and its named settings as plain data."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from .config import EncoderConfig, LayerConfig, PoolConfig
from .encoder import SpikeSEGEncoder

WEIGHTS = ("weights.safetensors", "weights_float.safetensors")
"""Files beside this one that a config may name as its ``weights``."""
BITS = {"conv1.weight": 10, "conv2.weight": 6, "conv3.weight": 6}
"""Fractional bits of the weights of the 8-bit grid: its largest, 101 / 1024 and 64 / 64, fit seven bits."""


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


def _trained(name: str, weights: str, leaks: tuple[float, float, float]) -> dict[str, Any]:
    thresholds = (0.25, 6.0, 16.0)
    layers = zip(("conv1", "conv2", "conv3"), thresholds, leaks, strict=True)
    return {
        "name": name,
        "paper": "igarss2023",
        "n_classes": 1,
        "layers": {layer: {"threshold": theta, "leak_factor": leak} for layer, theta, leak in layers},
        "first_kernels": "dog",
        "weights": weights,
        "seed": 0,
        "fire_once": False,
        "stimulus": "fields",
        "check": {"dense": 0.1},
        "input": {"shape": [2, 64, 64], "low": 0.0, "high": 15.0, "dt": 0.01, "grid": 1.0},
    }


PRESETS: dict[str, dict[str, Any]] = {
    "stars": _trained("stars", WEIGHTS[0], (230 / 256, 0.09375, 0.5)),
    "float-trained": _trained("float-trained", WEIGHTS[1], (0.9, 0.1, 0.5)),
    "igarss2023-random": _igarss("igarss2023-random", 32),
    "igarss2023-64-random": _igarss("igarss2023-64-random", 64),
    "stars-random": {
        "name": "stars-random",
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
"""Settings by name; copy one and change it to make another. All values are JSON.

``stars`` was trained, and its weights, thresholds and leaks lie on the grid of an 8-bit machine; ``float-trained`` is
its twin without rounding. Those named ``...-random`` have random weights, for stress.
"""


def encoder_config(config: Mapping[str, Any]) -> EncoderConfig:
    """The :class:`EncoderConfig` a config describes: its paper's setting with the fields in ``layers`` replaced.

    Raises EncoderConfigError on an unknown paper, ValueError on an unknown layer.
    """
    base = EncoderConfig.from_paper(config["paper"], config["n_classes"], config["input"]["shape"][0])
    changes: Mapping[str, Mapping[str, Any]] = config.get("layers", {})
    known = ("conv1", "conv2", "conv3", "pool1", "pool2")
    if unknown := sorted(set(changes) - set(known)):
        raise ValueError(f"no layer {unknown} in the encoder; choose from {', '.join(known)}")
    layers: dict[str, LayerConfig | PoolConfig] = {
        name: replace(getattr(base, name), **fields) for name, fields in changes.items()
    }
    base = replace(base, **layers, first_kernels=config["first_kernels"])  # type: ignore[arg-type]
    weights = config["weights"]
    if isinstance(weights, str):
        return base
    return replace(base, weight_mean=weights["mean"], weight_std=weights["std"])


def build(config: Mapping[str, Any]) -> SpikeSEGEncoder:
    """The encoder of a config in evaluation mode: with trained weights, or with some drawn from ``config["seed"]``.

    ``config["weights"]`` names one of :data:`WEIGHTS`, or gives ``mean`` and ``std`` of random ones. The global random
    state is left as it was. Raises ValueError for an unknown file, and what :func:`encoder_config` raises.
    """
    weights = config["weights"]
    if isinstance(weights, str) and weights not in WEIGHTS:
        raise ValueError(f"spikeseg has no weights {weights!r}; set config['weights'] to one of {list(WEIGHTS)}")
    with torch.random.fork_rng(devices=[]):
        encoder = SpikeSEGEncoder(encoder_config(config), torch.Generator().manual_seed(config["seed"])).eval()
    if isinstance(weights, str):
        encoder.load_state_dict(load_file(Path(__file__).parent / weights))
    return encoder


def rounded_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights on the grid of an 8-bit machine: multiples of 2^-:data:`BITS`, ties to even."""
    return {name: torch.round(value * 2.0 ** BITS[name]) / 2.0 ** BITS[name] for name, value in weights.items()}
