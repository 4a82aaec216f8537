"""From NIR's memoryless nodes to synapses: one float operator per path between two populations.

Rules:

1. A path runs from an input or population through memoryless nodes to the next population.
2. What biases alone send to the target is a constant; it belongs to the first path through the layer of each bias.
3. One convolution, one pooling, or flattening and one dense layer keep their form; scalings are folded into it, and a
   Delay of the same whole number of steps for all elements adds to the delay of the path. A Delay that differs between
   elements makes one path per delay: a matrix of the elements that have it.
4. Convolutions, poolings and scalings of channels that follow each other become the one convolution that they are.
5. Any other chain becomes the equal sparse matrix, found by sending every unit vector through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import RefusedError
from neurodeploy.network.network import Network
from neurodeploy.network.shapes import Shape, conv_padding
from neurodeploy.passes.windows import one_window
from neurodeploy.program.projection import Kind
from neurodeploy.reference.arrival import delay_steps
from neurodeploy.reference.linear import apply_linear
from neurodeploy.reference.network_runner import check_supported
from neurodeploy.window import per_axis

Array = NDArray[np.float64]
LARGEST_MATRIX = 1 << 24
UNITS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Synapse:
    """One path between populations as a float operator: attributes as a Projection's, ``weights`` real."""

    source: str
    target: str
    nodes: tuple[str, ...]
    kind: Kind
    weights: Array
    constant: Array
    delay: int = 0
    stride: tuple[int, ...] = (1, 1)
    padding: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1

    def scaled(self, gain: Array, shape: Shape) -> Synapse:
        """The operator with its result multiplied by ``gain`` (broadcastable to the target's ``shape``)."""
        constant = self.constant * gain
        if np.all(gain == gain.flat[0]):
            return replace(self, weights=self.weights * gain.flat[0], constant=constant)
        rows = np.broadcast_to(gain, shape).reshape(shape[0], -1)
        if self.kind in ("dense", "sparse"):
            return replace(self, weights=self.weights * rows.reshape(-1, 1), constant=constant)
        if self.kind != "sum-pool" and np.all(rows == rows[:, :1]):
            per_channel = rows[:, 0].reshape(-1, *[1] * (self.weights.ndim - 1))
            return replace(self, weights=self.weights * per_channel, constant=constant)
        raise RefusedError(
            "its gain differs between neurons that share weights",
            f"node {self.target}",
            "use one time constant and resistance per channel",
        )


@dataclass(frozen=True)
class _Path:
    """Memoryless nodes between ``source`` and a population.

    - ``late[i]``: steps from the output of node i to the population. ``filled[i]``: whether the bias of node i reaches
      the population from the first step on in spite of that.
    - ``parts``: Delay nodes that differ between elements, each with the steps of the elements on this path.
    """

    source: str
    nodes: tuple[str, ...]
    late: tuple[int, ...]
    delay: int
    filled: tuple[bool, ...] = ()
    applied: bool = True
    parts: tuple[tuple[str, int], ...] = ()


def synapses(network: Network, matrices: bool = False) -> tuple[Synapse, ...]:
    """Every path between populations, in the order of the populations.

    ``matrices``: windows become the matrices that they are, for machines that share no weights.

    Raises RefusedError for node types without a meaning, loops that no neuron stands in, biases that a feedback edge
    delays, and states that are kept between samples.
    """
    check_supported(network)
    _check_fresh(network)
    operators: list[Synapse] = []
    for target in network.populations:
        counted: set[tuple[str, ...]] = set()
        for path in _paths(network, target):
            operators.append(_synapse(network, path, target, counted, matrices))
    return tuple(operators)


def _check_fresh(network: Network) -> None:
    kept = [name for name in network.order if network.contract.of(name).keep_state]
    if kept:
        raise RefusedError(
            "integers start every sample afresh, its contract keeps the state of the one before",
            f"node {kept[0]}",
            "set keep_state=false, or join the samples into one",
        )


