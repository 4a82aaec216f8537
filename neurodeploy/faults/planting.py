"""Where a fault is planted: one node of a program, with draws of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.draw import Draw
from neurodeploy.faults.fault import ByStep, Fault, Term
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Faults = Iterator[Fault]


@dataclass(frozen=True, eq=False)
class Spot:
    """A population of a program, in which faults are planted. ``draw``: chooses weights and neurons."""

    program: Program
    population: Population
    draw: Draw

    @property
    def projections(self) -> tuple[Projection, ...]:
        """What enters the population."""
        return self.program.into(self.population.name)

    def neuron(self) -> tuple[int, ...]:
        """One of its neurons."""
        return tuple(self.draw.between(0, size - 1) for size in self.population.shape)

    def full(self, value: int | IntArray) -> IntArray:
        """A constant of the population with a value for every neuron."""
        return np.broadcast_to(np.asarray(value, np.int64), self.population.shape).copy()

    def with_population(self, kind: str, term: Term, place: str = "", **fields: Any) -> Fault:
        """The fault of other constants or rules."""
        name = self.population.name
        changed = replace(self.population, **fields)
        populations = tuple(changed if p.name == name else p for p in self.program.populations)
        return Fault(kind, term, name, replace(self.program, populations=populations), place)

    def with_projection(self, projection: Projection, kind: str, term: Term, place: str = "", **fields: Any) -> Fault:
        """The fault of other synapses in one projection."""
        changed = replace(projection, **fields)
        projections = tuple(changed if p is projection else p for p in self.program.projections)
        program = replace(self.program, projections=projections)
        return Fault(kind, term, self.population.name, program, place or projection.name)

    def with_update(self, kind: str, term: Term, update: ByStep, place: str = "") -> Fault:
        """The fault of another update."""
        return Fault(kind, term, self.population.name, self.program, place, update)
