"""What single samples reach in a program: which nodes' elements sent something, and which branches were taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.branches import previous
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import initial_state
from neurodeploy.trace import Entry, Trace

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reached:
    """What one sample or several together reached.

    - ``sent``: by node, flat, the elements that sent something early enough to arrive.
    - ``taken``: by population, flat, the neurons that took each branch of ``BRANCHES``: ``(branches, size)``.
    """

    sent: Mapping[str, Mask]
    taken: Mapping[str, Mask]

    def __or__(self, more: Reached) -> Reached:
        return Reached(
            {name: mask | more.sent[name] for name, mask in self.sent.items()},
            {name: mask | more.taken[name] for name, mask in self.taken.items()},
        )

    def gain(self, more: Reached) -> float:
        """How much ``more`` adds: shares of nodes that send, and of neurons that take a branch, by weight.

        A branch that no neuron of a population has taken yet counts like a fifth of its neurons.
        """
        total = sum(_share(more.sent[name], mask) for name, mask in self.sent.items())
        for name, mask in self.taken.items():
            fresh = more.taken[name]
            total += BRANCH_WEIGHT * _share(fresh, mask)
            total += FIRST_WEIGHT * int(np.count_nonzero(fresh.any(axis=1) & ~mask.any(axis=1)))
        return total


BRANCHES = (
    *("on the threshold", "just below it", "at an end of the membrane", "at floor or ceiling", "below zero"),
    "just above the threshold",
)
BRANCH_WEIGHT, FIRST_WEIGHT = 0.02, 0.2


def nothing(program: Program) -> Reached:
    """What no sample reaches."""
    nodes = (*program.inputs, *program.populations)
    return Reached(
        {node.name: np.zeros(node.size, np.bool_) for node in nodes},
        {p.name: np.zeros((len(BRANCHES), p.size), np.bool_) for p in program.populations},
    )


def reached(program: Program, trace: Trace) -> Iterator[Reached]:
    """What every sample of a trace with states reached."""
    nodes = (*program.inputs, *program.populations)
    sent = {node.name: _sent(program, node.name, trace) for node in nodes}
    taken = {p.name: _taken(program.numerics, p, trace[p.name]) for p in program.populations}
    for sample in range(trace.batch):
        yield Reached(
            {name: masks[sample] for name, masks in sent.items()},
            {name: masks[sample] for name, masks in taken.items()},
        )


def _share(fresh: Mask, known: Mask) -> float:
    return float(np.count_nonzero(fresh & ~known)) / max(known.size, 1)


def _sent(program: Program, name: str, trace: Trace) -> Mask:
    """Elements that sent something which the slowest of its projections still delivered, ``(B, size)``."""
    late = max((p.delay for p in program.projections if p.source == name), default=0)
    output = trace[name].output[:, : max(trace.steps - late, 0)]
    return (output != 0).any(axis=1).reshape(trace.batch, -1)


def _taken(numerics: Numerics, population: Population, entry: Entry) -> Mask:
    """Neurons that took each branch, ``(B, branches, size)``."""
    batch = len(entry.output)
    taken = np.zeros((batch, len(BRANCHES), population.size), np.bool_)
    if population.kind == "relay":
        ends = (entry.output == population.output.low, entry.output == population.output.high)
        taken[:, 2] = (ends[0] | ends[1]).any(axis=1).reshape(batch, -1)
        return taken
    if entry.v is None or entry.v_before is None or population.kind != "cuba-lif":
        return taken
    v, before = (states.astype(np.int64, copy=False) for states in (entry.v, entry.v_before))
    top = (1 << (numerics.membrane_bits - 1)) - 1
    distance = before - (np.asarray(population.threshold, np.int64) << numerics.state_shift)
    limits = [x << numerics.state_shift for x in (population.floor, population.ceiling) if x is not None]
    cells = (
        distance == 0,
        (distance < 0) & (distance >= -(1 << numerics.state_shift)),
        np.abs(before) >= top,
        np.logical_or.reduce([(before == limit) for limit in limits]) & _moved(population, v, before)
        if limits
        else np.zeros_like(distance, dtype=np.bool_),
        before < 0,
        (distance > 0) & (distance <= 1 << numerics.state_shift),
    )
    for number, mask in enumerate(cells):
        taken[:, number] = mask.any(axis=1).reshape(batch, -1)
    return taken


def _moved(population: Population, v: NDArray[np.int64], before: NDArray[np.int64]) -> Mask:
    """Cells in which the membrane is another one than in the step before."""
    return before != previous(initial_state(population, len(v)).v, v, population)