def _paths(network: Network, target: str) -> list[_Path]:
    """Every path into ``target``, nearest sources first."""
    ends = {*network.populations, *network.input_names}
    paths: list[_Path] = []
    waiting = [_Path(target, (), (), 0)]
    while waiting:
        path = waiting.pop(0)
        name = path.source
        for source in network.sources(name):
            if source in path.nodes:
                raise RefusedError(
                    f"a loop through {', '.join(path.nodes)} holds no neuron", f"node {target}", "put a neuron into it"
                )
            for late, applied, part in _delays(network, source, name):
                late, applied, parts = path.delay + late, path.applied and applied, (*part, *path.parts)
                if source in ends:
                    paths.append(replace(path, source=source, delay=late, parts=parts))
                else:
                    nodes, lates, filled = (source, *path.nodes), (late, *path.late), (applied, *path.filled)
                    waiting.append(_Path(source, nodes, lates, late, filled, applied, parts))
    return paths


def _delays(network: Network, source: str, name: str) -> list[tuple[int, bool, tuple[tuple[str, int], ...]]]:
    """Steps of the edge from ``source`` and of the node ``name``, and whether a bias arrives before the first message.

    A Delay that differs between elements has one entry per delay. Raises RefusedError for a delay that is no whole
    number of steps.
    """
    terms = network.contract.of(name)
    closes = (source, name) in network.recurrent_edges
    late, applied = (terms.recurrent_delay if closes else 0), not closes or terms.recurrent_bias_at_start == "applied"
    if not isinstance(network.nodes[name], nir.Delay):
        return [(late, applied, ())]
    steps = delay_steps(network, name)
    counts = [int(count) for count in np.unique(steps)]
    if len(counts) == 1:
        return [(late + counts[0], applied and not counts[0], ())]
    return [(late + count, False, ((name, count),)) for count in counts]


def _synapse(network: Network, path: _Path, target: str, counted: set[tuple[str, ...]], matrices: bool) -> Synapse:
    nodes = [network.nodes[name] for name in path.nodes]
    shape_in, shape_out = network.shapes[path.source], network.shapes[target]
    constant = np.zeros(shape_out)
    for i, late in enumerate(path.late):
        if path.nodes[i:] in counted:
            continue
        counted.add(path.nodes[i:])
        part = _bias_through(network, path.nodes[i:], nodes[i:])
        if (late or path.parts) and not path.filled[i] and np.any(part):
            raise RefusedError(
                "a bias on a feedback path is not applied before its first message; integers cannot say that",
                f"node {path.nodes[i]}",
                "move the bias to a forward layer of the same neurons, or set recurrent_bias_at_start=applied",
            )
        constant = constant + part
    common: dict[str, Any] = {
        "source": path.source, "target": target, "nodes": path.nodes, "constant": constant, "delay": path.delay
    }  # fmt: skip
    nodes = [_masked(network, name, path.parts) for name in path.nodes]
    known = _known_form(nodes, shape_in, shape_out, common) or _joined_windows(nodes, shape_in, common)
    if known is not None and not (matrices and known.kind != "dense"):
        return known
    return Synapse(kind="sparse", weights=_matrix(nodes, shape_in, shape_out, target), **common)


def _masked(network: Network, name: str, parts: tuple[tuple[str, int], ...]) -> Any:
    """The node; a Delay that differs between elements as a Scale: 1 for the elements on this path, 0 for others."""
    steps = dict(parts).get(name)
    return network.nodes[name] if steps is None else nir.Scale((delay_steps(network, name) == steps).astype(np.float64))


def _bias_through(network: Network, names: Sequence[str], nodes: Sequence[Any]) -> Array:
    """What the bias of the first node becomes at the end of the chain."""
    sources = network.sources(names[0])
    silence = np.zeros((1, *network.shapes[sources[0]]))
    without = np.zeros((1, *network.shapes[names[0]]))
    return (_through(nodes[1:], _through(nodes[:1], silence)) - _through(nodes[1:], without))[0]


