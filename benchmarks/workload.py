"""A workload: a Program with a stimulus, and the same as plain data for the peers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import Thresholds, bernoulli, calibrate, has_memory
from benchmarks.networks import recurrent, spikeseg, spikingrx, xylo_recurrent
from neurodeploy.numerics import NUMERICS
from neurodeploy.program import Program, Projection

STEPS = 32
"""Length of the stimulus, which is sent over and over; also the steps of one call of our engine."""
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Workload:
    """A network whose neurons fire at a given activity, and a stimulus.

    - ``family``: W1, W2, W3 or W3X; ``size``: pixels along a side, or neurons.
    - ``activity``: share of neurons that fire per step, which thresholds are calibrated for.
    - ``stimulus``: ``(1, T, *shape)`` by input; ``dense``: whether so many fire that dense kernels are faster.
    """

    family: str
    size: int
    activity: float
    program: Program
    stimulus: dict[str, IntArray]
    dense: bool = False

    @property
    def steps(self) -> int:
        """Length of the stimulus."""
        return next(iter(self.stimulus.values())).shape[1]

    @property
    def name(self) -> str:
        """As tables show it."""
        return f"{self.family} {self.size} at {100 * self.activity:g} %"


@dataclass(frozen=True)
class Family:
    """A family of networks.

    - ``build``: makes one of a size with given thresholds; ``calibrated_at``: the size that thresholds are found on.
    - ``input_rate``: share of inputs that fire per step; None: as many as neurons do.
    - ``dense_from``: the activity from which on a workload counts as dense.
    """

    build: Callable[[int, Thresholds], Program]
    calibrated_at: int | None
    input_rate: float | None
    dense_from: float


FAMILIES = {
    "W1": Family(spikeseg, 64, 0.02, 0.3),
    "W2": Family(spikingrx, 32, None, 0.2),
    "W3": Family(recurrent, 500, 0.1, 1.0),
    "W3X": Family(xylo_recurrent, 500, 0.1, 1.0),
}
_thresholds: dict[tuple[str, int, float], Thresholds] = {}


def missing(family: str) -> str:
    """Why a family cannot be measured; empty where it can."""
    return "" if family != "W3X" or "xylo-v2" in NUMERICS else "this version has no numerics xylo-v2"


def workload(family: str, size: int, activity: float, steps: int = STEPS) -> Workload:
    """The network of that family and size, its LIF populations firing at ``activity``."""
    about = FAMILIES[family]
    input_rate = activity if about.input_rate is None else about.input_rate
    at = min(size, about.calibrated_at or size)
    key = family, at, activity
    if key not in _thresholds:
        _thresholds[key] = calibrate(lambda thresholds: about.build(at, thresholds), activity, input_rate)
    program = about.build(size, _scaled(_thresholds[key], size / at if family.startswith("W3") else 1.0))
    stimulus = bernoulli(program, steps, input_rate)
    return Workload(family, size, activity, program, stimulus, activity >= about.dense_from)


def _scaled(thresholds: Thresholds, ratio: float) -> Thresholds:
    """Where every neuron drives every other, what arrives grows with the root of their number."""
    return {name: round(value * ratio**0.5) for name, value in thresholds.items()}


def describe(program: Program) -> tuple[dict[str, Any], dict[str, NDArray[np.int16]]]:
    """The network as the peers read it (``benchmarks.workers``), and its weights by key."""
    weights: dict[str, NDArray[np.int16]] = {}
    n = program.numerics
    nodes: list[dict[str, Any]] = []
    for name in program.order:
        p = program.by_name[name]
        node: dict[str, Any] = {"name": name, "shape": list(p.shape)}
        node["kind"] = "lif" if has_memory(p) else "relay" if p.kind == "relay" else "or"
        if node["kind"] == "lif":
            node["threshold"] = p.threshold
            node["current_decay"], node["membrane_decay"] = p.current_decay, p.membrane_decay
            node["keep_current"] = n.decay_one - int(p.current_decay)
            node["keep_membrane"] = n.decay_one - int(p.membrane_decay)
        node["edges"] = [_edge(projection, node["kind"], weights) for projection in program.into(name)]
        nodes.append(node)
    net = {"nodes": nodes, "decay_bits": n.decay_bits, "state_shift": n.state_shift, "membrane_bits": n.membrane_bits}
    return net, weights


def _edge(projection: Projection, kind: str, weights: dict[str, NDArray[np.int16]]) -> dict[str, Any]:
    edge: dict[str, Any] = {"source": projection.source, "delay": projection.delay, "shift": projection.shift}
    if projection.kind == "sum-pool":
        return edge | ({"kind": "or", "size": projection.weights.shape[0]} if kind == "or" else {"kind": "identity"})
    key = f"w{len(weights)}"
    weights[key] = projection.weights.astype(np.int16)
    if projection.kind == "dense":
        return edge | {"kind": "dense", "weights": key}
    return edge | {"kind": "conv", "weights": key, "padding": list(projection.padding)}


def write(work: Workload, path: Path) -> None:
    """The file that workers load."""
    net, weights = describe(work.program)
    (stimulus,) = work.stimulus.values()
    arrays: dict[str, NDArray[Any]] = {**weights, "net": np.array(json.dumps(net))}
    np.savez(path, stimulus=stimulus[0].astype(np.uint8), **arrays)  # type: ignore[arg-type]
