"""A Program as the float network that does the same, in every output and membrane, and becomes that Program again.

Rules:

1. Numbers of the network are the integers divided by the population's scale. The contract names the grid of each
   state, so that what decay leaves is truncated as in integers, and the scale is found again. A membrane that saturates
   is one with a lower clamp; the upper end is never met by a neuron that resets, unless it is driven far beyond.
2. A decay is a time constant: ``d / 2**decay_bits`` lost per step are ``tau = dt * 2**decay_bits / d``. What never
   decays has a time constant beyond all others.
3. A bias is the resting potential of a membrane that decays, else the bias of a layer before it. A bias in front of a
   synaptic current would round in every step.
4. A projection is the layer of its form: dense, convolution, pooling, or a scaling. Delays are Delay nodes; one that
   closes a loop is the term ``recurrent_delay``.
5. An input is rounded to the grid of its quantizer.
6. What has no such form is refused by name. The network is quantized again, and what came back is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Protocol

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Contract, Terms, Value
from neurodeploy.errors import RefusedError
from neurodeploy.host import Host
from neurodeploy.network.network import InputRange, Network
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

Array = NDArray[np.float64]
Form = tuple[tuple[str, Any], ...]
"""Nodes by name, in the order in which messages pass them."""
FOREVER = 2.0**100
"""Time constant, in steps, of a state that never decays."""


class Original(Protocol):
    """What is taken from the network that a program was made from; a Network has it all."""

    @property
    def contract(self) -> Contract: ...
    @property
    def host(self) -> Host: ...
    @property
    def nodes(self) -> Mapping[str, Any]: ...
    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]: ...
    @property
    def order(self) -> Sequence[str]: ...
    def sources(self, name: str) -> Sequence[str]: ...
    def input_range(self, name: str) -> InputRange: ...


@dataclass
class _Graph:
    """A network under construction."""

    program: Program
    like: Network | Original
    nodes: dict[str, Any] = field(default_factory=dict[str, Any])
    edges: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    overrides: dict[str, dict[str, Value]] = field(default_factory=dict[str, dict[str, Value]])

    @property
    def dt(self) -> float:
        return self.like.contract.defaults.dt

    def add(self, name: str, node: Any, source: str) -> str:
        """A node behind ``source``, under a name that is free."""
        while name in self.nodes:
            name += "_"
        self.nodes[name] = node
        self.edges.append((source, name))
        return name


def as_network(program: Program, like: Network | Original) -> Network:
    """The float network that does what ``program`` does, named like what it was made from, ``like``.

    Raises RefusedError, by name, for what no float network does exactly.
    """
    graph = _Graph(program, like)
    for node in program.inputs:
        graph.nodes[node.name] = nir.Input({"input": np.array(node.shape)})
    late = _recurrent_delays(program, like)
    for population in program.populations:
        graph.nodes[population.name] = _neuron(program, population, graph.dt)
        terms = _terms(program, population)
        graph.overrides[population.name] = terms | (
            {"recurrent_delay": late[population.name]} if population.name in late else {}
        )
    layer_biases = {population.name: _layer_bias(program, population) for population in program.populations}
    for projection in program.projections:
        delay = projection.delay - (late[projection.target] if _closes(projection, like) else 0)
        _join(graph, projection, delay, layer_biases)
    _refuse_left_over(layer_biases)
    for name, node in like.nodes.items():
        if isinstance(node, nir.Output):
            graph.nodes[name] = nir.Output({"output": np.array(like.shapes[name])})
            graph.edges += [(source, name) for source in like.sources(name)]
    defaults = Terms(dt=graph.dt, input_gain="unit")
    plain = {key: _different(terms, defaults) for key, terms in graph.overrides.items()}
    contract = Contract(defaults, {key: terms for key, terms in plain.items() if terms})
    inputs = {node.name: _range(node, like) for node in program.inputs if node.output.kind == "graded"}
    inserted = frozenset(population.name for population in program.populations if population.inserted)
    return Network(nir.NIRGraph(graph.nodes, graph.edges, type_check=False), contract, inputs, like.host, inserted)


def _different(terms: Mapping[str, Value], defaults: Terms) -> dict[str, Value]:
    return {key: value for key, value in terms.items() if value != getattr(defaults, key)}


def _range(node: Input, like: Network | Original) -> InputRange:
    declared = like.input_range(node.name)
    return InputRange(declared.low, declared.high, 2.0**-node.scale, declared=True, rounded=True)


def _neuron(program: Program, population: Population, dt: float) -> Any:
    """The node of a population, its numbers in units of ``2**-scale``."""
    n, shape = program.numerics, population.shape
    ones = np.ones(shape)
    if population.kind == "relay":
        return nir.Scale(ones)
    tau, tau_syn = (
        _tau(decay, n.decay_one, dt) * ones for decay in (population.membrane_decay, population.current_decay)
    )
    lost = np.asarray(population.membrane_decay) / n.decay_one
    bias = np.asarray(population.bias) * 2.0 ** -(population.scale + n.state_shift) * ones
    rest = np.where(lost > 0, bias / np.where(lost > 0, lost, 1.0), 0.0)
    has_current = np.any(np.asarray(population.current_decay) != n.decay_one)
    spiking: dict[str, Any] = {
        "v_threshold": np.asarray(population.threshold) * 2.0**-population.scale * ones,
        "v_reset": population.reset_value * 2.0**-population.scale * ones,
    }
    if not has_current and not np.any(lost):
        return nir.IF(r=ones, **spiking) if population.kind == "cuba-lif" else nir.I(r=ones)
    numbers: dict[str, Any] = {"r": ones, "v_leak": rest, **(spiking if population.kind == "cuba-lif" else {})}
    if has_current:
        kind = nir.CubaLIF if population.kind == "cuba-lif" else nir.CubaLI
        return kind(tau_syn=tau_syn, tau_mem=tau, w_in=ones, **numbers)
    return (nir.LIF if population.kind == "cuba-lif" else nir.LI)(tau=tau, **numbers)


def _tau(decay: Any, one: int, dt: float) -> Array:
    lost = np.asarray(decay, np.float64)
    return np.where(lost > 0, dt * one / np.where(lost > 0, lost, 1.0), dt * FOREVER)


def _terms(program: Program, population: Population) -> dict[str, Value]:
    """The terms under which the node is stepped. Raises RefusedError for a state that no term expresses."""
    where = f"node {population.name}"
    if population.kind == "relay":
        _check_relay(program, population)
        return {}
    if np.any(population.initial_current) or np.ndim(population.initial_membrane) or population.ceiling is not None:
        raise RefusedError("its current starts elsewhere than at zero, or its membrane is clamped above", where, REMEDY)
    grid = 2.0 ** -(population.scale + program.numerics.state_shift)
    return {
        "reset": population.reset if population.kind == "cuba-lif" else "zero",
        "reset_timing": "every-step" if population.every_step else "same-step",
        "fires_at": population.compare,
        "v_min": _least(program, population, grid),
        "max_spikes_per_step": population.max_spikes_per_step,
        "fire_once": population.fire_once,
        "initial_state": float(population.initial_membrane) * grid,
        "state_grid": grid,
    }


def _least(program: Program, population: Population, grid: float) -> float | None:
    """The lower clamp of the membrane, in the network's units: its floor, or where it saturates."""
    n = program.numerics
    if population.floor is not None:
        return population.floor * 2.0**-population.scale
    return -((1 << (n.membrane_bits - 1)) - 1) * grid if n.membrane_overflow == "saturate" else None


