"""Repairs that rules and producer profiles share, and the tests for what they repair."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.network.raw import NEURON_KINDS, Raw, RawNode

FIXED = {"Conv1d": 2, "Conv2d": 3, "SumPool2d": 3, "AvgPool2d": 3, "Affine": 1, "Linear": 1}
"""Dimensions that a node receives and sends, where its kind says."""


def batch_in_shapes(raw: Raw, time: bool = False) -> Mapping[str, str]:
    """A message for every node whose shape begins with dimensions of a batch, which NIR's shapes have not.

    ``time``: the shapes of Inputs and Outputs may begin with the batch and the steps of an example, of any size.
    Outputs are told of only where no other node is.
    """
    extra = _extra_dimensions(raw, time)
    inner = {name for name in extra if raw.nodes[name].kind != "Output"}
    batch = "batch and time dimensions" if time else "a batch dimension"
    return {
        name: f"its shape {_shape_of(raw.nodes[name])} has {batch}, which NIR's shapes have not"
        for name in raw.nodes
        if name in (inner or extra)
    }


def drop_batch(raw: Raw, time: bool = False) -> Raw:
    """The graph whose shapes and parameters have no dimensions of a batch (or of ``time``)."""
    changed = {name: _without(raw.nodes[name], count) for name, count in _extra_dimensions(raw, time).items()}
    return replace(raw, nodes={**raw.nodes, **changed}) if changed else raw


def _without(node: RawNode, count: int) -> RawNode:
    """A node whose shape, or parameters of most dimensions, begin ``count`` dimensions later."""
    if node.kind in ("Input", "Output"):
        return node.change(shape=np.asarray(node.fields["shape"])[count:])
    longest = {key: value for key in node.fields if (value := node.number(key)) is not None and value.ndim}
    most = max(value.ndim for value in longest.values())
    return node.change(
        **{key: value.reshape(value.shape[count:]) for key, value in longest.items() if value.ndim == most}
    )


def _extra_dimensions(raw: Raw, time: bool) -> dict[str, int]:
    """By node, how many dimensions its shape or its parameters have in front of those of one step of one sample."""
    extra: dict[str, int] = {}
    sent = _sent(raw)
    for name, node in raw.nodes.items():
        shape = _shape_of(node)
        if node.kind == "Input":
            known = {dims for target in raw.targets(name) if (dims := _received(raw.nodes.get(target))) is not None}
            expected = known.pop() if len(known) == 1 else None
        elif node.kind == "Output" or node.kind in NEURON_KINDS:
            expected = next((sent[source] for source in raw.sources(name) if source != name and source in sent), None)
        else:
            continue
        count = 0 if expected is None or shape is None else len(shape) - expected
        any_size = time and node.kind in ("Input", "Output")
        if count > 0 and expected and shape is not None and (any_size or set(shape[:count]) == {1}):
            extra[name] = count
    return extra


def _shape_of(node: RawNode) -> list[int] | None:
    """The shape that an Input or Output states, or that the parameters of a neuron have."""
    if node.kind in ("Input", "Output"):
        shape = node.number("shape")
        if shape is None or shape.ndim != 1 or np.iscomplexobj(shape) or not np.all(np.isfinite(shape)):
            return None
        return [int(size) for size in shape]
    shapes = [value.shape for key in node.fields if (value := node.number(key)) is not None and value.ndim]
    return list(max(shapes, key=len)) if shapes and node.kind in NEURON_KINDS else None


def _received(node: RawNode | None) -> int | None:
    """How many dimensions a node's input has, where the node tells."""
    if node is None:
        return None
    shape = _shape_of(node) if node.kind in NEURON_KINDS else None
    return FIXED.get(node.kind, None if shape is None else len(shape))


def _sent(raw: Raw) -> dict[str, int]:
    """How many dimensions every node sends, from its kind or from the nearest before it that tells, where one does."""
    sent = {name: dims for name, node in raw.nodes.items() if (dims := _told(raw, name, node)) is not None}
    waiting = deque(sent)
    while waiting:
        source = waiting.popleft()
        for target in raw.targets(source):
            node = raw.nodes.get(target)
            if target not in sent and node is not None and node.kind != "Input":
                sent[target] = sent[source]
                waiting.append(target)
    return sent


def _told(raw: Raw, name: str, node: RawNode) -> int | None:
    """How many dimensions a node sends, whatever is before it."""
    if node.kind in FIXED or node.kind == "Flatten":
        return FIXED.get(node.kind, 1)
    if node.kind != "Input":
        return None
    known = {dims for target in raw.targets(name) if (dims := _received(raw.nodes.get(target))) is not None}
    shape = _shape_of(node)
    return min(known, default=None if shape is None else len(shape))


def is_endless(tau: NDArray[Any]) -> bool:
    """Whether these time constants are all infinite: dt / (1 - decay) of a decay of 1."""
    return bool(tau.size) and bool(np.all(np.isposinf(tau)))


def without_leak(name: str, raw: Raw) -> Raw:
    """The graph with a LIF (LI) of infinite tau as an IF (I) with r = 1: its gain r dt/tau was 1 in the limit."""
    node = raw.nodes[name]
    kept = {key: node.fields[key] for key in ("v_threshold", "v_reset") if key in node.fields}
    like = next((v for k in ("v_threshold", "tau") if (v := node.number(k)) is not None), np.ones(1))
    return raw.put(name, RawNode("IF" if node.kind == "LIF" else "I", {**kept, "r": np.ones_like(like)}))
