"""Labelled samples for a network: the node whose neurons stand for classes, and whether labels name them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.network.network import Network
from neurodeploy.stimulus import Stimulus

Array = NDArray[Any]


def labelled(stimulus: Stimulus, network: Network, distill: float) -> Stimulus:
    """The stimulus, once its labels are seen to fit. Raises InputError."""
    where = stimulus.origin.where
    if stimulus.batch < 2:
        raise InputError("holds one sample, and some are held out", where, "give several: (B, T, ...) per input")
    if stimulus.labels is None:
        if distill > 0:
            return stimulus
        raise InputError("has no labels", where, "add an array labels, one class per sample, or set --distill")
    post = network.host.post
    if post is not None and post.kind != "spike-count-argmax":
        raise InputError(f"has labels, and its head ({post.kind}) tells no class", where, "train with --distill alone")
    labels, name = stimulus.labels, output_node(network)
    classes = int(np.prod(network.shapes[name]))
    if labels.dtype.kind not in "iub" or labels.min() < 0 or labels.max() >= classes:
        ends = f"from {labels.min()} to {labels.max()} " if labels.dtype.kind in "iubf" else ""
        raise InputError(
            f"has labels {ends}({labels.dtype}), and {name} has {classes} neurons",
            where,
            f"give whole numbers from 0 to {classes - 1}, one per sample",
        )
    return stimulus


def output_node(network: Network) -> str:
    """The node whose sums tell the class: that of the head, else what feeds the first output."""
    post = network.host.post
    if post is not None:
        return post.node
    ends = [name for name, node in network.nodes.items() if isinstance(node, nir.Output)]
    feeding = [source for name in ends for source in network.sources(name) if source in network.populations]
    if not feeding:
        raise InputError("has no output whose neurons could tell a class", "network", "end it with neurons")
    return feeding[0]


def some_samples(stimulus: Stimulus, samples: Array) -> Stimulus:
    labels = None if stimulus.labels is None else stimulus.labels[samples]
    inputs = {name: values[samples] for name, values in stimulus.inputs.items()}
    return replace(stimulus, inputs=inputs, labels=labels, signals={})
