"""The content of a ``.nir`` file, node by node, in every version of NIR's layout. No rule is checked here.

Layouts read: nir 0.2 (no pooling, no ``input_shape``, no ``w_in``), 1.0.x to 1.0.4 (no ``v_reset``), 1.0.5 to 1.0.8.
Subgraphs are written out. Fields that no NIR node has are kept; ``neurodeploy lint`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import nir
import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.network.hdf5 import Tree, read_tree, read_tree_bytes, unreadable
from neurodeploy.network.nested import flatten
from neurodeploy.network.order import grouped

Edge = tuple[str, str]
CONV = ("weight", "stride", "padding", "dilation", "groups")
POOL = ("kernel_size", "stride", "padding")
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Input": (("shape",), ()),
    "Output": (("shape",), ()),
    "Affine": (("weight",), ("bias",)),
    "Linear": (("weight",), ()),
    "Scale": (("scale",), ()),
    "Conv1d": (CONV, ("bias", "input_shape")),
    "Conv2d": (CONV, ("bias", "input_shape")),
    "SumPool2d": (POOL, ()),
    "AvgPool2d": (POOL, ()),
    "Flatten": ((), ("start_dim", "end_dim", "input_type")),
    "Delay": (("delay",), ()),
    "Threshold": (("threshold",), ()),
    "I": (("r",), ()),
    "IF": (("r", "v_threshold"), ("v_reset",)),
    "LI": (("tau", "r", "v_leak"), ()),
    "LIF": (("tau", "r", "v_leak", "v_threshold"), ("v_reset",)),
    "CubaLI": (("tau_syn", "tau_mem", "r", "v_leak"), ("w_in",)),
    "CubaLIF": (("tau_syn", "tau_mem", "r", "v_leak", "v_threshold"), ("v_reset", "w_in")),
}
"""Fields of every node that NIR 1.0.8 has: those it must have, and those that older files or exporters leave out."""

NEURON_KINDS = ("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")


@dataclass(frozen=True)
class RawNode:
    """A node as the file has it: arrays, texts, None for what is neither. A subgraph has ``inside``."""

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    inside: Raw | None = None

    def number(self, key: str) -> np.ndarray[Any, Any] | None:
        """A field as an array of numbers; None where it is missing or no number."""
        value = self.fields.get(key)
        value = np.asarray(value) if isinstance(value, np.generic) else value
        usable = isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.number)
        return value if usable else None

    def change(self, **values: Any) -> RawNode:
        """The same node with other fields."""
        return replace(self, fields={**self.fields, **values})


@dataclass(frozen=True)
class Raw:
    """A graph as a file has it, subgraphs written out."""

    nodes: Mapping[str, RawNode]
    edges: tuple[Edge, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""

    def change(self, name: str, **values: Any) -> Raw:
        """The same graph with other fields of one node."""
        return self.put(name, self.nodes[name].change(**values))

    def put(self, name: str, node: RawNode) -> Raw:
        """The same graph with one node replaced or added."""
        return replace(self, nodes={**self.nodes, name: node})

    def sources(self, name: str) -> tuple[str, ...]:
        """Nodes with an edge into ``name``."""
        return self._ends[0].get(name, ())

    def targets(self, name: str) -> tuple[str, ...]:
        """Nodes that ``name`` has an edge into."""
        return self._ends[1].get(name, ())

    @cached_property
    def _ends(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Sources of every target, and targets of every source, in the order of the edges."""
        return grouped((b, a) for a, b in self.edges), grouped(self.edges)


def read_raw(path: Path) -> Raw:
    """Read any ``.nir``. Raises InputError for what is no NIR file, damaged, nested too deeply or too large."""
    return _raw_of_tree(read_tree(path), str(path))


def read_raw_bytes(data: bytes, where: str) -> Raw:
    """The same of a ``.nir`` in memory, named ``where`` in errors."""
    return _raw_of_tree(read_tree_bytes(data, where), where)


def _raw_of_tree(tree: Tree, where: str) -> Raw:
    top = tree.get("node")
    if not isinstance(top, dict):
        raise unreadable(where, "it has no graph")
    try:
        return raw_graph(top, _text(tree.get("version")))
    except InputError as error:
        raise InputError(error.what, f"{where}: {error.where}", error.remedy) from error


def raw_graph(top: Tree, version: str = "") -> Raw:
    """The graph of a file's ``node`` group. Raises InputError where it has no nodes or edges."""
    node = _node(top)
    if node.inside is None:
        raise InputError(f"holds a single {node.kind or 'node'}, no graph", "graph", "write a graph: nir.NIRGraph")
    return replace(_flat(node.inside), version=version)


def raw_of(graph: nir.NIRGraph) -> Raw:
    """A graph that nir built, as a file would have it. Its arrays are not copied."""
    return _flat(_raw_graph(graph))


def _raw_graph(graph: nir.NIRGraph) -> Raw:
    nodes = {str(name): _raw_node(node) for name, node in graph.nodes.items()}
    edges = tuple((str(source), str(target)) for source, target in graph.edges)
    return Raw(nodes, edges, {str(key): _plain(value) for key, value in graph.metadata.items()})


def _raw_node(node: Any) -> RawNode:
    if isinstance(node, nir.NIRGraph):
        return RawNode("NIRGraph", {}, _raw_graph(node))
    kind = next((base.__name__ for base in type(node).__mro__ if base.__name__ in FIELDS), type(node).__name__)
    if kind in ("Input", "Output"):
        return RawNode(kind, {"shape": _plain(next(iter(node.input_type.values()), None))})
    fields = {key: value for key, value in vars(node).items() if key not in ("input_type", "output_type", "metadata")}
    if kind == "Flatten":
        fields["input_type"] = node.input_type["input"]
    return RawNode(kind, {key: _plain(value) for key, value in fields.items()})


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else _array(value)


def _array(value: Any) -> Any:
    """Anything array-like, such as a tensor, as an array."""
    try:
        return np.asarray(value)
    except Exception:  # a foreign object may refuse in any way
        return None


def _node(tree: Tree) -> RawNode:
    kind = _text(tree.get("type"))
    nodes = tree.get("nodes")
    if kind != "NIRGraph" or not isinstance(nodes, dict):
        return RawNode(kind, {key: value for key, value in tree.items() if key not in ("type", "metadata")})
    inner = {str(name): _node(child) if isinstance(child, dict) else RawNode("") for name, child in nodes.items()}
    metadata = tree.get("metadata")
    return RawNode(kind, {}, Raw(inner, _edges(tree.get("edges")), metadata if isinstance(metadata, dict) else {}))


def _edges(value: Any) -> tuple[Edge, ...]:
    if value is None or not isinstance(value, np.ndarray) or not value.size:
        return ()
    if value.ndim != 2 or value.shape[1] != 2:
        raise InputError(f"its edges have shape {value.shape}, not (n, 2)", "graph", "export the network again")
    return tuple((_text(a), _text(b)) for a, b in value)


def _flat(raw: Raw) -> Raw:
    def inside(node: RawNode) -> tuple[Mapping[str, RawNode], tuple[Edge, ...]] | None:
        return None if node.inside is None else (node.inside.nodes, node.inside.edges)

    nodes, edges = flatten(raw.nodes, raw.edges, inside, lambda node: node.kind)
    return replace(raw, nodes=nodes, edges=tuple(edges))


def _text(value: Any) -> str:
    value = value.decode("utf8", "replace") if isinstance(value, bytes) else value
    return value if isinstance(value, str) else ""