REMEDY = "train a network without it"
SPIKING = "put neurons that spike in its place"


def _check_relay(program: Program, population: Population) -> None:
    """Raises RefusedError for a sum that is rounded before it is sent."""
    step = 1 << max(population.shift, 0)
    sums = [p.weights << p.shift for p in program.into(population.name) if p.shift >= 0]
    if any(np.any(weights % step) for weights in (*sums, np.asarray(population.bias))):
        reason = "the sum that it sends is rounded to the width of its messages, which a float network does not do"
        raise RefusedError(reason, f"node {population.name}", SPIKING)


def carries_bias(program: Program, population: Population) -> bool:
    """Whether any bias of the population has a place in a network: its membrane decays, or a layer stands before it."""
    if population.kind == "relay":
        return False
    if np.all(np.asarray(population.membrane_decay) > 0):
        return True
    current = np.any(np.asarray(population.current_decay) != program.numerics.decay_one)
    flat = len(population.shape) == 1
    kinds = ("dense", "conv1d", "conv2d") if flat else ("conv1d", "conv2d")
    layers = [p for p in program.into(population.name) if p.delay == 0 and p.kind in kinds]
    return bool(layers) and not current and not np.any(np.asarray(population.membrane_decay) > 0)


def _layer_bias(program: Program, population: Population) -> Array | None:
    """The bias that a layer before the neuron has to bring, in the network's units, or None."""
    n = program.numerics
    bias = np.broadcast_to(np.asarray(population.bias, np.float64), population.shape)
    state = 0 if population.kind == "relay" else n.state_shift
    rests = population.kind != "relay" and np.all(np.asarray(population.membrane_decay) > 0)
    if rests or not np.any(bias):
        return None
    if population.kind != "relay" and np.any(np.asarray(population.membrane_decay) > 0):
        raise RefusedError("only some of its membranes decay, and all have a bias", f"node {population.name}", REMEDY)
    if np.any(np.asarray(population.current_decay) != n.decay_one) and population.kind != "relay":
        reason = "a bias of a membrane that never decays stands behind a synaptic current"
        raise RefusedError(reason, f"node {population.name}", "train without that bias")
    return bias * 2.0 ** -(population.scale + state)


