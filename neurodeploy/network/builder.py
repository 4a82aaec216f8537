"""Write a Network node by node: what front ends and reference networks build with.

The builder keeps shapes, writes only plain NIR nodes that nir 1.0.8 types rightly, and refuses by name what NIR and
the contract cannot say exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import nir
import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodeploy.contract import Contract, Terms, Value
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.finding import Finding
from neurodeploy.host import Host
from neurodeploy.html import fragment, html_table
from neurodeploy.network.kernels import square, ungroup
from neurodeploy.network.network import InputRange, Network, Source
from neurodeploy.network.shapes import SPIKING, Shape, output_shape
from neurodeploy.table import dimensions, listing
from neurodeploy.window import per_axis

Array = NDArray[Any]
Sources = str | Sequence[str]


NOT_SQUARE = "its kernel {} has no equal square form, and nir 1.0.8 types it as square: written unchecked"
OTHERS = "none needed here; for other readers use sizes that differ by an even number"


class NetworkBuilder:
    """Collects nodes, edges and contract terms; every method returns the name of the node to connect to next."""

    def __init__(self, defaults: Terms | None = None) -> None:
        self._nodes: dict[str, Any] = {}
        self._edges: list[tuple[str, str]] = []
        self._shapes: dict[str, Shape] = {}
        self._binary: set[str] = set()
        self._inserted: set[str] = set()
        self._ranges: dict[str, InputRange] = {}
        self._findings: list[Finding] = []
        self._contract = Contract(defaults or Terms())

    @property
    def dt(self) -> float:
        """The default step in seconds."""
        return self._contract.defaults.dt

    def has(self, name: str) -> bool:
        """Whether there is a node of this name."""
        return name in self._nodes

    def is_binary(self, name: str) -> bool:
        """Whether ``name`` sends spikes of 0 and 1 only."""
        return name in self._binary

    def shape(self, name: str) -> Shape:
        """Shape of what ``name`` sends."""
        return self._shapes[name]

    def input(self, name: str, shape: Shape, values: InputRange | None = None) -> str:
        """An input of ``shape`` whose values lie in a declared range."""
        self._need_new(name)
        self._nodes[name] = nir.Input({"input": np.array(shape)})
        self._shapes[name] = tuple(shape)
        if values is not None:
            self._ranges[name] = values
        if values is None or values.binary:
            self._binary.add(name)
        return name

    def conv(
        self,
        name: str,
        source: Sources,
        weight: Array,
        bias: Array | None = None,
        stride: Shape | int = 1,
        padding: Shape | int = 0,
        dilation: Shape | int = 1,
        groups: int = 1,
    ) -> str:
        """A 1-d or 2-d convolution, torch's cross-correlation. ``weight``: ``(C_out, C_in / groups, *kernel)``.

        Grouped and non-square kernels are written as the equal full or square kernel that nir types rightly.
        """
        weight = ungroup(np.asarray(weight), groups)
        space = weight.ndim - 2
        bias = np.zeros(len(weight), weight.dtype) if bias is None else np.asarray(bias)
        steps, pads, spread = (per_axis(attribute, space) for attribute in (stride, padding, dilation))
        if space == 1:
            length = self._received(source)[-1]
            node = nir.Conv1d(length, weight, steps[0], pads[0], spread[0], 1, bias)
        else:
            weight, pads = square(weight, pads, spread)
            if weight.shape[2] != weight.shape[3]:
                self.note(Finding("non-square-kernel", "info", name, NOT_SQUARE.format(weight.shape[2:]), OTHERS))
            height, width = self._received(source)[-2:]
            node = nir.Conv2d((height, width), weight, _pair(steps), _pair(pads), _pair(spread), 1, bias)
        return self._append(name, node, source)

    def linear(self, name: str, source: Sources, weight: Array, bias: Array | None = None) -> str:
        """A dense layer. ``weight``: ``(out, in)``."""
        weight = np.asarray(weight)
        node = nir.Linear(weight) if bias is None else nir.Affine(weight, np.asarray(bias))
        return self._append(name, node, source)

    def beside(self, name: str, source: Sources, first: int, channels: int) -> str:
        """The channels of ``source`` as those from number ``first`` on of ``channels``; the rest are zero."""
        shape = self._received(source)
        weight = np.eye(channels, shape[0], -first)
        if len(shape) == 1:
            return self.linear(name, source, weight)
        return self.conv(name, source, weight.reshape(*weight.shape, *[1] * (len(shape) - 1)))

    def flatten(self, name: str, source: Sources) -> str:
        """All dimensions in row-major order."""
        names = (source,) if isinstance(source, str) else tuple(source)
        binary = len(names) == 1 and names[0] in self._binary
        return self._append(name, nir.Flatten({"input": np.array(self._received(source))}, 0, -1), source, binary)

    def pool(
        self,
        name: str,
        source: Sources,
        kernel: Shape | int,
        stride: Shape | int,
        padding: Shape | int = 0,
        average: bool = False,
    ) -> str:
        """Pooling by sums or averages, of ``(C, H, W)``; of ``(C, L)`` as the equal convolution."""
        shape = self._received(source)
        if len(shape) == 2:
            (size,) = per_axis(kernel, 1)
            window = np.full((shape[0], 1, size), 1.0 / size if average else 1.0)
            return self.conv(name, source, window, None, stride, padding, groups=shape[0])
        kind = nir.AvgPool2d if average else nir.SumPool2d
        sizes = (np.array(per_axis(attribute, 2)) for attribute in (kernel, stride, padding))
        return self._append(name, kind(*sizes), source)

    def max_pool(
        self, name: str, source: str, kernel: Shape | int, stride: Shape | int, padding: Shape | int = 0
    ) -> str:
        """Max pooling of binary spikes: their sum, then a threshold at one half. Refuses graded values."""
        self._need_binary(name, (source,), "max pooling")
        summed = self.pool(f"{name}_sum", source, kernel, stride, padding)
        return self.threshold(name, summed, 0.5)

    def threshold(self, name: str, source: Sources, threshold: ArrayLike) -> str:
        """Spikes where the input of the step is strictly above ``threshold`` (stateless)."""
        node = nir.Threshold(self._full(source, threshold).astype(np.float32))
        return self._append(name, node, source, binary=True)

    def integrate(self, name: str, source: Sources, threshold: ArrayLike, v_reset: float = 0.0, **terms: Value) -> str:
        """An IF neuron whose drive is added as it is (``input_gain`` unit)."""
        numbers = {"r": 1.0, "v_threshold": threshold, "v_reset": v_reset}
        return self.neuron(name, source, nir.IF, numbers, **{"input_gain": "unit", **terms})

    def lif(
        self,
        name: str,
        source: Sources,
        tau: ArrayLike,
        threshold: ArrayLike,
        r: ArrayLike = 1.0,
        v_leak: ArrayLike = 0.0,
        v_reset: ArrayLike = 0.0,
        **terms: Value,
    ) -> str:
        """A LIF neuron, ``tau`` in seconds."""
        numbers = {"tau": tau, "r": r, "v_leak": v_leak, "v_threshold": threshold, "v_reset": v_reset}
        return self.neuron(name, source, nir.LIF, numbers, **terms)

    def cuba_lif(
        self,
        name: str,
        source: Sources,
        tau_syn: ArrayLike,
        tau_mem: ArrayLike,
        threshold: ArrayLike,
        v_leak: ArrayLike = 0.0,
        v_reset: ArrayLike = 0.0,
        **terms: Value,
    ) -> str:
        """A LIF with a synaptic current to which the drive is added as it is (``w_in`` = tau_syn / dt), r = 1."""
        numbers = {"tau_syn": tau_syn, "tau_mem": tau_mem, "r": 1.0, "w_in": np.asarray(tau_syn) / self.dt}
        more = {"v_leak": v_leak, "v_threshold": threshold, "v_reset": v_reset}
        return self.neuron(name, source, nir.CubaLIF, {**numbers, **more}, **terms)

    def neuron(
        self,
        name: str,
        source: Sources,
        kind: Callable[..., Any],
        parameters: Mapping[str, ArrayLike],
        **terms: Value,
    ) -> str:
        """A neuron of a NIR type; each of its ``parameters`` is one value, one per channel or one per neuron."""
        node = kind(**{key: self._full(source, value) for key, value in parameters.items()})
        return self._neuron(name, node, source, terms)

    def place(self, name: str, source: Sources, node: Any, **terms: Value) -> str:
        """A NIR neuron whose parameters already have the shape of what it receives."""
        return self._neuron(name, node, source, terms)

    def delay(self, name: str, source: Sources, seconds: ArrayLike) -> str:
        """A delay, in seconds: one value, one per channel, or one per neuron."""
        names = (source,) if isinstance(source, str) else tuple(source)
        binary = len(names) == 1 and names[0] in self._binary
        return self._append(name, nir.Delay(self._full(source, seconds)), source, binary)

    def note(self, finding: Finding) -> None:
        """Add a finding about the source to the findings of the network."""
        self._findings.append(finding)

    def scale(self, name: str, source: Sources, factor: ArrayLike) -> str:
        """Every value times ``factor``."""
        return self._append(name, nir.Scale(self._full(source, factor)), source)

    def add(self, name: str, sources: Sequence[str]) -> str:
        """The sum of several branches, named: a Scale of ones."""
        return self._append(name, nir.Scale(self._full(sources, 1.0)), sources)

    def both(self, name: str, a: str, b: str) -> str:
        """a AND b for binary operands (SEW ``AND``)."""
        self._need_binary(name, (a, b), "AND")
        return self.threshold(name, (a, b), 1.5)

    def only_second(self, name: str, a: str, b: str) -> str:
        """(NOT a) AND b for binary operands (SEW ``IAND``)."""
        self._need_binary(name, (a, b), "IAND")
        minus = self.scale(f"{name}_not", a, -1.0)
        self._inserted.add(minus)
        return self.threshold(name, (minus, b), 0.5)

    def connect(self, source: str, target: str) -> None:
        """One more edge; into an earlier node it closes a loop."""
        self._edges.append((source, target))

    def output(self, name: str, source: Sources) -> str:
        """The network's output."""
        return self._append(name, nir.Output({"output": np.array(self._received(source))}), source)

    def build(self, host: Host | None = None, source: Source | None = None) -> Network:
        """The finished network. Raises InputError for what ``Network`` refuses."""
        graph = nir.NIRGraph(self._nodes, self._edges, type_check=False)
        inserted = frozenset(self._inserted)
        return Network(graph, self._contract, self._ranges, host or Host(), inserted, source, tuple(self._findings))

    def __repr__(self) -> str:
        return listing(f"NetworkBuilder of {len(self._nodes)} nodes, dt = {self.dt:g} s", self._rows())

    def _repr_html_(self) -> str:
        return fragment(html_table("network so far", ("node", "type", "shape"), self._rows()))

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(name, type(node).__name__, dimensions(self._shapes[name])) for name, node in self._nodes.items()]

    def _neuron(self, name: str, node: Any, source: Sources, terms: Mapping[str, Value]) -> str:
        different = {key: value for key, value in terms.items() if value != getattr(self._contract.defaults, key, None)}
        contract = self._contract.override(name, **different) if different else self._contract
        spikes = isinstance(node, SPIKING) and contract.of(name).max_spikes_per_step == 1
        self._append(name, node, source, binary=spikes)
        self._contract = contract
        return name

    def _append(self, name: str, node: Any, source: Sources, binary: bool = False) -> str:
        self._need_new(name)
        sources = (source,) if isinstance(source, str) else tuple(source)
        self._shapes[name] = output_shape(name, node, self._received(sources))
        self._nodes[name] = node
        self._edges += [(sender, name) for sender in sources]
        if binary:
            self._binary.add(name)
        return name

    def _received(self, sources: Sources) -> Shape:
        names = (sources,) if isinstance(sources, str) else tuple(sources)
        missing = [name for name in names if name not in self._shapes]
        if missing:
            raise InputError(f"there is no node {missing[0]!r} yet", "network", "add it first; connect() closes loops")
        shapes = {self._shapes[name] for name in names}
        if len(shapes) != 1:
            raise InputError(
                f"branches of different shapes meet: {sorted(shapes)}", ", ".join(names), "make them agree"
            )
        return shapes.pop()

    def _full(self, sources: Sources, value: ArrayLike) -> Array:
        shape = self._received(sources)
        values = np.asarray(value, np.float64)
        if values.ndim == 1 and len(shape) > 1 and len(values) == shape[0]:
            values = values.reshape(-1, *[1] * (len(shape) - 1))
        try:
            return np.ascontiguousarray(np.broadcast_to(values, shape))
        except ValueError as error:
            fault = f"a parameter of shape {np.shape(value)} does not fit neurons of shape {shape}"
            raise InputError(fault, "network", "give one value, one per channel, or one per neuron") from error

    def _need_new(self, name: str) -> None:
        if name in self._nodes:
            raise InputError(f"the name {name!r} is used twice", "network", "name every layer once")

    def _need_binary(self, name: str, operands: Sequence[str], gate: str) -> None:
        graded = [operand for operand in operands if operand not in self._binary]
        if graded:
            raise RefusedError(
                f"{gate} of {', '.join(graded)} is exact only for binary spikes, and those values are graded",
                f"node {name}",
                "use ADD, or make the operand spike (a spiking shortcut)",
            )


def _pair(value: Shape) -> tuple[int, int]:
    return value[0], value[1]
