"""Hostile files end as refused, or as what the reference runs, and as no other error."""

from collections import Counter

import numpy as np
import pytest

from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from tests.engine.sanitized import needs_gcc
from tests.hostile import KINDS, READ, REFUSED, content, files_of, is_lossless, outcome
from tests.proof.cases.hostile import count_sanitized

SEEDS = {"network": 12, "manifest": 60, "manifest bytes": 20, "report": 40}
"""How many of each kind; of the others, which are faster, more."""
MANY = 100


CORPUS = 400
"""How many different files the slice of ``make test`` holds, at least; ``make proof`` opens 10,000 of every kind."""


def test_the_corpus_is_as_large_as_it_is_said_to_be() -> None:
    made = {content(files_of(kind, seed)) for kind in KINDS for seed in range(SEEDS.get(kind, MANY))}
    assert len(made) >= CORPUS
    assert content(files_of("program", 3)) == content(files_of("program", 3))


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_file_is_read_or_refused(kind: str) -> None:
    ends: Counter[str] = Counter()
    wrong: list[tuple[int, str]] = []
    for seed in range(SEEDS.get(kind, MANY)):
        end, value = outcome(kind, seed)
        ends[end] += 1
        if end not in (READ, REFUSED):
            wrong.append((seed, end))
        if isinstance(value, Program):
            assert is_lossless(value)
    assert wrong == []
    assert ends[REFUSED] > ends.total() // 10


def test_a_changed_program_that_is_read_runs() -> None:
    """What the validator lets through has a meaning: the reference runs it."""
    stimulus = {"input": np.random.default_rng(1).integers(0, 9, (1, 4, 2, 6, 6)) / 8}
    ran = 0
    for seed in range(150):
        end, program = outcome("program", seed)
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