def _refuse_left_over(biases: Mapping[str, Array | None]) -> None:
    left = [name for name, bias in biases.items() if bias is not None]
    if left:
        raise RefusedError("no layer before it can carry its bias", f"node {left[0]}", "train without that bias")


def _closes(projection: Projection, like: Network | Original) -> bool:
    """Whether the projection closes a loop, as the network that the program was made from is ordered."""
    place = {name: number for number, name in enumerate(like.order)}
    return projection.delay > 0 and place[projection.source] >= place[projection.target]


def _recurrent_delays(program: Program, like: Network | Original) -> dict[str, int]:
    """By population, the shortest delay of the projections into it that close a loop."""
    closing = [p for p in program.projections if _closes(p, like)]
    return {p.target: min(q.delay for q in closing if q.target == p.target) for p in closing}


def _join(graph: _Graph, projection: Projection, delay: int, biases: dict[str, Array | None]) -> None:
    """The nodes of a projection, between its source and its target."""
    program = graph.program
    source, target = program.node(projection.source), program.by_name[projection.target]
    if projection.shift < 0 and np.any(projection.weights % (1 << -projection.shift)):
        reason, numerics = "its sums are shifted down, which cuts bits off", "quantize it for numerics int32"
        raise RefusedError(reason, f"projection {projection.name}", numerics)
    unit = 2.0 ** (projection.shift + source.output.scale - target.scale)
    nodes = _form(projection, source.shape, target.shape, unit)
    bias = biases[target.name]
    if bias is not None and delay == projection.delay == 0:
        nodes, placed = _with_bias(nodes, bias)
        biases[target.name] = None if placed else bias
    at = source.name
    if delay:
        at = graph.add(f"{projection.name}_delay", nir.Delay(np.full(source.shape, delay * graph.dt)), at)
    for name, node in nodes:
        at = graph.add(name, node, at)
    if (at, target.name) in graph.edges:
        raise RefusedError("joins the same nodes as another without weights", f"projection {projection.name}", REMEDY)
    graph.edges.append((at, target.name))


def _with_bias(nodes: Form, bias: Array) -> tuple[Form, bool]:
    """The layers with a bias in the last one, where that has one; and whether it has."""
    if not nodes:
        return nodes, False
    *before, (name, node) = nodes
    rows = bias.reshape(len(bias), -1)
    if isinstance(node, nir.Linear) and bias.ndim == 1:
        return (*before, (name, nir.Affine(node.weight, bias))), True
    if isinstance(node, nir.Conv1d | nir.Conv2d) and np.all(rows == rows[:, :1]):
        return (*before, (name, replace(node, bias=rows[:, 0].copy()))), True
    return nodes, False


