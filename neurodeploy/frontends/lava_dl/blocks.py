"""A Network as SLAYER's blocks: the rules of ``chain`` read backward. Nothing is rounded: what does not fit is refused.

Rules:

1. One chain from one input: flatten, dense, convolution and pooling layers, each followed by its neurons; a dense layer
   of a neuron back onto itself makes the block recurrent.
2. Weights and thresholds are multiples of 1/64, decays of 1/4096; a uniform gain of the drive moves into the weights.
3. States lie on SLAYER's grid, or keep all or nothing from step to step, so that truncation takes nothing away.
4. Where a later block has a bias, a block's Delay is one step longer than its axonal delays (``delay_shift``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Terms, term_text
from neurodeploy.errors import RefusedError
from neurodeploy.frontends.lava_dl.layers import READOUT, Cuba, Layer, NetFile
from neurodeploy.frontends.lava_dl.packing import packing_fault
from neurodeploy.network.network import Network
from neurodeploy.network.shapes import conv_padding
from neurodeploy.profiles.lava_dl import DECAY_ONE, STATE_GRID, WEIGHT_SCALE, tie_terms
from neurodeploy.reference.arrival import delay_steps
from neurodeploy.reference.linear import bias_of
from neurodeploy.reference.neuron import coefficients, threshold_of
from neurodeploy.window import per_axis

Array = NDArray[Any]
NEURONS = (nir.IF, nir.LIF, nir.CubaLIF, nir.CubaLI)
FIXED = ("reset_timing", "v_min", "max_spikes_per_step", "fire_once", "initial_state", "keep_state")


@dataclass
class _Walk:
    """Layers found so far, the roles of their nodes, and the node that was reached."""

    network: Network
    layers: list[Layer] = field(default_factory=list[Layer])
    names: dict[str, str] = field(default_factory=dict[str, str])
    lates: dict[int, tuple[str, Array]] = field(default_factory=dict[int, tuple[str, Array]])

    def add(self, layer: Layer, **roles: str) -> None:
        """One more layer; ``roles``: its nodes."""
        number = len(self.layers)
        self.names |= {f"{role}{number}": name for role, name in roles.items()}
        self.layers.append(layer)


def layers_of(network: Network) -> NetFile:
    """The blocks of a network. Raises RefusedError naming the node that SLAYER has no exact form for."""
    if len(network.input_names) != 1:
        raise _refused("network", f"has {len(network.input_names)} inputs, a .net has one", "split it")
    walk, at = _Walk(network), network.input_names[0]
    values = network.input_range(at)
    if not values.binary:
        what = f"takes values from {values.low:g} to {values.high:g}, a .net's input takes spikes"
        raise _refused(at, what, "put the neurons that make spikes of them before the network")
    shape = network.shapes[at]
    walk.names |= {"input": at}
    walk.layers.append(Layer("input", "layer 0", shape))
    while not isinstance(network.nodes[at], nir.Output):
        at = _next_block(walk, at)
    walk.names["output"] = at
    if len({*walk.names.values()}) != len(network.nodes):
        left = sorted(network.nodes.keys() - {*walk.names.values()})[0]
        raise _refused(left, "stands outside the chain of blocks from the input", "a .net is one chain")
    names = {role: name for role, name in walk.names.items() if role != name}
    return NetFile(tuple(_with_delays(walk)), network.contract.defaults.dt, names)


def _next_block(walk: _Walk, at: str) -> str:
    """Add what stands behind ``at``; gives the last node of it."""
    network, name = walk.network, _only(walk.network, at)
    node, number = network.nodes[name], len(walk.layers)
    if isinstance(node, nir.Output):
        return name
    if isinstance(node, nir.Delay):
        walk.lates[number - 1] = (name, delay_steps(network, name))
        walk.names[f"delay{number - 1}"] = name
        return name
    if isinstance(node, nir.Flatten):
        shape = network.shapes[name]
        if len(shape) != 1:
            raise _refused(name, "flattens some of its dimensions only", "flatten all of them")
        walk.add(Layer("flatten", f"layer {number}", (*shape, 1, 1)), flatten=name)
        return name
    layer, roles, neuron = _synapse(network, name)
    layer, back = _with_neuron(network, layer, neuron)
    walk.add(layer, **roles, cuba=neuron, **({} if back is None else {"back": back}))
    return neuron


def _only(network: Network, at: str) -> str:
    """The one node behind ``at`` on the chain; a feedback layer does not count."""
    behind = [target for source, target in network.graph.edges if source == at and not _feedback(network, target)]
    if len(behind) != 1:
        raise _refused(at, f"sends to {len(behind)} nodes, a .net is one chain", "split the network there")
    return behind[0]


def _feedback(network: Network, name: str) -> bool:
    return any(source == name for source, _ in network.recurrent_edges)


def _synapse(network: Network, name: str) -> tuple[Layer, dict[str, str], str]:
    """The layer of a weighted sum without its neurons, the roles of its nodes, and the node behind."""
    node, where = network.nodes[name], f"node {name}"
    behind = _only(network, name)
    if isinstance(node, nir.Linear | nir.Affine | nir.Conv2d) and np.any(bias_of(node)):
        raise _refused(name, "has a bias, which SLAYER's synapses lack", "move it into the leak of its neurons")
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
    what = f"is a {type(node).__name__}, which no block of SLAYER is in that place"
    raise _refused(name, what, "a .net holds flatten, dense, convolution and tiling pooling layers before neurons")


def _with_neuron(network: Network, layer: Layer, name: str) -> tuple[Layer, str | None]:
    """The layer with the neurons ``name`` behind it, its integers, and the node of its feedback."""
    node, terms, shape = network.nodes[name], network.contract.of(name), network.shapes[name]
    if not isinstance(node, NEURONS):
        raise _refused(name, f"is a {type(node).__name__}, no neuron of SLAYER", "put an IF, LIF or CubaLIF there")
    _check_terms(name, node, terms)
    c = coefficients(node, terms)
    gain = _uniform(name, "the gain of its drive", c.gain * (c.gain_current if c.has_current else 1.0))
    current = _decay(name, "the decay of its current", c.current)
    membrane = _decay(name, "the decay of its membrane", c.membrane)
    if terms.state_grid is None and not {current, membrane} <= {0, DECAY_ONE}:
        raise _refused(name, "decays in real numbers, SLAYER truncates them", f"set state_grid={STATE_GRID:g}")
    readout = isinstance(node, nir.CubaLI)
    threshold = READOUT if readout else _threshold(name, node, terms)
    cuba = Cuba(current, membrane, threshold, readout)
    assert layer.weight is not None
    back = _back(network, name)
    weight = _integers(layer.where, layer.weight * gain)
    recurrent = None if back is None else _integers(f"node {back}", np.asarray(network.nodes[back].weight) * gain)
    if layer.kind == "dense":
        _check_packing(layer.where, weight if recurrent is None else np.hstack([weight, recurrent]))
    kind = layer.kind if recurrent is None else "dense_rec"
    found = replace(layer, kind=kind, shape=shape, neuron=cuba, weight=weight, recurrent=recurrent)
    return replace(found, bias=_bias(name, c.rest * (1 - c.membrane), shape)), back


def _check_terms(name: str, node: Any, terms: Terms) -> None:
    """Refuse every way of stepping that SLAYER does not have."""
    asked = {key: getattr(terms, key) for key in FIXED if getattr(terms, key) != getattr(Terms(), key)}
    if terms.reset in ("subtract", "none") or (
        terms.reset == "value" and np.any(np.asarray(getattr(node, "v_reset", 0)))
    ):
        asked["reset"] = terms.reset
    if isinstance(node, nir.CubaLIF | nir.CubaLI) and terms.current != "new":
        asked["current"] = terms.current
    if terms.state_grid not in (None, STATE_GRID):
        asked["state_grid"] = terms.state_grid
    if terms.recurrent_delay != 1:
        asked["recurrent_delay"] = terms.recurrent_delay
    if asked:
        told = ", ".join(f"{key}={term_text(value)}" for key, value in asked.items())
        raise _refused(name, f"is stepped with {told}, which SLAYER does not do", "retrain, or change the contract")


def _decay(name: str, what: str, keep: Array) -> int:
    return _multiple(name, what, _uniform(name, what, 1 - keep), DECAY_ONE)


def _threshold(name: str, node: Any, terms: Terms) -> int:
    threshold = _uniform(name, "its threshold", threshold_of(node))
    integer = _multiple(name, "its threshold", threshold, WEIGHT_SCALE)
    if not 0 < integer < READOUT:
        raise _refused(name, f"has the threshold {threshold:g}", f"SLAYER takes 1/64 to {(READOUT - 1) / 64:g}")
    expected = tie_terms(threshold).get("fires_at", ">")
    if terms.fires_at != expected:
        what = f"fires at {terms.fires_at} its threshold of {threshold:g}, SLAYER at {expected}"
        raise _refused(name, what, "move the threshold by 1/4096 of itself in training, or set fires_at")
    return integer


def _back(network: Network, name: str) -> str | None:
    """The dense layer that feeds the neurons back onto themselves."""
    loops = [source for source, target in network.recurrent_edges if target == name]
    if not loops:
        return None
    back = loops[0]
    node = network.nodes[back]
    plain = isinstance(node, nir.Linear | nir.Affine) and not np.any(bias_of(node))
    if len(loops) > 1 or not plain or network.sources(back) != (name,) or len(network.shapes[name]) != 1:
        raise _refused(back, "is no dense layer without bias from the neurons onto themselves", "make it one")
    return back


def _bias(name: str, rest: Array, shape: tuple[int, ...]) -> Array | None:
    """The bias in 1/64, per channel."""
    values = np.broadcast_to(rest, shape).reshape(shape[0], -1)
    if not np.any(values):
        return None
    if np.any(values != values[:, :1]):
        raise _refused(name, "has a bias that differs within a channel", "give one per channel")
    return _integers(f"node {name}", np.rint(values[:, 0] / STATE_GRID) * STATE_GRID)


def _with_delays(walk: _Walk) -> list[Layer]:
    """The layers with the axonal delays that Delay nodes say."""
    biased = [number for number, layer in enumerate(walk.layers) if layer.bias is not None]
    last, layers = max(biased, default=-1), list(walk.layers)
    for number, layer in enumerate(walk.layers):
        shift = 1 if number < last and layer.neuron is not None else 0
        name, steps = walk.lates.get(number, ("", np.zeros(1, np.int64)))
        if (name and layer.neuron is None) or np.any(steps < shift):
            node = name or walk.names.get(f"cuba{number}", "input")
            late = "SLAYER sends every block one step late, which a bias behind it shows"
            what = late if shift else "delays no neurons"
            raise _refused(node, what, "put a Delay of one step behind every neuron before the last bias")
        if name and name not in walk.network.inserted:
            late = (steps - shift).reshape(steps.shape[0], -1)
            channel = bool(np.all(late == late[:, :1]))
            layers[number] = replace(layer, delay=late[:, 0] if channel else late.reshape(-1))
        elif name and np.any(steps != shift):
            raise _refused(name, "was inserted with another delay than one step", "remove it")
    return layers


def _check_packing(where: str, weights: Array) -> None:
    fault = packing_fault(weights.astype(np.int64))
    if fault is not None:
        raise RefusedError(fault[0], where, "quantize the weights to SLAYER's 8 bits: even multiples of 1/64")


def _uniform(name: str, what: str, values: Any) -> float:
    flat = np.ravel(values)
    if np.any(flat != flat[0]):
        raise _refused(name, f"{what} differs between its neurons", "SLAYER has one per block")
    return float(flat[0])


def _multiple(name: str, what: str, value: float, one: int) -> int:
    if value * one != round(value * one):
        raise _refused(name, f"{what}, {value:g}, is no multiple of 1/{one}", "round it there first")
    return round(value * one)


def _integers(where: str, values: Array) -> Array:
    scaled = np.asarray(values, np.float64) * WEIGHT_SCALE
    if np.any(scaled != np.rint(scaled)):
        raise RefusedError("holds values that are no multiples of 1/64", where, "round them there first")
    return scaled


def _refused(name: str, what: str, remedy: str) -> RefusedError:
    return RefusedError(what, "network" if name == "network" else f"node {name}", remedy)
