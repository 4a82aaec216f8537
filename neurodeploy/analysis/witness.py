"""Inputs that drive a population's integers out of a width, searched by following weights back to the inputs.

What a search gives is run again on the reference, alone, and only what overflows there counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.branches import delivered, previous
from neurodeploy.analysis.checks import (
    Check,
    Quantity,
    current_checks,
    membrane_checks,
    relay_checks,
    sum_checks,
    width,
)
from neurodeploy.program.population import PER_NEURON, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import decay, initial_state, overflow, shift_sum
from neurodeploy.reference.program_runner import run_program
from neurodeploy.reference.synapse import accumulate, messages, weighted_sum
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Neuron = tuple[int, ...]
LENGTHS = (8, 64, 256)
"""Steps of the runs that are tried, one after the other."""
LISTED = 20_000
"""Values of a stimulus up to which it is written out as plain data."""
STEP_COST = 5_000
"""What starting a step of a population takes, in updates of single neurons."""


@dataclass(frozen=True, eq=False)
class Witness:
    """An input under which the reference leaves a width.

    ``stimulus`` is one sample that ends with the ``step`` in which ``quantity`` of ``neuron`` in ``node`` takes
    ``value``, which is outside ``least .. most``.
    """

    stimulus: Stimulus
    node: str
    quantity: Quantity
    neuron: Neuron
    step: int
    value: int
    least: int
    most: int

    def to_json(self) -> dict[str, Any]:
        """Plain data; a stimulus of more than ``LISTED`` values is null."""
        arrays = {name: array[0] for name, array in self.stimulus.items()}
        listed = sum(array.size for array in arrays.values()) <= LISTED
        place = {"neuron": list(self.neuron), "step": self.step, "value": self.value}
        return {**place, "stimulus": {name: array.tolist() for name, array in arrays.items()} if listed else None}

    def replay(self, program: Program) -> bool:
        """Whether the reference, run again on the stimulus, still leaves the width there."""
        again = first_overflow(program, self.node, self.neuron, self.quantity, self.stimulus)
        return again is not None and (again.step, again.value) == (self.step, self.value)


@dataclass
class Search:
    """A search for inputs under which widths of a ``program`` are left.

    ``ends``: least and greatest message of every input; ``work``: updates of neurons that all searches together may
    take, of which ``waiting`` are still to come.
    """

    program: Program
    ends: Mapping[str, tuple[int, int]]
    work: int
    waiting: int = 1

    def find(self, node: str, quantity: Quantity, neuron: Neuron, upward: bool) -> Witness | None:
        """An input that makes a quantity of a neuron of ``node`` leave its width, or None where none was found.

        ``upward``: whether the value shall rise rather than fall.
        """
        share, self.waiting = self.work // max(1, self.waiting), self.waiting - 1
        part = upstream(self.program, node)
        if not part.inputs:
            return None
        pull = pulls(part, node, neuron, 1.0 if upward else -1.0)
        cost = sum(len(PATTERNS) * population.size + STEP_COST for population in part.populations)
        for steps in LENGTHS:
            if steps * cost > share:
                break
            self.work, share = self.work - steps * cost, share - steps * cost
            witness = first_overflow(part, node, neuron, quantity, _candidates(part, pull, self.ends, steps))
            if witness is not None:
                return witness if witness.replay(self.program) else None
        return None


def upstream(program: Program, node: str) -> Program:
    """The part of a program that can reach a node, with every input it has; a program needs one to run."""
    names, waiting = {node}, [node]
    while waiting:
        new = {projection.source for projection in program.into(waiting.pop())} - names
        names |= new
        waiting += [name for name in new if name in program.by_name]
    populations = tuple(p for p in program.populations if p.name in names)
    projections = tuple(p for p in program.projections if p.target in names)
    return replace(program, populations=populations, projections=projections, outputs=())


def pulls(program: Program, node: str, neuron: Neuron, direction: float) -> dict[str, FloatArray]:
    """How much each message of every input helps a neuron in a direction, along all paths, thresholds left out."""
    pull = {place.name: np.zeros(place.shape) for place in (*program.inputs, *program.populations)}
    pull[node][neuron] = direction
    order = program.order
    for name in reversed(order[: order.index(node) + 1]):
        size = np.abs(pull[name]).max(initial=0)
        if size == 0:
            continue
        for projection in program.into(name):
            if projection.source in pull and projection.source != name:
                back = weights_back(projection, pull[name] / size, program.node(projection.source).shape)
                pull[projection.source] = pull[projection.source] + back * 2.0**projection.shift
    return {source.name: pull[source.name] for source in program.inputs}


def weights_back(projection: Projection, desired: FloatArray, source: tuple[int, ...]) -> FloatArray:
    """Values at a projection's targets, carried back over its weights: the transpose of the projection."""
    weights = projection.weights.astype(np.float64)
    if projection.kind in ("dense", "sparse"):
        return (weights.T @ desired.reshape(-1)).reshape(source)
    groups = projection.groups
    if projection.kind == "sum-pool":
        groups = source[0]
        weights = np.broadcast_to(weights, (groups, 1, *weights.shape))
    space = weights.shape[2:]
    padded = np.zeros((source[0], *(n + 2 * p for n, p in zip(source[1:], projection.padding, strict=True))))
    split = desired.reshape(groups, -1, *desired.shape[1:])
    for tap in np.ndindex(*space):
        kernel = weights[(slice(None), slice(None), *tap)].reshape(groups, -1, weights.shape[1])
        part = np.einsum("gj...,gji->gi...", split, kernel).reshape(source[0], *desired.shape[1:])
        axes = zip(tap, projection.dilation, projection.stride, desired.shape[1:], strict=True)
        places = tuple(slice(t * d, t * d + s * (n - 1) + 1, s) for t, d, s, n in axes)
        padded[(slice(None), *places)] += part
    inner = tuple(slice(p, p + n) for p, n in zip(projection.padding, source[1:], strict=True))
    return padded[(slice(None), *inner)]


