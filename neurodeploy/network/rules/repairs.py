"""Repairs that rules and producer profiles share, and the tests for what they repair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.raw import NEURON_KINDS, Raw, RawNode


def batch_in_input(raw: Raw) -> Mapping[str, str]:
    """A message for each Input whose first dimension is 1 while the nodes it feeds take one dimension less."""
    batched: dict[str, str] = {}
    for name, node in raw.nodes.items():
        shape = node.number("shape") if node.kind == "Input" else None
        if shape is None or shape.ndim != 1 or len(shape) < 2 or shape[0] != 1:
            continue
        expected = [dims for target in raw.targets(name) if (dims := _dimensions(raw.nodes.get(target))) is not None]
        if expected and all(dims == len(shape) - 1 for dims in expected):
            batched[name] = f"its shape {shape.tolist()} has a batch dimension, which NIR's shapes have not"
    return batched


def _dimensions(node: RawNode | None) -> int | None:
    """How many dimensions a node's input has, where the node tells."""
    if node is None:
        return None
    fixed = {"Conv1d": 2, "Conv2d": 3, "SumPool2d": 3, "AvgPool2d": 3, "Affine": 1, "Linear": 1}
    if node.kind in fixed:
        return fixed[node.kind]
    sizes = [value.ndim for key in node.fields if (value := node.number(key)) is not None and value.ndim]
    return max(sizes) if sizes and node.kind in NEURON_KINDS else None


def drop_batch(raw: Raw, of_output: int = 1) -> Raw:
    """The graph without batch dimensions of Inputs; Outputs lose ``of_output`` leading ones if an Input had one."""
    inputs = batch_in_input(raw)
    for name, node in raw.nodes.items():
        shape = node.number("shape")
        if shape is None or not inputs:
            continue
        drop = of_output if node.kind == "Output" else int(name in inputs)
        if len(shape) > drop and np.all(shape[:drop] == 1):
            raw = raw.change(name, shape=np.asarray(shape[drop:]))
    return raw


def is_endless(tau: NDArray[Any]) -> bool:
    """Whether these time constants are all infinite: dt / (1 - decay) of a decay of 1."""
    return bool(tau.size) and bool(np.all(np.isposinf(tau)))


def without_leak(name: str, raw: Raw) -> Raw:
    """The graph with a LIF (LI) of infinite tau as an IF (I) with r = 1: its gain r dt/tau was 1 in the limit."""
    node = raw.nodes[name]
    kept = {key: node.fields[key] for key in ("v_threshold", "v_reset") if key in node.fields}
    like = next((v for k in ("v_threshold", "tau") if (v := node.number(k)) is not None), np.ones(1))
    return raw.put(name, RawNode("IF" if node.kind == "LIF" else "I", {**kept, "r": np.ones_like(like)}))
