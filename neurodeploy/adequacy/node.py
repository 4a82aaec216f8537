"""Some neurons of one population, alone: fed what reached them in a run, under its rules or under wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.line import Line, Sums
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import PER_NEURON, Population
from neurodeploy.reference.integer import State, initial_state, overflow, step
from neurodeploy.reference.program_runner import Update
from neurodeploy.reference.room import Room
from neurodeploy.reference.synapse import add_events, delivered

Array = NDArray[Any]
IntArray = NDArray[np.int64]
OPTIONAL = ("floor", "ceiling", "reset_value")
"""Constants that are one for a population, and here one for every neuron, so that wrong ones can stand beside it."""


@dataclass(frozen=True, eq=False)
class Node:
    """``K`` neurons with their rules and their lines.

    - ``update``: makes, afresh for a run, what takes the place of the reference's update.
    - ``rule``: the name of that update, the same for the same rule of any node, so that those run side by side.
    - ``remembers``: whether that update keeps something from step to step besides the state.
    - ``late``: by how many steps all that it does, and only what it sends, comes later than under the right rules,
      where that is all that the update changes.
    - ``kept``: every sample begins in the state in which the one before it ended, under the right rules.
    """

    numerics: Numerics
    population: Population
    lines: tuple[Line, ...]
    update: Callable[[], Update] | None = None
    rule: str = ""
    remembers: bool = False
    late: tuple[int, int] = (0, 0)
    kept: bool = False

    @property
    def by_events(self) -> bool:
        """Whether every event adds to the current by itself, so that there is no sum."""
        return self.numerics.accumulation == "events"

    def updating(self) -> Update:
        """Its update, afresh."""
        return step if self.update is None else self.update()

    @property
    def forgets(self) -> bool:
        """Whether no step depends on another, so that all of them can be done at once."""
        p = self.population
        if self.by_events or self.remembers or p.fire_once:
            return False
        return p.kind == "relay" or p.every_step or (self.update is None and self._decays_fully)

    @property
    def _decays_fully(self) -> bool:
        """Whether nothing is left of its states in the next step."""
        n, decays = self.numerics, (self.population.current_decay, self.population.membrane_decay)
        rule = n.decay_rule == "product" and n.integration == "sum"
        return rule and all(bool(np.all(decay == n.decay_one)) for decay in decays)

    def neurons(self, chosen: IntArray) -> Node:
        """The same for some of its neurons; one may come several times."""
        lines = tuple(line.of(chosen) for line in self.lines)
        return replace(self, population=stacked([self.population], chosen), lines=lines)


@dataclass(frozen=True, eq=False)
class Record:
    """What a node did, ``(B, T, K)`` each: outputs, and membranes and currents where it has them."""

    output: IntArray
    v: IntArray
    u: IntArray

    def neurons(self, chosen: Any) -> Record:
        """The same of some neurons."""
        return Record(self.output[..., chosen], self.v[..., chosen], self.u[..., chosen])

    def later(self, acts: int, sends: int, start: State) -> Record:
        """The same so many steps later, and what is sent later still; ``start``: the state until then."""
        steps, silent = self.output.shape[1], np.zeros_like(start.v)

        def moved(first: IntArray, array: IntArray, by: int) -> IntArray:
            return np.concatenate([*[first[:, None]] * by, array], axis=1)[:, :steps]

        return Record(
            moved(silent, self.output, acts + sends), moved(start.v, self.v, acts), moved(start.u, self.u, acts)
        )


def chosen_neurons(population: Population, neurons: IntArray) -> Population:
    """Some flat neurons of a population as a population of their own, every constant an array of one per neuron."""
    flat = {
        key: np.broadcast_to(np.asarray(getattr(population, key), np.int64), population.shape).reshape(-1)[neurons]
        for key in PER_NEURON
    }
    optional: dict[str, Any] = {
        key: None if getattr(population, key) is None else np.full(len(neurons), getattr(population, key), np.int64)
        for key in OPTIONAL
    }
    return replace(population, shape=(len(neurons),), unit=1.0, **flat, **optional)


def run_nodes(nodes: Sequence[Node]) -> list[Record]:
    """What every node does; those of one structure run side by side. All have the same samples and steps."""
    received, records = received_by(nodes), dict[int, Record]()
    for numbers in grouped(nodes):
        group = [nodes[number] for number in numbers]
        records |= zip(numbers, split(run_group(group, received), group), strict=True)
    return [records[number] for number in range(len(nodes))]


def grouped(nodes: Sequence[Node]) -> list[list[int]]:
    """The numbers of nodes, those together that can run side by side."""
    groups: dict[object, list[int]] = {}
    for number, node in enumerate(nodes):
        groups.setdefault(_structure(node), []).append(number)
    return [*groups.values()]


def split(run: Record, group: Sequence[Node]) -> list[Record]:
    """By node, what it did of what they did side by side."""
    ends = np.cumsum([node.population.size for node in group])[:-1]
    return [
        Record(*parts) for parts in zip(*(np.split(a, ends, axis=-1) for a in (run.output, run.v, run.u)), strict=True)
    ]


def _structure(node: Node) -> object:
    """What nodes must share to run side by side."""
    p = node.population
    rules = (
        node.numerics,
        node.rule or node.update,
        p.kind,
        p.compare,
        p.reset,
        p.every_step,
        p.fire_once,
        p.max_spikes_per_step,
        node.forgets,
        node.kept,
    )
    events = [(line.gets, line.projection.delay, line.projection.shift) for line in node.lines]
    return *rules, p.floor is None, p.ceiling is None, p.shift, p.output, tuple(events) if node.by_events else ()


def stacked(populations: Sequence[Population], chosen: IntArray | None = None) -> Population:
    """Populations of one structure side by side as one; or some neurons of it."""
    fields: dict[str, Any] = {}
    for key in (*PER_NEURON, *OPTIONAL):
        values = [getattr(population, key) for population in populations]
        if values[0] is not None:
            joined = np.concatenate(values)
            fields[key] = joined if chosen is None else joined[chosen]
    return replace(populations[0], shape=fields["threshold"].shape, **fields)


def run_group(group: Sequence[Node], received: Mapping[int, IntArray], likely: Record | None = None) -> Record:
    """What nodes of one structure do. ``likely``: what they do under the right rules, for those that keep states."""
    first, population, start = group[0], stacked([node.population for node in group]), started(group, likely)
    if first.by_events:
        return _by_events(group, population, start)
    total = entering(group, received)
    if first.forgets:
        return _at_once(population, first.updating(), total, first.numerics)
    return _in_turn(population, first.updating(), total, start, first.numerics)


def started(group: Sequence[Node], likely: Record | None) -> State:
    """The state in which nodes of one structure begin; arguments as of ``run_group``."""
    first = group[0]
    start = initial_state(stacked([node.population for node in group]), len(first.lines[0].sent))
    if first.kept:
        assert likely is not None
        _keep(start, likely)
    return start


def entering(group: Sequence[Node], received: Mapping[int, IntArray]) -> IntArray:
    """What arrives at nodes side by side, ``(B, T, K)``."""
    return np.concatenate([received[id(node.lines)] for node in group], axis=-1)


def _keep(start: State, right: Record) -> None:
    """Let every sample begin where the one before it ended."""
    for state, record in ((start.u, right.u), (start.v, right.v)):
        state[1:] = record[:-1, -1]
    start.fired[1:] = (right.output[:-1] != 0).any(axis=1)


def _by_events(group: Sequence[Node], population: Population, state: State) -> Record:
    """What neurons do whose currents every event changes by itself."""
    first = group[0]
    update, (batch, steps) = first.updating(), first.lines[0].sent.shape[:2]
    arriving = [line.arriving(line.message) for line in first.lines]
    rows = [
        replace(line.projection, weights=np.concatenate([node.lines[i].weights for node in group]))
        for i, line in enumerate(first.lines)
    ]
    output, v, u = (np.zeros((batch, steps, population.size), np.int64) for _ in range(3))
    for t in range(steps):
        a = state.u
        for projection, message in zip(rows, arriving, strict=True):
            a = add_events(a, projection, message[:, t], first.numerics)
        output[:, t] = update(population, state, a, first.numerics).output
        v[:, t], u[:, t] = state.v, state.u
    return Record(output, v, u)


def _in_turn(population: Population, update: Update, total: IntArray, state: State, numerics: Numerics) -> Record:
    """What neurons do in one step after the other."""
    output, v, u = (np.zeros(total.shape, np.int64) for _ in range(3))
    population, numerics = simplest(population, update, total, state, numerics)
    for t in range(total.shape[1]):
        output[:, t] = update(population, state, total[:, t], numerics).output
        v[:, t], u[:, t] = state.v, state.u
    return Record(output, v, u)


def simplest(
    population: Population, update: Update, total: IntArray, state: State, numerics: Numerics
) -> tuple[Population, Numerics]:
    """Population and numerics that do the same in all steps of a run, with the fewest operations.

    Decays that are the same for all neurons are single numbers; of ``step`` it may be known that it reaches no width.
    """
    decays = {key: getattr(population, key) for key in ("current_decay", "membrane_decay")}
    same: dict[str, Any] = {key: int(d.flat[0]) for key, d in decays.items() if d.size and np.all(d == d.flat[0])}
    within = Room(population, numerics).numerics(state, total, total.shape[1]) if update is step else numerics
    return replace(population, **same), within


def _at_once(population: Population, update: Update, total: IntArray, numerics: Numerics) -> Record:
    """What neurons do that start anew in every step: every step is a sample of its own."""
    cells = total.reshape(-1, total.shape[-1])
    state = initial_state(population, len(cells))
    output = update(population, state, cells, numerics).output
    return Record(*(array.reshape(total.shape) for array in (output, state.v, state.u)))


def received_by(nodes: Sequence[Node]) -> dict[int, IntArray]:
    """What arrives at nodes in every step, in accumulator units, ``(B, T, K)``, by the identity of their lines.

    Where nodes share their lines, the numerics of the first decide.
    """
    summed: dict[int, Node] = {}
    for node in nodes:
        if not node.by_events:
            summed.setdefault(id(node.lines), node)
    sums = Sums()
    sums.add(line for node in summed.values() for line in node.lines)
    received: dict[int, IntArray] = {}
    for key, node in summed.items():
        n = node.numerics
        added = [delivered(line.projection, sums.of(line), n) for line in node.lines]
        received[key] = overflow(sum(added[1:], start=added[0]), n.wide_bits, n.wide_overflow)
    return received
