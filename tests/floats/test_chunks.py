"""Programs fed in chunks, by the engine and by the reference: joined they are the whole run, driven or not."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.conformance import Case, differing_cells, generate
from neurodeploy.engine import open_stream
from neurodeploy.reference.integer import State
from neurodeploy.reference.program_runner import ProgramRun, memory_steps, run_program
from neurodeploy.target import Feed
from neurodeploy.trace import Trace, joined
from tests.engine.support import needs_compiler

CUTS = (slice(0, 1), slice(1, 4), slice(4, 37), slice(37, 100))
SEEDS = (2, 6, 9)
ALL = slice(None)


def half(trace: Trace) -> Trace:
    """A drive: what was sent, with half of it missing."""
    rng = np.random.default_rng(1)
    return Trace(
        {n: replace(e, output=e.output * (rng.random(e.output.shape) < 0.5)) for n, e in trace.entries.items()}
    )


def fed(run: Feed, case: Case, drive: Trace | None) -> Trace:
    parts = [None if drive is None else drive.part(ALL, cut) for cut in CUTS]
    return joined([run.feed(case.stimulus.part(ALL, cut), part) for cut, part in zip(CUTS, parts, strict=True)], 1)


@needs_compiler
@pytest.mark.parametrize("seed", SEEDS)
def test_chunks_joined_are_the_whole_run(seed: int) -> None:
    case = generate(seed, "held", samples=2)
    free = run_program(case.program, case.stimulus, states=True)
    for drive in (None, half(free)):
        expected = run_program(case.program, case.stimulus, states=True, drive=drive)
        for run in (ProgramRun(case.program, 2, states=True), open_stream(case.program, 2, states=True)):
            assert differing_cells(expected, fed(run, case, drive)) == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_goes_on_from_any_recorded_state(seed: int) -> None:
    case = generate(seed, "held", samples=1)
    program, cut = case.program, slice(40, 60)
    expected = run_program(program, case.stimulus, states=True)
    start, past = {}, {}
    for name, entry in expected.entries.items():
        past[name] = entry.output[:, cut.start - memory_steps(program) : cut.start]
        if name in program.by_name:
            fired = (entry.output[:, : cut.start] != 0).any(axis=1)
            u, v = (np.zeros_like(fired, np.int64) if a is None else a[:, cut.start - 1] for a in (entry.u, entry.v))
            start[name] = State(u.copy(), v.copy(), fired)
    run = ProgramRun(program, 1, states=True, start=start, past=past)
    again = run.feed(case.stimulus.part(ALL, cut))
    assert differing_cells(expected.part(ALL, cut), again) == {}
