"""The costs of a float network: its layers and neurons, counted while its run streams by."""

from __future__ import annotations

from math import prod
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.costs.arriving import Arriving
from neurodeploy.costs.blocks import network_pieces
from neurodeploy.costs.connection import Connection, connection
from neurodeploy.costs.counts import Costs
from neurodeploy.costs.tally import Neurons, Tally
from neurodeploy.network.network import Network
from neurodeploy.network.shapes import NEURONS, SPIKING, conv_padding
from neurodeploy.program.projection import Projection
from neurodeploy.reference.linear import bias_of
from neurodeploy.stimulus import Stimulus
from neurodeploy.window import per_axis

LAYERS = (nir.Affine, nir.Linear, nir.Conv1d, nir.Conv2d)
"""What NeuroBench counts as a connection: dense layers and convolutions."""
FLOAT = 4
"""Bytes of a parameter: a network's are 32-bit floats."""


def network_costs(network: Network, stimulus: Stimulus) -> Costs:
    """What a run of the float network costs, counted in chunks of steps. Parameters are taken as 32-bit floats."""
    layers = [name for name in network.order if isinstance(network.nodes[name], LAYERS)]
    names = [name for name in network.populations if isinstance(network.nodes[name], NEURONS)]
    tally = Tally(
        "network",
        stimulus.batch,
        stimulus.steps,
        [_connection(network, name) for name in layers],
        [_neurons(network, name) for name in names],
    )
    arriving: Arriving | None = None
    for piece in network_pieces(network, stimulus):
        if piece.first or arriving is None:
            tally.start_group()
            arriving = Arriving(network, layers, piece.samples.stop - piece.samples.start)
        trace = piece.trace
        sent = {name: trace[name].output for name in names}
        membranes = {name: trace[name].v for name in names if not isinstance(network.nodes[name], nir.Threshold)}
        known = {name: v for name, v in membranes.items() if v is not None}
        tally.add(piece.steps.start, arriving.feed(trace), sent, known)
    return tally.costs()


def _connection(network: Network, name: str) -> Connection:
    node = network.nodes[name]
    sources = network.sources(name)
    shape = network.shapes[sources[0]] if sources else (int(node.weight.shape[1]),)
    late = [network.contract.of(after).recurrent_delay for before, after in network.recurrent_edges if before == name]
    weights = np.asarray(node.weight)
    bias = bias_of(node)
    footprint = FLOAT * (weights.size + (bias.size if np.any(bias) else 0))
    return connection(name, _projection(name, node, weights, min(late, default=0)), shape, footprint, True)


def _projection(name: str, node: Any, weights: NDArray[Any], delay: int) -> Projection:
    """The layer as a projection whose weights say which of its own are not 0."""
    taken = (weights != 0).astype(np.int64)
    if isinstance(node, nir.Affine | nir.Linear):
        return Projection(name, "", name, "dense", taken, delay=delay)
    axes = weights.ndim - 2
    return Projection(
        name,
        "",
        name,
        "conv2d" if axes == 2 else "conv1d",
        taken,
        delay=delay,
        stride=per_axis(node.stride, axes),
        padding=conv_padding(node, name),
        dilation=per_axis(node.dilation, axes),
        groups=int(node.groups),
    )


def _neurons(network: Network, name: str) -> Neurons:
    node = network.nodes[name]
    values = [np.asarray(value) for value in vars(node).values() if isinstance(value, np.ndarray)]
    numbers = [value for value in values if value.dtype.kind in "fiu"]
    words = sum(1 if value.size and np.all(value == value.flat[0]) else value.size for value in numbers)
    return Neurons(name, prod(network.shapes[name]), FLOAT * words, isinstance(node, SPIKING))
