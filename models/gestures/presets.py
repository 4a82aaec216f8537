"""What can be built, from which weights, and what to show it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from neurodeploy.stimulus import Stimulus

from .network import GesturesNet, initial
from .strokes import HELD_OUT, SIZE, STEPS, gestures

SAMPLES = 60
"""Gestures of a stimulus whose number is not named: five of every class."""


def _preset(name: str, weights: str | None, on_grid: bool) -> dict[str, Any]:
    shape = {"shape": [1, SIZE, SIZE], "low": 0.0, "high": 1.0, "dt": 0.005, "grid": 1.0}
    drawn = {"seed": 0} if weights is None else {"weights": weights}
    return {"name": name, **drawn, "on_grid": on_grid, "input": shape}


PRESETS: dict[str, dict[str, Any]] = {
    "trained": _preset("trained", "weights.safetensors", True),
    "float-trained": _preset("float-trained", "weights_float.safetensors", False),
    "gestures-random": _preset("gestures-random", None, True),
}
"""Settings by name: ``trained`` on the grid of the integers, its twin without rounding, and weights as they are drawn.

``weights`` names a file beside this one, ``seed`` draws them instead. ``on_grid``: whether weights and membranes lie on
the grid of the integers.
"""


def build(config: Mapping[str, Any]) -> GesturesNet:
    """The network of a config in evaluation mode. Raises ValueError for unknown weights."""
    net = initial(int(config.get("seed", 0)), bool(config["on_grid"]))
    if "weights" in config:
        net.load_state_dict(load_file(_beside(config["weights"])))
    return net.eval()


def _beside(name: str) -> Path:
    known = [config["weights"] for config in PRESETS.values() if "weights" in config]
    if name not in known:
        raise ValueError(f"gestures has no weights {name!r}; set config['weights'] to one of {known}")
    return Path(__file__).parent / name


def stimulus(
    config: Mapping[str, Any], steps: int | None = None, samples: int | None = None, seed: int = 0
) -> Stimulus:
    """Held-out gestures: ``input``, float32 (samples, steps, 1, 16, 16), with their ``labels``.

    Without ``steps`` there are 48, without ``samples`` 60. ``seed`` draws others; sample i depends on ``seed`` and i
    only. A recording cut short may end before its second stroke. Raises ValueError below one sample or step.
    """
    steps, samples = STEPS if steps is None else steps, SAMPLES if samples is None else samples
    if steps < 1 or samples < 1:
        raise ValueError(f"stimulus of {samples} samples and {steps} steps; both must be at least 1")
    shown = gestures(samples, HELD_OUT + seed, steps)
    return Stimulus({"input": shown.events}, shown.labels)
