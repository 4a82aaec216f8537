"""A Network as SLAYER's blocks: the rules of ``chain`` read backward.

Rules:

1. The network is one chain from one input: flatten, dense, convolution and pooling layers, with neurons behind all but
   the first kind. A dense layer from neurons back onto themselves makes their block recurrent.
2. Weights and thresholds must be multiples of 1/64, decays of 1/4096. A uniform gain of the drive moves into the
   weights.
3. States must lie on SLAYER's grid, or be kept wholly or not at all from step to step, so that its truncation changes
   nothing.
4. Where a later block has a bias, a block's Delay is one step longer than its axonal delays (``delay_shift``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.frontends.lava_dl.cuba import refused, with_neuron
from neurodeploy.frontends.lava_dl.layers import Layer, NetFile
from neurodeploy.network.network import Network
from neurodeploy.network.shapes import conv_padding
from neurodeploy.reference.arrival import delay_steps
from neurodeploy.reference.linear import bias_of
from neurodeploy.window import per_axis

Array = NDArray[Any]


@dataclass
class _Walk:
    """The layers so far, the names of their nodes by role, and the delays behind them by layer number."""

    network: Network
    layers: list[Layer] = field(default_factory=list[Layer])
    names: dict[str, str] = field(default_factory=dict[str, str])
    delays: dict[int, tuple[str, Array]] = field(default_factory=dict[int, tuple[str, Array]])

    def add(self, layer: Layer, **roles: str) -> None:
        """Append a layer; ``roles``: its nodes."""
        number = len(self.layers)
        self.names |= {f"{role}{number}": name for role, name in roles.items()}
        self.layers.append(layer)


def layers_of(network: Network) -> NetFile:
    """The blocks of a network. Raises RefusedError naming the node that SLAYER has no exact form for."""
    if len(network.input_names) != 1:
        raise refused("network", f"has {len(network.input_names)} inputs, a .net has one", "join them into one input")
    walk, at = _Walk(network), network.input_names[0]
    values = network.input_range(at)
    if not values.binary:
        fault = f"takes values from {values.low:g} to {values.high:g}, a .net's input takes spikes"
        raise refused(at, fault, "put the neurons that make spikes of them before the network")
    shape = network.shapes[at]
    walk.names |= {"input": at}
    walk.layers.append(Layer("input", "layer 0", shape))
    while not isinstance(network.nodes[at], nir.Output):
        at = _next_block(walk, at)
    walk.names["output"] = at
    if len({*walk.names.values()}) != len(network.nodes):
        left = sorted(network.nodes.keys() - {*walk.names.values()})[0]
        raise refused(left, "stands outside the chain of blocks from the input", "leave it out: a .net is one chain")
    names = {role: name for role, name in walk.names.items() if role != name}
    return NetFile(tuple(_with_delays(walk)), network.contract.defaults.dt, names)


def _next_block(walk: _Walk, at: str) -> str:
    """Append the block, delay or flatten behind node ``at``; the result is its last node."""
    network, name = walk.network, _only(walk.network, at)
    node, number = network.nodes[name], len(walk.layers)
    if isinstance(node, nir.Output):
        return name
    if isinstance(node, nir.Delay):
        walk.delays[number - 1] = (name, delay_steps(network, name))
        walk.names[f"delay{number - 1}"] = name
        return name
    if isinstance(node, nir.Flatten):
        shape = network.shapes[name]
        if len(shape) != 1:
            raise refused(name, "flattens some of its dimensions only", "flatten all of them")
        walk.add(Layer("flatten", f"layer {number}", (*shape, 1, 1)), flatten=name)
        return name
    layer, roles, neuron = _synapse(network, name)
    layer, back = with_neuron(network, layer, neuron)
    walk.add(layer, **roles, cuba=neuron, **({} if back is None else {"back": back}))
    return neuron


def _only(network: Network, at: str) -> str:
    """The one node that receives from ``at``, not counting a feedback layer."""
    behind = [target for source, target in network.graph.edges if source == at and not _feedback(network, target)]
    if len(behind) != 1:
        raise refused(at, f"sends to {len(behind)} nodes, a .net is one chain", "split the network there")
    return behind[0]


def _feedback(network: Network, name: str) -> bool:
    return any(source == name for source, _ in network.recurrent_edges)


def _synapse(network: Network, name: str) -> tuple[Layer, dict[str, str], str]:
    """The layer of a weighted sum without its neurons, its nodes by role, and the node behind."""
    node, where = network.nodes[name], f"node {name}"
    behind = _only(network, name)
    if isinstance(node, nir.Linear | nir.Affine | nir.Conv2d) and np.any(bias_of(node)):
        raise refused(name, "has a bias, which SLAYER's synapses lack", "move it into the leak of its neurons")
    if isinstance(node, nir.Linear | nir.Affine):
        return Layer("dense", where, weight=np.asarray(node.weight, np.float64)), {"dense": name}, behind
    if isinstance(node, nir.Conv2d):
        weight = np.asarray(node.weight, np.float64)
        windows = (per_axis(node.stride), conv_padding(node), per_axis(node.dilation))
        layer = Layer("conv", where, (), None, weight, None, None, None, *windows, int(node.groups))
        return layer, {"conv": name}, behind
    if (
        isinstance(node, nir.SumPool2d)
        and not np.any(node.padding)
        and per_axis(node.stride) == per_axis(node.kernel_size)
    ):
        factor, roles, kernel = 1.0, {"pool": name}, per_axis(node.kernel_size)
        scale = network.nodes[behind]
        if isinstance(scale, nir.Scale) and np.all(scale.scale == np.ravel(scale.scale)[0]):
            factor, roles, behind = float(np.ravel(scale.scale)[0]), {**roles, "weight": behind}, _only(network, behind)
        return Layer("pool", where, weight=np.full((1, 1, *kernel), factor), stride=kernel), roles, behind
    fault = f"is a {type(node).__name__}, which no block of SLAYER is in that place"
    raise refused(name, fault, "use a flatten, dense, convolution or tiling pooling layer there, and neurons behind it")


def _with_delays(walk: _Walk) -> list[Layer]:
    """The layers with the axonal delays of the Delay nodes behind them."""
    biased = [number for number, layer in enumerate(walk.layers) if layer.bias is not None]
    last, layers = max(biased, default=-1), list(walk.layers)
    for number, layer in enumerate(walk.layers):
        shift = 1 if number < last and layer.neuron is not None else 0
        name, steps = walk.delays.get(number, ("", np.zeros(1, np.int64)))
        if (name and layer.neuron is None) or np.any(steps < shift):
            node = name or walk.names.get(f"cuba{number}", "input")
            late = "SLAYER sends every block one step late, which a bias behind it shows"
            fault = late if shift else "delays no neurons"
            raise refused(node, fault, "put a Delay of one step behind every neuron before the last bias")
        if name and name not in walk.network.inserted:
            late = (steps - shift).reshape(steps.shape[0], -1)
            channel = bool(np.all(late == late[:, :1]))
            layers[number] = replace(layer, delay=late[:, 0] if channel else late.reshape(-1))
        elif name and np.any(steps != shift):
            raise refused(name, "was inserted with another delay than one step", "remove it")
    return layers
