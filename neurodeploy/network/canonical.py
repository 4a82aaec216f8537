"""A network's graph in the one form that is written to files.

Rules:

1. Nodes and edges stand in the order of their names.
2. What nir leaves open and then cannot write is filled in: a missing bias is zeros, convolutions and Flatten know their
   input shape.
3. Parameters of neurons have the shape of the population, which is what nir's type check expects.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nir
import numpy as np

from neurodeploy.network.network import Network
from neurodeploy.network.shapes import NEURONS, Shape, parameters
from neurodeploy.window import per_axis


def canonical_nodes(network: Network) -> dict[str, Any]:
    """The nodes, complete and in the order of their names; the network's own are left as they are."""
    return {name: _complete(network, name) for name in sorted(network.nodes)}


def canonical_edges(network: Network) -> list[tuple[str, str]]:
    """The edges in the order of their names."""
    return sorted((str(source), str(target)) for source, target in network.graph.edges)


def _complete(network: Network, name: str) -> Any:
    node, sources = network.nodes[name], network.sources(name)
    received = network.shapes[sources[0]] if sources else network.shapes[name]
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        return _conv(node, received)
    if isinstance(node, nir.Flatten):
        return nir.Flatten({"input": np.array(received)}, int(node.start_dim), int(node.end_dim))
    if isinstance(node, (*NEURONS, nir.Scale, nir.Delay)):
        full = {key: np.array(np.broadcast_to(value, received)) for key, value in parameters(node).items()}
        return replace(node, **full)
    if isinstance(node, nir.Affine) and getattr(node, "bias", None) is None:
        return nir.Affine(node.weight, np.zeros(len(node.weight), node.weight.dtype))
    return node


def _conv(node: Any, received: Shape) -> Any:
    space = node.weight.ndim - 2
    padding = node.padding.decode() if isinstance(node.padding, bytes) else node.padding
    values = [
        per_axis(attribute, space)
        for attribute in (node.stride, padding if not isinstance(padding, str) else 0, node.dilation)
    ]
    stride, pads, dilation = ((numbers[0] if space == 1 else numbers) for numbers in values)
    bias = np.zeros(len(node.weight), node.weight.dtype) if node.bias is None else np.asarray(node.bias)
    size = received[-1] if space == 1 else (received[-2], received[-1])
    kept: Any = padding if isinstance(padding, str) else pads
    kind: Any = nir.Conv1d if space == 1 else nir.Conv2d
    return kind(size, np.asarray(node.weight), stride, kept, dilation, int(node.groups), bias)
