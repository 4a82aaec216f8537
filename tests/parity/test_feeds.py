"""A run that is driven computes nothing while it is driven by what it sends itself, then what a whole one does."""

from __future__ import annotations

import numpy as np
import pytest

from neurodeploy.conformance import generate
from neurodeploy.parity.feeds import Follower, sends_the_same
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import ProgramRun, run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

CHUNKS = [slice(0, 3), slice(3, 7), slice(7, 12)]
STEPS = slice(0, 12)


def changed(trace: Trace, name: str, step: int) -> Trace:
    """The trace with every output of a node flipped in one step."""
    entry = trace[name]
    output = entry.output.copy()
    output[:, step] = output[:, step] == 0
    return Trace({**trace.entries, name: type(entry)(output, entry.graded, entry.scale)}, trace.meta)


def followed(program: Program, shown: Stimulus, drive: Trace) -> tuple[list[Trace], int]:
    """The chunks of a run that follows ``drive``, and how often one was opened."""
    opened: list[ProgramRun] = []

    def opens() -> ProgramRun:
        opened.append(ProgramRun(program, shown.batch))
        return opened[-1]

    follower, alone = Follower(opens, shown), ProgramRun(program, shown.batch)
    traces: list[Trace] = []
    for steps in CHUNKS:
        expected, part = alone.feed(shown.part(slice(None), steps)), drive.part(slice(None), steps)
        same = all(sends_the_same(entry, part[name]) for name, entry in expected.entries.items())
        traces.append(follower.feed(steps, part, expected, same))
    return traces, len(opened)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("step", [0, 5, 11])
def test_a_follower_is_the_driven_run_from_the_first_difference_on(seed: int, step: int) -> None:
    case = generate(seed, "held", samples=2)
    shown = case.stimulus.part(slice(None), STEPS)
    whole = run_program(case.program, shown)
    drive = changed(whole, case.program.populations[0].name, step)
    traces, opened = followed(case.program, shown, drive)
    driven = run_program(case.program, shown, drive=drive)
    for steps, trace in zip(CHUNKS, traces, strict=True):
        for name in case.program.by_name:
            assert np.array_equal(trace[name].output, driven[name].output[:, steps])
    assert opened == 1


def test_a_follower_of_its_own_outputs_computes_nothing() -> None:
    case = generate(0, "held", samples=2)
    shown = case.stimulus.part(slice(None), STEPS)
    whole = run_program(case.program, shown)
    traces, opened = followed(case.program, shown, whole)
    assert opened == 0 and [trace.steps for trace in traces] == [3, 4, 5]
