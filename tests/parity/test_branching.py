"""Branches that are counted block by block, as cells lie in memory, are those of the whole run."""

import numpy as np
import pytest

from neurodeploy.analysis.branches import count_decisions
from neurodeploy.conformance.generator import generate
from neurodeploy.parity.branching import Branching
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace


def channels_last(entry: Entry) -> Entry:
    """The same record, lying in memory as compiled code writes it."""

    def turned(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 2, -1)), -1, 2)

    return Entry(turned(entry.output), v=turned(entry.v), u=turned(entry.u), v_before=turned(entry.v_before))


def counted(branching: Branching, trace: Trace, name: str, steps: int) -> dict[str, int]:
    total: dict[str, int] = {}
    for first in range(0, trace.steps, steps):
        block = channels_last(trace[name]).part(slice(None), slice(first, first + steps))
        for branch, count in branching.add(block, first == 0).items():
            total[branch] = total.get(branch, 0) + count
    return total


@pytest.mark.parametrize(("family", "limit"), [("stock", "saturated"), ("held", "clamped")])
def test_blocks_as_they_lie_count_what_the_whole_run_counts(family, limit) -> None:
    taken: dict[str, int] = {}
    for seed in range(5, 8):
        case = generate(seed, family, samples=2)
        trace = run_program(case.program, case.stimulus, states=True)
        for population in case.program.populations:
            if population.kind != "cuba-lif":
                continue
            found = counted(Branching(case.program.numerics, population), trace, population.name, 5)
            entry = trace[population.name]
            expected = count_decisions(case.program.numerics, population, trace)
            distance = entry.v_before - (np.asarray(population.threshold) << case.program.numerics.state_shift)
            below = (distance < 0) & (distance >= -(1 << case.program.numerics.state_shift))
            assert found == {
                "fired": expected.fired,
                "quiet": int(np.count_nonzero((entry.output == 0) & (entry.v_before != 0))),
                "just_below": int(np.count_nonzero(below)),
                "at_threshold": expected.ties,
                "reset": int(np.count_nonzero((entry.output != 0) & (entry.v != entry.v_before))),
                "saturated": expected.saturations,
                "clamped": expected.floors + expected.ceilings,
            }
            taken = {branch: taken.get(branch, 0) + count for branch, count in found.items()}
    assert all(taken[branch] for branch in ("fired", "quiet", "just_below", "at_threshold", "reset", limit)), taken
