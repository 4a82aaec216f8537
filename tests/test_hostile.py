"""Hostile files end as refused, or as what the reference runs: no other error, and not late."""

import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from tests.engine.sanitized import needs_gcc
from tests.hostile import KINDS, READ, REFUSED, SLOW, is_lossless, outcome
from tests.proof.cases.hostile import count_sanitized

SEEDS = {"network": 12, "manifest": 60, "manifest bytes": 20, "report": 40}
"""How many of each kind; of the others, which are faster, more."""
MANY = 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_file_is_read_or_refused(kind: str) -> None:
    ends: Counter[str] = Counter()
    wrong: list[tuple[int, str]] = []
    for seed in range(SEEDS.get(kind, MANY)):
        with tempfile.TemporaryDirectory() as place:
            began = time.monotonic()
            end, value = outcome(kind, seed, Path(place))
            late = time.monotonic() - began > SLOW
        ends[end] += 1
        if late or end not in (READ, REFUSED):
            wrong.append((seed, "late" if late else end))
        if isinstance(value, Program):
            assert is_lossless(value)
    assert wrong == []
    assert ends[REFUSED] > ends.total() // 10


def test_a_changed_program_that_is_read_runs() -> None:
    """What the validator lets through has a meaning: the reference runs it."""
    stimulus = {"input": np.random.default_rng(1).integers(0, 9, (1, 4, 2, 6, 6)) / 8}
    ran = 0
    for seed in range(150):
        end, program = outcome("program", seed, Path())
        if end == READ and isinstance(program, Program):
            try:
                run_program(program, stimulus)
                ran += 1
            except InputError:
                assert program.input_by_name.keys() != {"input"} or program.input_by_name["input"].shape != (2, 6, 6)
    assert ran > 5


@needs_gcc
def test_the_c_of_changed_programs_that_are_read_is_clean_and_right() -> None:
    counted = count_sanitized(range(24))
    assert counted.failed == ()
    assert counted.tallies["read"] > 2
