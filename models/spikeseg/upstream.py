"""Checkpoints and config files of the upstream repository: ``python -m neurodeploy.models.spikeseg.upstream FILE.pt``.

Weights are read as data: nothing that a checkpoint holds is executed.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor
from torch.torch_version import TorchVersion

from neurodeploy.atomic import write_file
from neurodeploy.errors import InputError, NeurodeployError

from .config import EncoderConfig
from .encoder import SpikeSEGEncoder
from .presets import build, encoder_config

LAYERS = ("conv1", "conv2", "conv3")
_SHAPE = ("input_channels", "input_height", "input_width")
GRID = 1 / 256
"""Of which the frames, voxel grids in [0, 1], are taken to be multiples."""
NUMBERS: tuple[Any, ...] = (
    TorchVersion,
    np.dtype,
    np.float64(0).__reduce__()[0],
    *(type(np.dtype(kind)) for kind in "fdilq?"),
)
"""What versions and metrics beside the weights may be made of: texts and numbers, which run no code."""


def read_config(path: str | Path) -> dict[str, Any]:
    """A config of this package from an upstream ``config.yaml``. Raises InputError for a file that is none."""
    try:
        plain = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"cannot be read: {reason}", str(path), "give the YAML that training was run with") from error
    return config_of(plain, str(path))


def read_encoder_config(path: str | Path) -> EncoderConfig:
    """The :class:`EncoderConfig` of an upstream ``config.yaml``. Raises InputError for a file that is none."""
    return encoder_config(read_config(path))


def config_of(plain: Any, where: str) -> dict[str, Any]:
    """A config from the plain data of an upstream one; what it leaves out is upstream's default.

    Raises InputError where it has no section ``model``, or what is in it makes no encoder.
    """
    if not isinstance(plain, Mapping) or not isinstance(plain.get("model"), Mapping):
        raise InputError("has no section 'model'", where, "give a config.yaml of the upstream repository")
    model, data = plain["model"], plain.get("data") or {}
    try:
        thresholds, leaks = model.get("thresholds", [0.1] * 3), model.get("leaks", [0.09, 0.01, 0.0])
        kernels = model.get("kernel_sizes", [5, 5, 7])
        channels = (model.get("conv1_channels", 4), model.get("conv2_channels", 36), model.get("n_classes", 1))
        layers: dict[str, Any] = {
            name: _layer(*values) for name, *values in zip(LAYERS, kernels, channels, thresholds, leaks, strict=True)
        }
        for pool in ("pool1", "pool2"):
            side = int(model.get(f"{pool}_kernel", 2))
            layers[pool] = {"kernel": side, "stride": int(model.get(f"{pool}_stride", side))}
        shape = [int(data.get(key, size)) for key, size in zip(_SHAPE, (2, 128, 128), strict=True)]
        config = {
            "name": "upstream",
            "paper": "sparse-ebssa",
            "n_classes": int(channels[2]),
            "layers": layers,
            "first_kernels": "dog" if model.get("use_dog_filters") else "normal",
            "weights": {"mean": 0.8, "std": 0.01},
            "seed": 0,
            "fire_once": False,
            "stimulus": "stars",
            "input": {"shape": shape, "low": 0.0, "high": 1.0, "dt": _seconds(data), "grid": GRID},
        }
        encoder_config(config)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(f"its section 'model' makes no encoder: {error}", where, "repair it") from error
    return config


def load_upstream(
    path: str | Path, config: Mapping[str, Any] | None = None, threshold: float | None = None
) -> tuple[dict[str, Any], SpikeSEGEncoder]:
    """An upstream checkpoint as a config of this package and the encoder with its weights.

    Args:
        path: the ``.pt``, a dictionary with ``model_state_dict`` and mostly ``config``.
        config: a config in place of the one it holds, see :func:`read_config`.
        threshold: of all three layers, with leaks of 90, 10 and 0 % of it, as upstream's inference script sets them;
            without it, what the checkpoint holds, else its config.

    Raises:
        InputError: for a file that is none, whose weights fit no encoder, or which holds objects that run code.
    """
    content = _read(Path(path))
    if not isinstance(content, Mapping) or not isinstance(content.get("model_state_dict"), Mapping):
        raise InputError("holds no model_state_dict", str(path), "give a checkpoint of upstream's training script")
    state = {str(name).removeprefix("encoder."): value for name, value in content["model_state_dict"].items()}
    chosen = dict(config) if config is not None else config_of(content.get("config"), str(path))
    for number, name in enumerate(LAYERS):
        theta, leak = _constants(state, name)
        if threshold is not None:
            theta, leak = threshold, threshold * (0.9, 0.1, 0.0)[number]
        if theta is not None and leak is not None:
            sizes = chosen["layers"][name]
            layer = _layer(sizes["kernel"], sizes["channels"], theta, leak)
            chosen = {**chosen, "layers": {**chosen["layers"], name: layer}}
    weights = {f"{name}.weight": state.get(f"{name}.conv.weight", state.get(f"{name}.weight")) for name in LAYERS}
    missing = [name for name, value in weights.items() if not isinstance(value, Tensor)]
    if missing:
        raise InputError(f"its model_state_dict lacks {', '.join(missing)}", str(path), "give the encoder's weights")
    encoder = build(chosen)
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(f"its weights do not fit its config: {error}", str(path), "give the config it has") from error
    return chosen, encoder


def _read(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals(list(NUMBERS)):
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", str(path), "check the path") from error
    except Exception as error:  # torch raises many types for damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = "save the state dict and the config alone: numbers, texts and tensors"
        raise InputError(f"damaged, or holds objects that run code: {reason}", str(path), remedy) from error


def save(config: Mapping[str, Any], encoder: SpikeSEGEncoder, path: Path) -> None:
    """Write a checkpoint that every verb of neurodeploy takes, whole or not at all."""
    data = io.BytesIO()
    torch.save({"model": "spikeseg", "config": dict(config), "state_dict": encoder.state_dict()}, data)
    write_file(path, lambda handle: handle.write(data.getbuffer()))


def _layer(kernel: Any, channels: Any, threshold: Any, leak: Any) -> dict[str, Any]:
    theta, lost = float(threshold), float(leak)
    if not 0 <= lost <= theta:
        raise ValueError(f"a leak of {lost:g} does not lie between 0 and its threshold, {theta:g}")
    return {"kernel": int(kernel), "channels": int(channels), "threshold": theta, "leak_factor": lost / theta}


def _seconds(data: Mapping[str, Any]) -> float:
    return float(data.get("timestep_ms", 10.0)) / 1000


def _constants(state: Mapping[str, Any], layer: str) -> tuple[float | None, float | None]:
    """Threshold and leak that the neurons of a layer were saved with, where they were."""
    theta, leak = state.get(f"{layer}.neuron.threshold"), state.get(f"{layer}.neuron.leak")
    if not isinstance(theta, Tensor):
        return None, None
    return float(theta), float(leak) if isinstance(leak, Tensor) else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a checkpoint that every verb of neurodeploy takes."""
    parser = argparse.ArgumentParser(description="Make a spikeseg checkpoint of an upstream one.")
    parser.add_argument("source", type=Path, help="upstream's .pt")
    parser.add_argument("-o", "--out", type=Path, default=Path("spikeseg.pt"), help="checkpoint to write")
    parser.add_argument("--config", type=Path, help="upstream's config.yaml, where the .pt holds none")
    parser.add_argument("--threshold", type=float, help="of all layers, as upstream's inference sets it (0.05)")
    given = parser.parse_args(arguments)
    try:
        config = None if given.config is None else read_config(given.config)
        chosen, encoder = load_upstream(given.source, config, given.threshold)
        save(chosen, encoder, given.out)
    except NeurodeployError as error:
        parser.exit(2, f"{error}\n")
    print(f"wrote {given.out}: input {chosen['input']['shape']}")


if __name__ == "__main__":
    main()
