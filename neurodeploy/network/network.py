"""The float network: a NIR graph and the contract under which it is stepped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.contract import Contract
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.host import Host
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.network.nested import flatten
from neurodeploy.network.shapes import NEURONS, Shape, output_shape, own_shape, parameters
from neurodeploy.network.tables import network_table, terms
from neurodeploy.stimulus import Stimulus
from neurodeploy.table import dimensions, listing
from neurodeploy.trace import Trace

Arrays = Mapping[str, NDArray[Any]]
Edge = tuple[str, str]


@dataclass(frozen=True)
class InputRange:
    """The values an input takes: from ``low`` to ``high``, on multiples of ``grid`` where one is known.

    Without a declared range an input carries binary spikes: 0 or 1.
    """

    low: float = 0.0
    high: float = 1.0
    grid: float | None = 1.0
    declared: bool = False

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise InputError(f"no range from {self.low} to {self.high}", "input range", "give low <= high, both finite")
        if self.grid is not None and not (isfinite(self.grid) and self.grid > 0):
            raise InputError(f"no grid of step {self.grid}", "input range", "give a step above 0, or none")

    @property
    def binary(self) -> bool:
        """Whether it carries only zeros and ones."""
        return (self.low, self.high, self.grid) == (0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Source:
    """Where a network came from, while that is still at hand.

    ``run`` executes the source module itself, ``(B, T, *shape)`` per input -> Trace over the network's node names;
    ``stimulus(steps, samples, seed)`` is the model's own stimulus maker (with labels where they are known).
    """

    kind: str
    run: Callable[[Arrays], Trace] | None = None
    stimulus: Callable[[int | None, int | None, int], Stimulus] | None = None


@dataclass(frozen=True, eq=False)
class Network:
    """A NIR graph, its contract, the ranges of its inputs and what runs on the host.

    Subgraphs are written out. ``inserted`` names nodes made by neurodeploy; ``source`` is present when the network was
    made from a module; ``findings`` are what was noticed and repaired while it was read. Raises InputError for edges to
    missing nodes, duplicate edges, parameters that are not numbers, shapes that clash.
    """

    graph: nir.NIRGraph
    contract: Contract
    inputs: Mapping[str, InputRange] = field(default_factory=dict[str, InputRange])
    host: Host = field(default_factory=Host)
    inserted: frozenset[str] = frozenset()
    source: Source | None = None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if any(isinstance(node, nir.NIRGraph) for node in self.graph.nodes.values()):
            object.__setattr__(self, "graph", _flat(self.graph))
        check_graph(self.graph)
        unknown = sorted(self.contract.overrides.keys() - self.graph.nodes.keys())
        if unknown:
            raise InputError(
                f"overrides terms of {unknown[0]!r}, which is no node", "contract", "name an existing node"
            )
        strange = sorted(set(self.inputs) - set(self.input_names))
        if strange:
            raise InputError(f"has a range for {strange[0]!r}, which is no input", "inputs", "name an Input node")
        post = self.host.post
        if post is not None and post.node not in self.populations:
            raise InputError(f"its head reads {post.node!r}, which has no trace", "host", "name a neuron")
        pre = self.host.pre
        if pre is not None and pre.node not in self.input_names:
            raise InputError(f"its encoder feeds {pre.node!r}, which is no input", "host", "name an Input node")
        _ = self.shapes

    @property
    def nodes(self) -> dict[str, Any]:
        """NIR nodes by name."""
        return self.graph.nodes

    @cached_property
    def recurrent_edges(self) -> frozenset[Edge]:
        """Edges that close a loop, found by depth-first search from the inputs in the order of names."""
        successors: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in sorted(self.graph.edges):
            successors[source].append(target)
        back: set[Edge] = set()
        state: dict[str, int] = {}
        roots = [name for name in sorted(self.nodes) if isinstance(self.nodes[name], nir.Input)]
        for root in (*roots, *sorted(self.nodes)):
            stack = [] if root in state else [(root, iter(successors[root]))]
            state.setdefault(root, 1)
            while stack:
                name, rest = stack[-1]
                target = next(rest, None)
                if target is None:
                    state[name] = 2
                    stack.pop()
                elif target not in state:
                    state[target] = 1
                    stack.append((target, iter(successors[target])))
                elif state[target] == 1:
                    back.add((name, target))
        return frozenset(back)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Nodes so that every edge that closes no loop goes forward; ties in the order of names."""
        waiting = {name: {s for s, t in self.forward_edges if t == name} for name in sorted(self.nodes)}
        order: list[str] = []
        while waiting:
            ready = [name for name, sources in waiting.items() if not sources & waiting.keys()]
            order += ready
            for name in ready:
                del waiting[name]
        return tuple(order)

    @cached_property
    def forward_edges(self) -> tuple[Edge, ...]:
        """Edges without those that close a loop, in a fixed order."""
        return tuple(sorted(set(self.graph.edges) - self.recurrent_edges))

    def sources(self, name: str) -> tuple[str, ...]:
        """Nodes with an edge into ``name``, in a fixed order."""
        return tuple(sorted(source for source, target in self.graph.edges if target == name))

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of what each node sends, without batch and time."""
        shapes: dict[str, Shape] = {}
        for name in self.order:
            node = self.nodes[name]
            if isinstance(node, nir.Input):
                shapes[name] = tuple(int(n) for n in next(iter(node.input_type.values())))
                continue
            received = self._meeting(name, shapes)
            shape = received if received is not None else own_shape(node)
            if shape is None:
                raise InputError("receives nothing", f"node {name}", "connect it, or remove it")
            shapes[name] = output_shape(name, node, shape)
        for name in {target for _, target in self.recurrent_edges}:
            received = self._meeting(name, shapes)
            output_shape(name, self.nodes[name], received or ())
        return shapes

    def _meeting(self, name: str, shapes: Mapping[str, Shape]) -> Shape | None:
        """The one shape that all branches into ``name`` send, as far as ``shapes`` knows them."""
        meeting = {source: shapes[source] for source in self.sources(name) if source in shapes}
        if len(set(meeting.values())) > 1:
            what = ", ".join(f"{shape} from {source}" for source, shape in meeting.items())
            raise InputError(
                f"receives different shapes: {what}", f"node {name}", "make the branches that meet there agree"
            )
        return next(iter(meeting.values()), None)

    @cached_property
    def populations(self) -> tuple[str, ...]:
        """Nodes with an entry in a trace: neurons and junctions (where a sum has a name), in order."""
        return tuple(
            name for name in self.order if isinstance(self.nodes[name], NEURONS) or is_junction(self.nodes[name])
        )

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Input nodes in order."""
        return tuple(name for name in self.order if isinstance(self.nodes[name], nir.Input))

    def input_range(self, name: str) -> InputRange:
        """Declared range of an input; binary spikes where nothing is declared."""
        return self.inputs.get(name, InputRange())

    def __repr__(self) -> str:
        rows = [(name, type(self.nodes[name]).__name__, dimensions(self.shapes[name])) for name in self.order]
        return listing(f"Network of {len(self.nodes)} nodes, dt = {self.contract.defaults.dt:g} s", rows)

    def _repr_html_(self) -> str:
        told = f"contract: {terms(self.contract.to_json()['defaults'])}"
        return fragment(html_table(*network_table(self)), html_note(told))


