"""A PyTorch module whose forward is an integer program, step for step and bit for bit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neurodeploy.errors import InputError
from neurodeploy.evidence import SAME_CODE
from neurodeploy.gradients import straight
from neurodeploy.program.latency import loop_components
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import check_inputs
from neurodeploy.torch.bounds import check_exact
from neurodeploy.torch.integers import Constants, State, Step, overflow
from neurodeploy.torch.neurons import Neurons
from neurodeploy.torch.synapses import Synapses
from neurodeploy.trace import Entry, Trace

Inputs = Tensor | Mapping[str, Tensor]
LEARNED = ("weight", "bias", "threshold")
"""What may be learned. A threshold is also the scale of its row's weights, for the unit of a spiking neuron is free."""


@dataclass(frozen=True, eq=False)
class Record:
    """What a node did, integers as float64 ``(B, T, *shape)``: ``before`` the membrane before threshold and reset.

    ``membrane``, ``current``: the states after the step. An input has only its ``output``.
    """

    output: Tensor
    before: Tensor | None = None
    membrane: Tensor | None = None
    current: Tensor | None = None


class ProgramModule(nn.Module):
    """A Program as a module: its forward equals ``run_program`` in every integer, its backward is a surrogate.

    Args:
        program: what is run, and what its parameters start from.
        learned: the names of the projections whose weights are parameters; all that have weights by default.
        parameters: which kinds of parameters there are, some of ``weight``, ``bias`` and ``threshold``.
        bits: bits of a weight, at most what the machine has.
        fixed_biases: populations whose bias is no parameter.
        sharpness: how narrow the surrogate of a spike is; see ``neurodeploy.gradients.fired``.

    Raises:
        RefusedError: where an integer may not be exact in float64, or for an arithmetic that is not computed here.
    """

    def __init__(
        self,
        program: Program,
        learned: Collection[str] | None = None,
        parameters: Collection[str] = LEARNED,
        bits: int | None = None,
        fixed_biases: Collection[str] = (),
        sharpness: float = 10.0,
    ) -> None:
        super().__init__()
        check_exact(program)
        self.start = program
        names = [p.name for p in program.projections if p.kind != "sum-pool"] if learned is None else learned
        names = names if "weight" in parameters else ()
        constants = [kind for kind in parameters if kind != "weight"]
        self.synapses = nn.ModuleList(
            Synapses(p, program.by_name[p.target].shape, program.numerics, bits, p.name in names)
            for p in program.projections
        )
        without = [kind for kind in constants if kind != "bias"]
        self.neurons = nn.ModuleList(
            Neurons(p, program.numerics, without if p.name in fixed_biases else constants, sharpness)
            for p in program.populations
        )
        self.groups = _groups(program)

    def integers(self) -> Program:
        """The program with the integers as they are now."""
        populations = tuple(cast(Neurons, neurons).current() for neurons in self.neurons)
        projections = tuple(cast(Synapses, synapses).current() for synapses in self.synapses)
        return replace(self.start, populations=populations, projections=projections)

    def forward(self, inputs: Inputs) -> Any:
        """What the outputs send for ``inputs`` ``(B, T, *shape)``, in the network's units: a tensor, several by name.

        Spikes are 0 or 1 (or counts); membranes that are read out are real numbers. Every call starts afresh.
        """
        records = self.records(inputs)
        nodes = {name: self.start.by_name[name] for name in self.start.outputs}
        sent = {name: records[name].output * 2.0**-node.output.scale for name, node in nodes.items()}
        return next(iter(sent.values())) if len(sent) == 1 else sent

    def records(self, inputs: Inputs) -> dict[str, Record]:
        """What every node did, with gradients, for ``inputs`` ``(B, T, *shape)``; a tensor where there is one input.

        Raises InputError for inputs that are missing or do not fit.
        """
        given = self._named(inputs)
        records = {node.name: Record(_quantized(node, given[node.name])) for node in self.start.inputs}
        weights = [cast(Synapses, synapses).integers() for synapses in self.synapses]
        for group in self.groups:
            records |= self._run(group, records, weights)
        return records

    def trace(self, inputs: Mapping[str, NDArray[Any]]) -> Trace:
        """The run of ``inputs`` as ``run_program`` records it, states included."""
        device = next((p.device for p in self.parameters()), torch.device("cpu"))
        with torch.no_grad():
            tensors = {name: torch.as_tensor(np.asarray(inputs[name]), device=device) for name in inputs}
            records = self.records(tensors)
        entries = {name: self._entry(self.start.node(name), record) for name, record in records.items()}
        return Trace(entries, {"rung": "program", "numerics": self.start.numerics.name}, SAME_CODE)

    def _named(self, inputs: Inputs) -> Mapping[str, Tensor]:
        names = list(self.start.input_by_name)
        if isinstance(inputs, Tensor):
            if len(names) != 1:
                raise InputError(f"is one tensor for {len(names)} inputs", "inputs", f"name them: {', '.join(names)}")
            inputs = {names[0]: inputs}
        check_inputs(self.start, {name: np.empty(tuple(x.shape), np.int8) for name, x in inputs.items()})
        return inputs

    def _run(self, group: Sequence[str], records: Mapping[str, Record], weights: Sequence[Tensor]) -> dict[str, Record]:
        """Populations that feed each other, step by step; what reaches them from outside is summed at once."""
        first = next(iter(records.values())).output
        run = _Run(self, group, records, weights, first.shape[0], first.device)
        for t in range(first.shape[1]):
            run.advance(t)
        return {name: run.record(name) for name in group}

    def neurons_of(self, name: str) -> Neurons:
        """The module of a population."""
        return cast(Neurons, self.neurons[list(self.start.by_name).index(name)])

    def _entry(self, node: Input | Population, record: Record) -> Entry:
        def whole(tensor: Tensor | None) -> NDArray[np.int64] | None:
            return None if tensor is None else tensor.cpu().numpy().astype(np.int64)

        output = whole(record.output)
        assert output is not None
        graded = node.output.kind == "graded"
        if isinstance(node, Input):
            return Entry(output, graded, node.scale)
        shift = 0 if node.kind == "relay" else self.start.numerics.state_shift
        states = (whole(record.membrane), whole(record.current), whole(record.before))
        states = (None, None, None) if node.kind == "relay" else states
        return Entry(output, graded, node.output.scale, *states, node.scale + shift, node.inserted, node.unit)


