"""One step of a whole Program, derived once: what every node may send, what arrives at every population, its update.

Every rendering reads a ``Plan`` and adds nothing to its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from neurodeploy.analysis.ranges import Range
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Input, Population
from neurodeploy.program.program import Program
from neurodeploy.step.arrival import Arrival, arrival
from neurodeploy.step.neuron import CURRENT, Update, update


@dataclass(frozen=True)
class Sender:
    """What a node sends.

    ``low``, ``high``: the range of its messages; ``slots``: how many steps of them are kept, for delayed projections.
    """

    name: str
    shape: tuple[int, ...]
    low: int
    high: int
    slots: int
    is_input: bool


@dataclass(frozen=True, eq=False)
class Stage:
    """One population's part of a step: what arrives, and what it does with that."""

    population: Population
    arrival: Arrival
    update: Update


@dataclass(frozen=True, eq=False)
class Plan:
    """One step of a Program.

    ``senders``: every node by name, inputs first, then populations in program order; ``stages``: in order of execution.
    """

    program: Program
    senders: Mapping[str, Sender]
    stages: tuple[Stage, ...]


def plan(program: Program, sent: Mapping[str, Range] | None = None) -> Plan:
    """The plan of one step of a Program.

    ``sent``: ranges of messages by node, where a host may feed more than the node itself would send, as in an isolated
    run. Raises InputError for a Program without a meaning, with every reason.
    """
    program.ensure_sound()
    ranges = {node.name: sent_range(node, program.numerics) for node in (*program.inputs, *program.populations)}
    for name, (low, high) in (sent or {}).items():
        ranges[name] = min(low, ranges[name][0]), max(high, ranges[name][1])
    delays = {name: max((p.delay for p in program.projections if p.source == name), default=0) for name in ranges}
    senders = {
        node.name: Sender(node.name, node.shape, *ranges[node.name], delays[node.name] + 1, isinstance(node, Input))
        for node in (*program.inputs, *program.populations)
    }
    return Plan(program, senders, tuple(_stage(program, name, ranges) for name in program.order))


def _stage(program: Program, name: str, ranges: Mapping[str, Range]) -> Stage:
    population = program.by_name[name]
    arrived = arrival(program.into(name), ranges.__getitem__, program.numerics)
    step = update(population, arrived.total, program.numerics)
    if CURRENT not in step.stored:
        arrived = replace(arrived, deliveries=())  # the current decays to 0 before the membrane sees any of it
    return Stage(population, arrived, step)


def sent_range(node: Input | Population, numerics: Numerics) -> Range:
    """The smallest and largest message of a node, whatever reaches it; both include 0."""
    if isinstance(node, Input):
        low, high = node.output.low, node.output.high
    elif node.kind == "relay":
        low, high = min(node.output.low, node.output.high), node.output.high
    elif node.kind == "li":
        low, high = _membrane_range(node, numerics)
    else:
        low, high = min(0, node.max_spikes_per_step), max(1, node.max_spikes_per_step)
    return min(low, 0), max(high, 0)


def _membrane_range(node: Population, numerics: Numerics) -> Range:
    """What the membrane of a readout holds: its width, within floor and ceiling."""
    top = (1 << (numerics.membrane_bits - 1)) - 1
    low, high = -top, top
    if node.floor is not None:
        low, high = max(low, node.floor << numerics.state_shift), max(high, node.floor << numerics.state_shift)
    if node.ceiling is not None:
        low, high = min(low, node.ceiling << numerics.state_shift), min(high, node.ceiling << numerics.state_shift)
    return low, high