def _form(projection: Projection, source: tuple[int, ...], target: tuple[int, ...], unit: float) -> Form:
    """The layers of a projection. Raises RefusedError for a matrix between maps that is no chain of known layers."""
    weights, name = np.asarray(projection.weights * unit, np.float64), projection.name
    if projection.kind in ("conv1d", "conv2d"):
        zeros = np.zeros(len(weights))
        window: tuple[Any, ...] = (projection.stride, projection.padding, projection.dilation)
        if projection.kind == "conv1d":
            stride, padding, dilation = (int(value[0]) for value in window)
            kernel = nir.Conv1d(source[-1], weights, stride, padding, dilation, projection.groups, zeros)
            return ((name, kernel),)
        stride, padding, dilation = window
        size = (source[1], source[2])
        return ((name, nir.Conv2d(size, weights, stride, padding, dilation, projection.groups, zeros)),)
    if projection.kind == "sum-pool":
        return _pool(projection, weights, target)
    diagonal = np.diag(weights) if source == target else np.zeros(0)
    one = projection.kind == "dense" and weights.size == 1  # a layer of one synapse stays a layer
    if source == target and not one and not np.any(weights - np.diag(diagonal)):
        scale = diagonal.reshape(source)
        return () if np.all(scale == 1) else ((name, nir.Scale(scale)),)
    if len(target) != 1:
        reason = f"a matrix onto a map of {target} is no layer of its own"
        raise RefusedError(reason, f"projection {name}", "put a neuron between the layers that were merged")
    flat = () if len(source) == 1 else ((f"{name}_flat", nir.Flatten({"input": np.array(source)}, 0, -1)),)
    return (*flat, (name, nir.Linear(weights)))


def _pool(projection: Projection, weights: Array, target: tuple[int, ...]) -> Form:
    factor, name = float(weights.flat[0]), projection.name
    if not np.all(weights == factor):
        raise RefusedError("a pooling of unequal weights", f"projection {name}", REMEDY)
    scaling = () if factor == 1 else ((f"{name}_scale", nir.Scale(np.full(target, factor))),)
    if prod(weights.shape) == prod(projection.stride) == 1 and not any(projection.padding):
        return scaling
    kernel = (np.array(part) for part in (weights.shape, projection.stride, projection.padding))
    return ((name, nir.SumPool2d(*kernel)), *scaling)


def check_same(program: Program, again: Program) -> None:
    """Raises RefusedError where the program that a network became does something else than the one it stands for."""
    different = [f"input {node.name}" for node in program.inputs if again.input_by_name.get(node.name) != node]
    different += [
        f"node {p.name}" for p in program.populations if _neuron_meaning(p) != _neuron_meaning(again.by_name[p.name])
    ]
    for name in program.by_name:
        ours, theirs = (_arrivals(each, each.into(name)) for each in (program, again))
        different += [] if ours == theirs else [f"what arrives at {name}"]
    if different:
        raise RefusedError(f"as a network it would be other integers: {', '.join(different)}", "program", SPIKING)


def _neuron_meaning(population: Population) -> tuple[Any, ...]:
    """What a population does, its numbers in the network's units where its scale may be chosen."""
    p, unit = population, 2.0**-population.scale
    if p.kind == "relay":
        return p.kind, p.shape, p.output.scale, _key(np.asarray(p.bias) * unit, p.shape)
    values = (p.current_decay, p.membrane_decay, p.threshold, p.bias, p.initial_membrane, p.initial_current)
    spiking = (p.compare, p.reset, p.reset_value if p.reset == "value" else 0, p.fire_once, p.max_spikes_per_step)
    terms = (p.every_step, p.floor, p.ceiling, *(spiking if p.kind == "cuba-lif" else ()))
    return (p.kind, p.shape, p.scale, *terms, *(_key(np.asarray(value, np.float64), p.shape) for value in values))


def _arrivals(program: Program, projections: Sequence[Projection]) -> list[tuple[Any, ...]]:
    """What arrives over projections, in real units, in an order of its own."""
    rows: list[tuple[Any, ...]] = []
    for p in projections:
        unit = 2.0 ** (p.shift + program.node(p.source).output.scale - program.by_name[p.target].scale)
        window = (p.stride, p.padding, p.dilation, p.groups) if p.weights.ndim > 2 else ()
        rows.append(
            (
                p.source,
                p.delay,
                p.weights.shape,
                window,
                _key(np.asarray(p.weights * unit, np.float64), p.weights.shape),
            )
        )
    return sorted(rows)


def _key(values: Array, shape: tuple[int, ...]) -> bytes:
    return np.ascontiguousarray(np.broadcast_to(values, shape) + 0.0).tobytes()
