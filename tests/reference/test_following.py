"""A recorded run follows the reference where nothing in it differs from the reference's own, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.conformance.case import Family
from neurodeploy.conformance.generator import generate
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference import following
from neurodeploy.reference.following import follows
from neurodeploy.reference.integer import State, initial_state
from neurodeploy.reference.program_runner import ProgramRun, memory_steps
from neurodeploy.trace import Trace

FIRST, STEPS = 17, 40
"""Where the part that is judged begins, and its steps."""


def judged(seed: int, family: Family) -> tuple[Trace, Callable[[Trace], bool]]:
    """A part of a run of a random program, and what says whether such a part follows the reference."""
    case = generate(seed, family, samples=2)
    program, shown = case.program, case.stimulus
    run = ProgramRun(program, 2, states=True)
    head = run.feed(shown.part(slice(None), slice(0, FIRST)))
    rest = shown.part(slice(None), slice(FIRST, FIRST + STEPS))
    part = run.feed(rest)
    memory, start = memory_steps(program), {}
    for population in program.populations:
        entry, begun = head[population.name], initial_state(population, 2)
        fired = (entry.output != 0).any(axis=1)
        stateful = entry.u is not None and entry.v is not None
        start[population.name] = State(entry.u[:, -1], entry.v[:, -1], fired) if stateful else begun
    past = {name: entry.output[:, FIRST - memory :] for name, entry in head.entries.items()}
    inputs = quantize_inputs(program, rest)
    return part, lambda trace: follows(program, inputs, trace, start, past)


@pytest.mark.parametrize("family", ["stock", "held"])
@pytest.mark.parametrize("seed", range(2))
def test_the_references_own_run_follows_and_one_with_a_cell_changed_does_not(
    seed: int, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "CELLS", 150)
    part, follow = judged(seed, family)
    assert follow(part)
    rng = np.random.default_rng(seed)
    for name in (name for name, entry in part.entries.items() if entry.v is not None):
        for key in ("output", "u", "v"):
            record = getattr(part[name], key).copy()
            record[tuple(int(rng.integers(size)) for size in record.shape)] += 1
            changed = replace(part[name], **{key: record})
            assert not follow(replace(part, entries={**part.entries, name: changed})), (name, key)


def test_a_run_without_states_is_not_taken_for_the_references_own() -> None:
    part, follow = judged(0, "stock")
    bare = {name: entry.outputs() for name, entry in part.entries.items()}
    assert any(entry.v is not None for entry in part.entries.values()) and not follow(replace(part, entries=bare))
