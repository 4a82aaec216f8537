"""What generated networks exercise: which branches of the update they take, and how often each population fires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from neurodeploy.analysis.branches import Branches, count_branches
from neurodeploy.conformance.case import Case, Family
from neurodeploy.conformance.generator import generate
from neurodeploy.conformance.liveliness import LOUD, QUIET
from neurodeploy.program.population import Kind
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace


@dataclass(frozen=True)
class Activity:
    """How many of a population's cells (neurons times steps) sent something."""

    name: str
    kind: Kind
    cells: int
    fired: int

    @property
    def fraction(self) -> float:
        """Share of cells that sent something."""
        return self.fired / self.cells

    @property
    def lively(self) -> bool:
        """Spiking in 1 % to 60 % of its cells; readouts and relays always count as lively."""
        return self.kind != "cuba-lif" or QUIET * self.cells <= 1000 * self.fired <= LOUD * self.cells


@dataclass(frozen=True)
class Census:
    """How many networks ran, how many of them were lively, and the branches they took; two censuses add."""

    networks: int = 0
    lively: int = 0
    branches: Branches = field(default_factory=Branches)
    activity: tuple[Activity, ...] = ()

    def __add__(self, more: Census) -> Census:
        return Census(
            self.networks + more.networks,
            self.lively + more.lively,
            self.branches + more.branches,
            self.activity + more.activity,
        )


def census(program: Program, trace: Trace) -> Census:
    """Count one run of the reference. Raises InputError for a trace without states."""
    counts = {population.name: count_branches(program, population, trace) for population in program.populations}
    activity = tuple(
        Activity(population.name, population.kind, counts[population.name].cells, counts[population.name].fired)
        for population in program.populations
    )
    lively = all(population.lively for population in activity)
    return Census(1, int(lively), sum(counts.values(), Branches()), activity)


def case_census(case: Case) -> Census:
    """Run the reference on a case and count."""
    return census(case.program, run_program(case.program, case.stimulus, states=True))


def full_census(family: Family, seeds: Iterable[int]) -> Census:
    """The census of many generated cases."""
    return sum((case_census(generate(seed, family)) for seed in seeds), Census())
