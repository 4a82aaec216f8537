"""lava-dl files that are refused, and what the remedies make of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurodeploy.flow import load
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from tests.remedies.case import Case

NEURON = {"neuron/type": b"CUBA", "neuron/iDecay": 1024, "neuron/vDecay": 128, "neuron/vThMant": 80}
DENSE: dict[str, Any] = {"type": b"dense", "weight": np.array([[64.0, -32.0], [16.0, 8.0]]), **NEURON}
POOL: dict[str, Any] = {"type": b"pool", "weight": np.full((1, 1, 2, 2), 64.0), **NEURON}
IMAGE: dict[str, Any] = {"type": b"input", "shape": [1, 8, 8]}


def read(*layers: dict[str, Any]) -> Callable[[], object]:
    """What quantizes the network of a file of these layers."""

    def run() -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "made.net"
            with h5py.File(path, "w") as file:
                for number, values in enumerate(layers):
                    for key, value in values.items():
                        file[f"layer/{number}/{key}"] = value
            return quantize(load(path), LOIHI2)

    return run


FILES: dict[str, Case] = {
    "an unknown block": Case(read({**DENSE, "type": b"lstm"}), "use: ", read(DENSE)),
    "another neuron": Case(read({**DENSE, "neuron/type": b"ALIF"}), "use slayer.block.cuba", read(DENSE)),
    "graded spikes of SLAYER": Case(
        read({**DENSE, "neuron/gradedSpike": True}),
        "build it with graded_spike=False",
        read({**DENSE, "neuron/gradedSpike": False}),
    ),
    "a norm that divides": Case(
        read({**DENSE, "neuron/weight_exp": 2}), "use MeanOnlyBatchNorm", read({**DENSE, "neuron/weight_exp": 0})
    ),
    "complex weights": Case(
        read({**{key: value for key, value in DENSE.items() if key != "weight"}, "weight/real": [[64.0]]}),
        "whose weights are real",
        read(DENSE),
    ),
    "decays that differ in a block": Case(
        read({**DENSE, "neuron/vDecay": [1, 2]}),
        "build it with shared_param=True",
        read({**DENSE, "neuron/vDecay": [2, 2]}),
    ),
    "windows that overlap": Case(
        read(IMAGE, {**POOL, "stride": [1, 1]}), "stride = kernel_size", read(IMAGE, {**POOL, "stride": [2, 2]})
    ),
    "a bias that is no leak": Case(
        read({**DENSE, "bias": [2.0, 4.0], "neuron/vDecay": 0}),
        "train with a voltage_decay above 0",
        read({**DENSE, "bias": [2.0, 4.0], "neuron/vDecay": 128}),
    ),
    "a bias that is no leak, left out": Case(
        read({**DENSE, "bias": [2.0, 4.0], "neuron/vDecay": 0}),
        "or without normalization",
        read({**DENSE, "neuron/vDecay": 0}),
    ),
}