PATTERNS = ("steady", "reversed first", "every other", "late", "all high", "noise")
"""How inputs follow the pull in time."""


def _candidates(
    program: Program, pull: Mapping[str, FloatArray], ends: Mapping[str, tuple[int, int]], steps: int
) -> Stimulus:
    """One sample per pattern, as real values that the quantizers turn into the messages meant."""
    rng = np.random.Generator(np.random.PCG64(1))
    inputs: dict[str, FloatArray] = {}
    for node in program.inputs:
        low, high = ends[node.name]
        rest = min(max(low, 0), high)
        toward = np.where(pull[node.name] > 0, high, np.where(pull[node.name] < 0, low, rest))
        away = np.where(pull[node.name] > 0, low, np.where(pull[node.name] < 0, high, rest))
        time = np.arange(steps).reshape(-1, *[1] * len(node.shape))
        full = np.broadcast_to(toward, (steps, *node.shape))
        samples = {
            "steady": full,
            "reversed first": np.where(time < steps // 2, away, toward),
            "every other": np.where(time % 2 == 0, away, toward),
            "late": np.where(time < steps - 1, rest, toward),
            "all high": np.full_like(full, high),
            "noise": np.where(rng.random(full.shape) < 0.5, low, high),
        }
        inputs[node.name] = np.stack([samples[name] for name in PATTERNS]) * 2.0**-node.scale
    return Stimulus(inputs)


def first_overflow(
    program: Program, node: str, neuron: Neuron, quantity: Quantity, stimulus: Stimulus
) -> Witness | None:
    """The earliest step of a run of the reference in which a quantity of a neuron leaves its width, or None."""
    trace = run_program(program, stimulus, states=True)
    earliest: tuple[int, int, Check] | None = None
    for check in observed(program, node, neuron, trace):
        samples, steps, _ = np.nonzero(~check.holds)
        if check.quantity == quantity and steps.size:
            first = int(steps.argmin())
            if earliest is None or steps[first] < earliest[1]:
                earliest = int(samples[first]), int(steps[first]), check
    if earliest is None:
        return None
    sample, step, check = earliest
    ends = int(check.low[sample, step, 0]), int(check.high[sample, step, 0])
    value = ends[1] if ends[1] > check.most else ends[0]
    part = Stimulus({name: array[sample : sample + 1, : step + 1] for name, array in stimulus.items()})
    return Witness(part, node, quantity, neuron, step, value, check.least, check.most)


def observed(program: Program, node: str, neuron: Neuron, trace: Trace) -> Iterator[Check]:
    """The widths that a neuron met in a run of the reference that recorded its states; arrays ``(B, T, 1)``."""
    n, population = program.numerics, single(program.by_name[node], neuron)
    entry = trace[node]
    arrived: IntArray = np.zeros((trace.batch, trace.steps, 1), np.int64)
    for projection in program.into(node):
        sent = delivered(projection, trace)
        if n.accumulation == "events":
            continue
        raw = _of(weighted_sum(projection, sent), program.by_name[node], neuron, trace)
        shifted = shift_sum(raw, projection.shift)
        yield from sum_checks(projection, (raw, raw), (shifted, shifted), n)
        shape = program.by_name[node].shape
        arrived = arrived + _of(accumulate(projection, sent, shape, n), program.by_name[node], neuron, trace)
    if n.accumulation == "sum":
        yield width("accumulator", (arrived, arrived), n.wide_bits, n.wide_overflow)
    arrived = overflow(arrived, n.wide_bits, n.wide_overflow)
    if population.kind == "relay":
        total = arrived + population.bias
        yield from relay_checks(population, (total, total), n)
    if entry.u is None or entry.v is None:
        return
    wide = (states.astype(np.int64, copy=False) for states in (entry.u, entry.v))
    u, v = (_of(states, program.by_name[node], neuron, trace) for states in wide)
    start = initial_state(population, trace.batch)
    before_u, before_v = previous(start.u, u, population), previous(start.v, v, population)
    if n.accumulation == "events":
        yield _partial_sums(program, node, neuron, trace, before_u)
    else:
        drive = arrived << n.state_shift
        total = decay(before_u, population.current_decay, n) + overflow(drive, n.wide_bits, n.wide_overflow)
        yield from current_checks((drive, drive), (total, total), n)
    yield from membrane_checks(population, (before_v, before_v), (u, u), n)


def single(population: Population, neuron: Neuron) -> Population:
    """One neuron of a population, as a population of the shape ``(1,)``."""
    values = {name: int(np.broadcast_to(getattr(population, name), population.shape)[neuron]) for name in PER_NEURON}
    return replace(population, shape=(1,), unit=1.0, **values)


def _of(values: IntArray, population: Population, neuron: Neuron, trace: Trace) -> IntArray:
    """One neuron's values of all steps, ``(B, T, 1)``."""
    return values.reshape(trace.batch, trace.steps, *population.shape)[(slice(None), slice(None), *neuron)][..., None]


def _partial_sums(program: Program, node: str, neuron: Neuron, trace: Trace, before: IntArray) -> Check:
    """The extremes of a current while events enter it, source by source, up to the first that leaves the width."""
    n = program.numerics
    flat = int(np.ravel_multi_index(neuron, program.by_name[node].shape))
    added = [np.zeros((before.size, 1), np.int64)]
    for projection in program.into(node):
        message = messages(projection, delivered(projection, trace)).reshape(before.size, -1)
        added.append(message * shift_sum(projection.weights, projection.shift)[flat])
    partial = before.reshape(-1, 1) + np.cumsum(np.concatenate(added, axis=1), axis=1)
    low, high = (end.reshape(before.shape) for end in (partial.min(axis=1), partial.max(axis=1)))
    return width("current", (low, high), n.current_bits, n.current_overflow)
