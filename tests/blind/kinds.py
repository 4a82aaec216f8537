"""The list of kinds: each plants itself, seeded, in a program, or says that it finds no place there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from neurodeploy.conformance.draw import Draw
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from tests.blind.machine import Fault, Machine

Planted = tuple[str, str, Callable[[], Machine]]
"""The node at fault, how it is wrong in plain words, and the machine."""
Plant = Callable[[Draw, Program], "Planted | None"]
KINDS: dict[str, Plant] = {}
RESERVED: dict[str, Plant] = {}
"""Kinds that the first sample leaves out."""


def kind(name: str, reserved: bool = False) -> Callable[[Plant], Plant]:
    """Enter a kind into the list."""

    def enter(plant: Plant) -> Plant:
        table = RESERVED if reserved else KINDS
        assert name not in KINDS and name not in RESERVED, name
        table[name] = plant
        return plant

    return enter


def plant(name: str, draw: Draw, program: Program) -> Fault | None:
    """A fault of that kind somewhere in the program."""
    planted = (KINDS | RESERVED)[name](draw, program)
    return None if planted is None else Fault(name, *planted)


def one(draw: Draw, options: Sequence[Projection] | Sequence[Population]) -> Projection | Population | None:
    return draw.pick(options) if options else None  # type: ignore[arg-type]


def a_join(draw: Draw, program: Program, *kinds: str, least: int = 1) -> Projection | None:
    """A projection of one of those kinds (any), with at least so many weights."""
    fit = [p for p in program.projections if (not kinds or p.kind in kinds) and p.weights.size >= least]
    return one(draw, fit)  # type: ignore[return-value]


def matrix(draw: Draw, program: Program) -> Projection | None:
    return a_join(draw, program, "dense", "sparse", least=8)


def window(draw: Draw, program: Program) -> Projection | None:
    return a_join(draw, program, "conv1d", "conv2d")


def spiking(draw: Draw, program: Program, holds: Callable[[Population], bool] = lambda p: True) -> Population | None:
    return one(draw, [p for p in program.populations if p.kind == "cuba-lif" and holds(p)])  # type: ignore[return-value]


def stateful(draw: Draw, program: Program, holds: Callable[[Population], bool] = lambda p: True) -> Population | None:
    """A population with a membrane."""
    return one(draw, [p for p in program.populations if p.kind != "relay" and holds(p)])  # type: ignore[return-value]


def with_join(program: Program, join: Projection, **terms: object) -> Callable[[], Machine]:
    """The machine whose memory holds other terms of one projection."""
    changed = replace(join, **terms)  # type: ignore[arg-type]
    projections = tuple(changed if p is join else p for p in program.projections)
    return lambda: Machine(replace(program, projections=projections))


def with_neurons(program: Program, population: Population, **terms: object) -> Callable[[], Machine]:
    """The machine whose registers hold other terms of one population."""
    changed = replace(population, **terms)  # type: ignore[arg-type]
    populations = tuple(changed if p is population else p for p in program.populations)
    return lambda: Machine(replace(program, populations=populations))