def _flat(graph: nir.NIRGraph) -> nir.NIRGraph:
    """The graph with its subgraphs written out."""

    def inside(node: Any) -> tuple[dict[str, Any], list[Edge]] | None:
        return (node.nodes, list(node.edges)) if isinstance(node, nir.NIRGraph) else None

    nodes, edges = flatten(graph.nodes, list(graph.edges), inside, lambda node: type(node).__name__)
    return nir.NIRGraph(nodes, edges, metadata=graph.metadata, type_check=False)


def is_junction(node: Any) -> bool:
    """A Scale of ones: the identity, written where a sum of branches needs a name (a residual addition)."""
    return isinstance(node, nir.Scale) and bool(np.all(np.asarray(node.scale) == 1))


def check_graph(graph: nir.NIRGraph) -> None:
    """Refuse what nir accepts without meaning. Raises InputError."""
    for name in graph.nodes:
        if not name or "/" in name:
            raise InputError(f"the name {name!r} cannot stand in a file", "graph", "name nodes without a slash")
    seen: set[Edge] = set()
    for edge in graph.edges:
        missing = [end for end in edge if end not in graph.nodes]
        if missing:
            raise InputError(
                f"the edge {edge[0]} -> {edge[1]} ends nowhere: there is no {missing[0]!r}", "graph", "remove it"
            )
        if tuple(edge) in seen:
            raise InputError(
                f"the edge {edge[0]} -> {edge[1]} stands twice", "graph", "remove one, or scale the weights"
            )
        if isinstance(graph.nodes[edge[1]], nir.Input):
            raise InputError(f"the edge {edge[0]} -> {edge[1]} ends at an Input", "graph", "remove it")
        seen.add((edge[0], edge[1]))
    if not any(isinstance(node, nir.Input) for node in graph.nodes.values()):
        raise InputError("has no Input node", "graph", "add an Input with the shape of the stimulus")
    for name, node in graph.nodes.items():
        check_numbers(name, node)


def check_numbers(name: str, node: Any) -> None:
    """Every parameter is a finite number, time constants are positive. Raises InputError naming node and field."""
    values = parameters(node)
    values |= {
        key: np.asarray(getattr(node, key)) for key in ("weight", "bias") if getattr(node, key, None) is not None
    }
    for key, value in values.items():
        if not np.issubdtype(value.dtype, np.number) or not np.all(np.isfinite(value)):
            raise InputError(
                f"{key} holds NaN, infinity or no number", f"node {name}", "repair the weights and export again"
            )
        if key.startswith("tau") and np.any(value <= 0):
            raise InputError(
                f"{key} = {float(value.min())} is not positive", f"node {name}", "time constants are seconds > 0"
            )