def _known_form(nodes: Sequence[Any], shape_in: Shape, shape_out: Shape, common: dict[str, Any]) -> Synapse | None:
    """The path in its own form, where it has one."""
    scalings = [node for node in nodes if isinstance(node, nir.Scale)]
    rest = [node for node in nodes if not isinstance(node, nir.Scale | nir.Delay)]
    factors = [np.asarray(node.scale, np.float64) for node in scalings]
    if not all(np.all(f == f.flat[0]) for f in factors):
        return None
    factor = prod((float(f.flat[0]) for f in factors), start=1.0)
    if not rest and shape_in == shape_out:
        if len(shape_in) == 3:
            return Synapse(kind="sum-pool", weights=np.full((1, 1), factor), **common)
        return None
    dense = [node for node in rest if not isinstance(node, nir.Flatten)]
    if len(dense) != 1:
        return None
    node = dense[0]
    if isinstance(node, nir.Affine | nir.Linear):
        flat = len(shape_out) == 1 and prod(shape_in) == node.weight.shape[1]
        return Synapse(kind="dense", weights=np.asarray(node.weight, np.float64) * factor, **common) if flat else None
    if len(rest) > 1 or not isinstance(node, nir.Conv1d | nir.Conv2d | nir.SumPool2d | nir.AvgPool2d):
        return None
    return _window_form(node, factor, common)


def _window_form(node: Any, factor: float, common: dict[str, Any]) -> Synapse:
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        space = node.weight.ndim - 2
        return Synapse(
            kind="conv1d" if space == 1 else "conv2d",
            weights=np.asarray(node.weight, np.float64) * factor,
            stride=per_axis(node.stride, space),
            padding=conv_padding(node),
            dilation=per_axis(node.dilation, space),
            groups=int(node.groups),
            **common,
        )
    kernel = per_axis(node.kernel_size)
    value = factor / (prod(kernel) if isinstance(node, nir.AvgPool2d) else 1)
    weights = np.full(kernel, value)
    return Synapse(
        kind="sum-pool", weights=weights, stride=per_axis(node.stride), padding=per_axis(node.padding), **common
    )


def _joined_windows(nodes: Sequence[Any], shape_in: Shape, common: dict[str, Any]) -> Synapse | None:
    """The path as one convolution, where its nodes are windows."""
    window = one_window([node for node in nodes if not isinstance(node, nir.Delay)], shape_in)
    return (
        None if window is None else Synapse(kind="conv1d" if len(shape_in) == 2 else "conv2d", **vars(window), **common)
    )


def _matrix(nodes: Sequence[Any], shape_in: Shape, shape_out: Shape, target: str) -> Array:
    """The linear part of a chain as a matrix ``(target size, source size)``."""
    rows, columns = prod(shape_out), prod(shape_in)
    if rows * columns > LARGEST_MATRIX:
        raise RefusedError(
            f"the layers before it have no form of their own and would become a {rows} x {columns} matrix",
            f"node {target}",
            "put a neuron between them; a pooling before a convolution with padding must cover its map exactly",
        )
    matrix = np.empty((rows, columns))
    offset = _through(nodes, np.zeros((1, *shape_in))).reshape(-1, 1)
    for first in range(0, columns, UNITS_AT_ONCE):
        units = np.eye(min(UNITS_AT_ONCE, columns - first), columns, first)
        matrix[:, first : first + len(units)] = _through(nodes, units.reshape(-1, *shape_in)).reshape(-1, rows).T
    return matrix - offset


def _through(nodes: Sequence[Any], x: Array) -> Array:
    for node in nodes:
        x = x if isinstance(node, nir.Delay) else apply_linear(node, x)
    return x


def output_nodes(network: Network) -> tuple[str, ...]:
    """Populations that feed the Output nodes. Raises RefusedError where something else does."""
    ends = [name for name in network.order if isinstance(network.nodes[name], nir.Output)]
    feeding = [source for name in ends for source in network.sources(name)]
    strange = [name for name in feeding if name not in network.populations]
    if strange:
        raise RefusedError(
            f"the output comes from {strange[0]} ({type(network.nodes[strange[0]]).__name__}), which is no neuron",
            "network",
            "end the network with a neuron: LI reads a membrane out, a Scale of ones reads a sum out",
        )
    return tuple(dict.fromkeys(feeding))
