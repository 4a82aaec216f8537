"""Builds SLAYER networks, exports them with lava-dl's own ``export_hdf5`` and runs them; runs in lava-dl's environment.

Leaves ``<net>.net``, ``<net>.npz`` (the stimulus, every block's output, ``(B, T, *shape)``) and ``cases.json``.
"""

from __future__ import annotations

import json
import sys
import types
import zlib
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

STUBBED = "lava.lib.dl.slayer.object_detection"
sys.modules[STUBBED] = types.ModuleType(STUBBED)  # the one part of SLAYER that needs a vision stack

from lava.lib.dl import slayer  # noqa: E402  # pyright: ignore[reportMissingImports]

cuba = slayer.block.cuba
STEPS, SAMPLES = 120, 2
Blocks = list[Any]
LEAKY = {"threshold": 1.0, "current_decay": 0.2, "voltage_decay": 0.05}
DYADIC = {"threshold": 1.0, "current_decay": 0.5, "voltage_decay": 0.25}
INTEGRATE = {"threshold": 1.5, "current_decay": 1.0, "voltage_decay": 0.0}
FORGET = {"threshold": 0.5, "current_decay": 1.0, "voltage_decay": 1.0}
ENDLESS = {"threshold": 6.0, "current_decay": 0.0, "voltage_decay": 0.3}
STRONG = {"threshold": 64.0, "current_decay": 1.0, "voltage_decay": 0.0}
ADAPTIVE = {**dict.fromkeys(("threshold_step", "threshold_decay", "refractory_decay"), 0.25), **DYADIC}
NORM = {"norm": slayer.neuron.norm.MeanOnlyBatchNorm}


def dense(neuron: dict[str, Any], *sizes: int, **more: Any) -> Blocks:
    return [cuba.Dense(dict(neuron), a, b, **more) for a, b in pairwise(sizes)]


def image() -> Blocks:
    return [
        cuba.Input(delay_shift=False),  # without a neuron it fails otherwise
        cuba.Conv(dict(LEAKY), 2, 4, 3, padding=1),
        cuba.Conv(dict(LEAKY), 4, 6, (3, 5), stride=2, padding=(0, 2)),
        cuba.Flatten(),
        cuba.Dense(dict(LEAKY), 6 * 4 * 4, 5),
    ]


def grouped() -> Blocks:
    return [
        cuba.Conv(dict(DYADIC), 4, 8, 3, padding=2, dilation=2, groups=2),
        cuba.Conv(dict(DYADIC), 8, 4, 2, groups=4),
        cuba.Flatten(),
        cuba.Dense(dict(DYADIC), 4 * 7 * 7, 6),
    ]


def pooled() -> Blocks:
    return [
        cuba.Conv(dict(LEAKY), 1, 3, 3),
        cuba.Pool(dict(FORGET), 2),
        cuba.Conv(dict(LEAKY), 3, 4, 2, padding=1),
        cuba.Pool({**INTEGRATE, "threshold": 0.9}, 2),
        cuba.Flatten(),
        cuba.Dense(dict(LEAKY), 4 * 3 * 2, 4),
    ]


def recurrent(neuron: dict[str, Any]) -> Blocks:
    return [cuba.Dense(dict(neuron), 10, 12), cuba.Recurrent(dict(neuron), 12, 10), cuba.Dense(dict(neuron), 10, 4)]


def biased() -> Blocks:
    return [
        cuba.Dense({**LEAKY, **NORM}, 12, 10),
        cuba.Dense({**DYADIC, **NORM}, 10, 8),
        cuba.Dense({**LEAKY, "current_decay": 1.0, **NORM}, 8, 5),
    ]


def fed_with_values() -> Blocks:
    return [cuba.Input(dict(LEAKY), weight=1.5, bias=0.125), *dense(LEAKY, 8, 9, 4)]


def readout() -> Blocks:
    return [*dense(DYADIC, 10, 12), cuba.Affine(dict(LEAKY), 12, 3)]


def sums() -> Blocks:
    return [*dense(LEAKY, 10, 12), cuba.Affine(dict(LEAKY), 12, 3, dynamics=False)]


NETS: dict[str, tuple[tuple[int, ...], Callable[[], Blocks], float]] = {
    "dense-random": ((12,), lambda: dense(LEAKY, 12, 16, 10, 5), 0.0),
    "dense-dyadic": ((12,), lambda: dense(DYADIC, 12, 16, 10, 5), 0.25),
    "dense-integrate": ((12,), lambda: dense(INTEGRATE, 12, 16, 10, 5), 0.25),
    "dense-forget": ((12,), lambda: dense(FORGET, 12, 16, 10, 5), 0.25),
    "dense-endless": ((6,), lambda: [*dense(ENDLESS, 6, 8), *dense(LEAKY, 8, 4)], 0.0),
    "dense-strong": ((30,), lambda: dense(STRONG, 30, 12), 0.5),
    "dense-biased": ((12,), biased, 0.0),
    "dense-delayed": ((12,), lambda: [*dense(LEAKY, 12, 10, delay=True), *dense(LEAKY, 10, 6)], 0.0),
    "dense-one-delay": ((12,), lambda: [*dense(DYADIC, 12, 10, delay=True), *dense(DYADIC, 10, 6)], 0.25),
    "recurrent-random": ((10,), lambda: recurrent(LEAKY), 0.0),
    "recurrent-dyadic": ((10,), lambda: recurrent(DYADIC), 0.25),
    "conv-random": ((2, 9, 7), image, 0.0),
    "conv-grouped-dyadic": ((4, 8, 8), grouped, 0.25),
    "conv-pooled": ((1, 11, 8), pooled, 0.0),
    "values-in": ((8,), fed_with_values, 0.0),
    "membrane-out": ((10,), readout, 0.0),
    "sums-out": ((10,), sums, 0.0),
}
"""Shape of the input, blocks, and the grid of the weights; 0: random."""

