"""Many cases as one program of parts that nothing joins, for targets that are slow to start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neurodeploy.conformance.case import Case
from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus


def part_name(number: int, node: str) -> str:
    """How a node of the case ``number`` is called in the union."""
    return f"c{number}_{node}"


def part_of(name: str) -> tuple[int, str]:
    """The number of a case, and its own name of a node, from a name in the union."""
    number, _, node = name[1:].partition("_")
    return int(number), node


def union(cases: Sequence[Case]) -> Case:
    """One case of all ``cases``, which share their numerics, samples and steps."""
    parts = [_renamed(number, case.program) for number, case in enumerate(cases)]
    program = Program(
        parts[0].numerics,
        tuple(node for part in parts for node in part.inputs),
        tuple(node for part in parts for node in part.populations),
        tuple(node for part in parts for node in part.projections),
        tuple(name for part in parts for name in part.outputs),
    )
    shown = [(number, *pair) for number, case in enumerate(cases) for pair in case.stimulus.items()]
    values = {part_name(number, name): array for number, name, array in shown}
    return Case("union", program, Stimulus(values), cases[0].steps)


def _renamed(number: int, program: Program) -> Program:
    def name(node: str) -> str:
        return part_name(number, node)

    joins = (replace(p, name=name(p.name), source=name(p.source), target=name(p.target)) for p in program.projections)
    return replace(
        program,
        inputs=tuple(replace(node, name=name(node.name)) for node in program.inputs),
        populations=tuple(replace(node, name=name(node.name)) for node in program.populations),
        projections=tuple(joins),
        outputs=tuple(name(node) for node in program.outputs),
    )
