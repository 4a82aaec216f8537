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

from neurodeploy.contract import Contract, terms_text
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.host import Host
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.network.nested import flatten
from neurodeploy.network.order import closing_edges, forward_order, grouped
from neurodeploy.network.raw import raw_of
from neurodeploy.network.rules.check import refuse_errors, refuse_structure
from neurodeploy.network.rules.shapes import walk_shapes
from neurodeploy.network.shapes import NEURONS, Shape
from neurodeploy.stimulus import Stimulus
from neurodeploy.table import Table, dimensions, listing
from neurodeploy.trace import Trace

Arrays = Mapping[str, NDArray[Any]]
Maker = Callable[[int | None, int | None, int], Stimulus]
"""Makes a stimulus of ``steps`` and ``samples``, its own by default, from a seed."""
Edge = tuple[str, str]


@dataclass(frozen=True)
class InputRange:
    """The values an input takes: from ``low`` to ``high``, on multiples of ``grid`` where one is known.

    Without a declared range an input carries binary spikes: 0 or 1. ``rounded``: the network itself takes every value
    to the nearest multiple of ``grid`` (half to even) before anything else.
    """

    low: float = 0.0
    high: float = 1.0
    grid: float | None = 1.0
    declared: bool = False
    rounded: bool = False

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise InputError(f"no range from {self.low} to {self.high}", "input range", "give low <= high, both finite")
        if self.grid is not None and not (isfinite(self.grid) and self.grid > 0):
            raise InputError(f"no grid of step {self.grid}", "input range", "give a step above 0, or none")
        if self.rounded and self.grid is None:
            raise InputError("rounds its values to no grid", "input range", "give the step of its grid")

    @property
    def binary(self) -> bool:
        """Whether it carries only zeros and ones."""
        return (self.low, self.high, self.grid) == (0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Source:
    """The module that a network was made from, in the process that made it.

    ``run`` executes the source module itself, ``(B, T, *shape)`` per input -> Trace over the network's node names;
    ``stimulus(steps, samples, seed)`` is the model's own stimulus maker (with labels where they are known);
    ``check_stimulus`` likewise that of its checks, where the task alone exercises too little.
    """

    kind: str
    run: Callable[[Arrays], Trace] | None = None
    stimulus: Maker | None = None
    check_stimulus: Maker | None = None


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
        refuse_structure(raw_of(self.graph))
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
        inputs = [name for name, node in self.nodes.items() if isinstance(node, nir.Input)]
        return closing_edges(self.nodes, self.graph.edges, inputs)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Nodes so that every edge that closes no loop goes forward; ties in the order of names."""
        return forward_order(self.nodes, self.forward_edges)

    @cached_property
    def forward_edges(self) -> tuple[Edge, ...]:
        """Edges without those that close a loop, in a fixed order."""
        return tuple(sorted(set(self.graph.edges) - self.recurrent_edges))

    def sources(self, name: str) -> tuple[str, ...]:
        """Nodes with an edge into ``name``, in a fixed order."""
        return self._sources.get(name, ())

    @cached_property
    def _sources(self) -> dict[str, tuple[str, ...]]:
        """Sources of every node that has any, in a fixed order."""
        return grouped((target, source) for source, target in sorted(self.graph.edges))

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of what each node sends, without batch and time."""
        findings, shapes = walk_shapes(raw_of(self.graph), self.nodes)
        refuse_errors(findings)
        return shapes

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
        terms = terms_text(self.contract.to_json()["defaults"])
        return fragment(html_table(*self.table()), html_note(f"contract: {terms}"))

    def table(self) -> Table:
        """Nodes in order: type, shape of what they send, sources, and contract terms of their own."""
        rows = [
            (
                f"{name} (inserted)" if name in self.inserted else name,
                type(self.nodes[name]).__name__,
                dimensions(self.shapes[name]),
                ", ".join(self.sources(name)),
                terms_text(self.contract.overrides.get(name, {})),
            )
            for name in self.order
        ]
        return Table(f"network of {len(self.nodes)} nodes", ("node", "type", "shape", "from", "contract"), rows)


def _flat(graph: nir.NIRGraph) -> nir.NIRGraph:
    """The graph with its subgraphs written out."""

    def inside(node: Any) -> tuple[dict[str, Any], list[Edge]] | None:
        return (node.nodes, list(node.edges)) if isinstance(node, nir.NIRGraph) else None

    nodes, edges = flatten(graph.nodes, list(graph.edges), inside, lambda node: type(node).__name__)
    return nir.NIRGraph(nodes, edges, metadata=graph.metadata, type_check=False)


def is_junction(node: Any) -> bool:
    """A Scale of ones: the identity, written where a sum of branches needs a name (a residual addition)."""
    return isinstance(node, nir.Scale) and bool(np.all(np.asarray(node.scale) == 1))