REFUSED: dict[str, Callable[[], Any]] = {
    "alif": lambda: slayer.block.alif.Dense(ADAPTIVE, 4, 3),
    "rf": lambda: slayer.block.rf.Dense({"threshold": 1.0, "period": 4, "decay": 0.1}, 4, 3),
    "sdnn": lambda: slayer.block.sigma_delta.Dense({"threshold": 0.1, "activation": torch.relu}, 4, 3),
    "conv-transposed": lambda: cuba.ConvT(dict(LEAKY), 1, 2, 3),
    "unpool": lambda: cuba.Unpool(dict(LEAKY), 2),
    "per-channel": lambda: cuba.Dense({**LEAKY, "current_decay": (0.1, 0.4), "shared_param": False}, 4, 3),
    "scaled-norm": lambda: cuba.Dense({**LEAKY, "norm": slayer.neuron.norm.WgtScaleBatchNorm}, 4, 3),
    "graded": lambda: cuba.Dense({**LEAKY, "graded_spike": True}, 4, 3),
    "kwta": lambda: cuba.KWTA(dict(LEAKY), 4, 3, 1),
    "average": lambda: cuba.Average(2),
}


def settle(blocks: Blocks, random: np.random.Generator, grid: float) -> None:
    """Seeded weights (excitatory on the whole), biases and delays."""
    for block in blocks:
        for synapse in (getattr(block, key, None) for key in ("synapse", "input_synapse", "recurrent_synapse")):
            if synapse is None or type(block).__name__ in ("Pool", "Unpool"):
                continue
            weight = synapse.weight
            values = random.normal(0.12, 0.5, weight.shape) * min(1.0, 2.5 / np.sqrt(weight[0].numel()))
            values = np.rint(values / grid) * grid if grid else values
            weight.data = torch.tensor(values, dtype=torch.float32)
        norm = getattr(getattr(block, "neuron", None), "norm", None)
        if norm is not None:
            count = block.synapse.out_channels
            norm.running_mean = torch.tensor(random.normal(0, 0.2, count), dtype=torch.float32)
            norm.num_features = count
        if getattr(block, "delay", None) is not None:
            count = block.synapse.out_channels
            late = random.integers(0, 7, count) + random.random(count) * (not grid)
            block.delay.delay.data = torch.tensor(late if not grid else np.full(count, 3.0), dtype=torch.float32)
            block.delay.init = True


def stimulus(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    if name == "values-in":
        return (random.integers(-20, 60, (SAMPLES, STEPS, *shape)) / 32).astype(np.float32)
    rate = 0.5 if name == "dense-strong" else 0.25
    return (random.random((SAMPLES, STEPS, *shape)) < rate).astype(np.float32)


def export(blocks: Blocks, path: Path) -> None:
    with h5py.File(path, "w", track_order=False) as file:
        layers = file.create_group("layer")
        for number, block in enumerate(blocks):
            block.export_hdf5(layers.create_group(str(number)))


def run(blocks: Blocks, x: np.ndarray) -> list[np.ndarray]:
    """Every block's output, Flatten left out."""
    value = torch.tensor(np.moveaxis(x, 1, -1).copy())
    records: list[np.ndarray] = []
    with torch.no_grad():
        for block in blocks:
            block.eval()
            value = block(value)
            if type(block).__name__ != "Flatten" and (type(block).__name__ != "Input" or block.neuron is not None):
                records.append(np.moveaxis(value.numpy(), -1, 1))
    return records


def small(values: np.ndarray) -> np.ndarray:
    whole = values.astype(np.uint8)
    return whole if np.array_equal(whole, values) else values.astype(np.float32)


def refusal(make: Callable[[], Any], path: Path) -> str | None:
    """Write a network that has no import; the exporter's own error where it has one."""
    try:
        block = make()
        size = (1, 1, 6, 6, 20) if type(block).__name__ in ("ConvT", "Unpool") else (1, 4, 20)
        block(torch.ones(size))
        export([block], path)
    except Exception as error:
        path.unlink(missing_ok=True)
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return None


def main(folder: Path) -> None:
    told: dict[str, Any] = {
        "versions": {each: version(each) for each in ("lava-dl", "lava-nc", "torch")},
        "cases": {},
        "refused": {},
    }
    for name, (shape, make, grid) in NETS.items():
        seed = zlib.crc32(name.encode())
        random = np.random.default_rng(seed)
        torch.manual_seed(seed)
        blocks = make()
        settle(blocks, random, grid)
        x = stimulus(name, shape, random)
        records = run(blocks, x)
        export(blocks, folder / f"{name}.net")
        np.savez(
            folder / f"{name}.npz", input=small(x), **{f"layer_{i}": small(each) for i, each in enumerate(records)}
        )
        told["cases"][name] = {"seed": seed, "grid": grid, "sent": [float(each.sum()) for each in records]}
    for name, make in REFUSED.items():
        torch.manual_seed(0)
        error = refusal(make, folder / f"refused-{name}.net")
        told["refused"][name] = error
    (folder / "cases.json").write_text(json.dumps(told, indent=1, sort_keys=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