class _Run:
    """One run of one group of populations."""

    def __init__(
        self,
        module: ProgramModule,
        group: Sequence[str],
        records: Mapping[str, Record],
        weights: Sequence[Tensor],
        batch: int,
        device: torch.device,
    ) -> None:
        self.numerics, self.records = module.start.numerics, records
        self.neurons = {name: module.neurons_of(name) for name in group}
        self.constants: dict[str, Constants] = {name: own.constants() for name, own in self.neurons.items()}
        self.states: dict[str, State] = {name: own.start(batch, device) for name, own in self.neurons.items()}
        self.steps: dict[str, list[Step]] = {name: [] for name in group}
        entering = [
            (cast(Synapses, synapses), own)
            for synapses, own in zip(module.synapses, weights, strict=True)
            if cast(Synapses, synapses).projection.target in self.neurons
        ]
        self.loops = [pair for pair in entering if pair[0].projection.source in self.neurons]
        self.outside: dict[str, Tensor] = {}
        for synapses, own in entering:
            p = synapses.projection
            if p.source not in self.neurons:
                arrived = self._arrived(synapses, own)
                self.outside[p.target] = arrived + self.outside[p.target] if p.target in self.outside else arrived

    def advance(self, t: int) -> None:
        for name, neurons in self.neurons.items():
            total = self.outside[name][:, t] if name in self.outside else torch.zeros_like(self.states[name].membrane)
            for synapses, own in self.loops:
                p = synapses.projection
                if p.target == name and t >= p.delay:
                    total = total + synapses(self.steps[p.source][t - p.delay].output, own)
            n = self.numerics
            with torch.no_grad():
                exact = overflow(total, n.wide_bits, n.wide_overflow)
            step = neurons(self.constants[name], self.states[name], straight(exact, total))
            self.states[name] = step.state
            self.steps[name].append(step)

    def record(self, name: str) -> Record:
        steps = self.steps[name]
        return Record(
            torch.stack([step.output for step in steps], 1),
            torch.stack([step.before for step in steps], 1),
            torch.stack([step.state.membrane for step in steps], 1),
            torch.stack([step.state.current for step in steps], 1),
        )

    def _arrived(self, synapses: Synapses, weights: Tensor) -> Tensor:
        """What arrives over a projection from outside in every step, ``(B, T, *shape)``."""
        sent, delay = self.records[synapses.projection.source].output, synapses.projection.delay
        arrived = synapses(sent.flatten(0, 1), weights).unflatten(0, sent.shape[:2])
        if delay == 0:
            return arrived
        silence = torch.zeros_like(arrived[:, :delay])
        return torch.cat([silence, arrived[:, : max(arrived.shape[1] - delay, 0)]], 1)


def _quantized(node: Input, values: Tensor) -> Tensor:
    """The integers of an input, with the gradient of its values."""
    if not torch.isfinite(values).all():
        raise InputError("holds values that are not finite", f"inputs {node.name!r}", "replace them by numbers")
    scaled = values.double() * 2.0**node.scale
    return straight(torch.clamp(torch.round(scaled), node.output.low, node.output.high), scaled)


def _groups(program: Program) -> tuple[tuple[str, ...], ...]:
    """Populations that feed each other in loops, in an order in which every group comes after those that feed it."""
    component = loop_components(program)
    sorter: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(component.values(), ()))
    for p in program.projections:
        if p.source in component and component[p.source] != component[p.target]:
            sorter.add(component[p.target], component[p.source])
    order = list(program.order)
    return tuple(tuple(name for name in order if component[name] == number) for number in sorter.static_order())
