"""The closed list of heads that a network may hold: how an output trace becomes a task value on the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.host import Head
from neurodeploy.network.network import Network
from neurodeploy.trace import Trace

Array = NDArray[Any]


def apply_head(head: Head, trace: Trace) -> Array:
    """The task value of every sample, ``(B, ...)``. Raises InputError for an unknown head and a missing weight."""
    if head.kind not in HEADS:
        raise InputError(f"unknown head {head.kind!r}", f"node {head.node}", f"the heads are: {', '.join(HEADS)}")
    missing = [name for name in WEIGHTS.get(head.kind, ()) if name not in head.weights]
    if missing:
        raise InputError(f"the head {head.kind} misses {', '.join(missing)}", f"node {head.node}", "export it again")
    return HEADS[head.kind](head, trace[head.node].values)


def head_of_output(network: Network) -> Head | None:
    """The neuron of the only output that sends most; None where there is not one output of several neurons."""
    ends = [name for name, node in network.nodes.items() if isinstance(node, nir.Output)]
    feeding = {source for name in ends for source in network.sources(name)}
    fits = len(feeding) == 1 and feeding <= {*network.populations}
    several = fits and prod(network.shapes[next(iter(feeding))]) > 1
    return Head("spike-count-argmax", feeding.pop()) if several else None


def task_value(head: Head, trace: Trace, labels: Array | None) -> dict[str, Any]:
    """The task value of one rung for a report: classes, with their accuracy where labels are known, or statistics."""
    value = apply_head(head, trace)
    if head.kind == "spike-count-argmax":
        report: dict[str, Any] = {"class": value.tolist()}
        if labels is not None and len(labels) == len(value):
            report["accuracy"] = float(np.mean(value == labels))
        return report
    return {"mean": float(value.mean()), "std": float(value.std()), "shape": list(value.shape)}


def _spike_count_argmax(head: Head, output: Array) -> Array:
    """(B, T, classes) -> (B,): the neuron with most spikes, the lowest index among equals."""
    return output.sum(axis=1).reshape(len(output), -1).argmax(axis=1)


def _llr(head: Head, output: Array) -> Array:
    """(B, T, C, H, W) -> (B, H, W, bits): clamp to [0, 1], mean over time, two 1x1 convolutions, ReLU between."""
    w = {key: np.asarray(value, np.float64) for key, value in head.weights.items()}
    mean = np.clip(output, 0.0, 1.0).mean(axis=1)
    hidden = np.einsum("oc,bchw->bohw", w["fc1_weight"], mean) + w["fc1_bias"][:, None, None]
    out = np.einsum("oc,bchw->bohw", w["fc2_weight"], np.maximum(hidden, 0)) + w["fc2_bias"][:, None, None]
    return out.transpose(0, 2, 3, 1) * float(head.parameters.get("temperature", 1.0))


HEADS: Mapping[str, Callable[[Head, Array], Array]] = {"spike-count-argmax": _spike_count_argmax, "llr": _llr}
WEIGHTS = {"llr": ("fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias")}
