"""The compiled engine equals the reference in every output, current and membrane of every node."""

import numpy as np
import pytest

from neurodeploy.conformance import Family, generate
from neurodeploy.engine.run import beyond, run_loaded
from neurodeploy.engine.sources import driven_messages
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import run_program

from . import extremes
from .support import QUICK, compiled_all, differences, needs_compiler, reference, run_one

pytestmark = needs_compiler
PROGRAMS = 24
EXTREME = 40


@pytest.mark.parametrize("family", ["stock", "held"])
def test_random_networks(family: Family) -> None:
    cases = [generate(seed, family) for seed in range(1000, 1000 + PROGRAMS)]
    for case, compiled in zip(cases, compiled_all([case.program for case in cases]), strict=True):
        assert not differences(
            reference(case.program, case.stimulus), run_one(compiled, case.program, case.stimulus)
        ), case.name


def test_extreme_numbers_under_every_rule() -> None:
    programs = [extremes.program(seed) for seed in range(EXTREME)]
    for seed, (program, compiled) in enumerate(zip(programs, compiled_all(programs), strict=True)):
        given = extremes.stimulus(seed, program)
        assert not differences(reference(program, given), run_one(compiled, program, given)), seed


@pytest.mark.parametrize("flags", [("-std=c99", "-O0", "-fPIC", "-shared"), (*QUICK, "-O3")], ids=["O0", "O3"])
def test_whatever_the_optimizer_does(flags: tuple[str, ...]) -> None:
    seeds = range(500, 530)
    programs = [extremes.program(seed) for seed in seeds]
    for seed, program, compiled in zip(seeds, programs, compiled_all(programs, flags), strict=True):
        given = extremes.stimulus(seed, program)
        assert not differences(reference(program, given), run_one(compiled, program, given)), seed


def test_an_isolated_run_feeds_every_synapse_from_the_given_trace() -> None:
    cases = [generate(seed, "held", 2) for seed in range(2000, 2012)]
    rng = np.random.default_rng(5)
    drives = []
    for number, case in enumerate(cases):
        trace = run_program(case.program, case.stimulus)
        for entry in trace.entries.values():  # every third one within what the nodes send, the others far beyond
            flip = rng.random(entry.output.shape) < 0.1
            entry.output[flip] = (
                rng.integers(0, 2, flip.sum()) if number % 3 == 0 else rng.integers(-300, 70000, flip.sum())
            )
        drives.append(trace)
    given = [quantize_inputs(case.program, case.stimulus) for case in cases]
    fed = [driven_messages(case.program, drive, 2, case.steps) for case, drive in zip(cases, drives, strict=True)]
    ranges = [beyond(case.program, messages) for case, messages in zip(cases, fed, strict=True)]
    assert any(each is None for each in ranges)
    loaded = compiled_all([case.program for case in cases], ranges=ranges)
    for case, drive, sent, messages, compiled in zip(cases, drives, given, fed, loaded, strict=True):
        expected = run_program(case.program, case.stimulus, states=True, drive=drive)
        assert not differences(expected, run_loaded(compiled, case.program, sent, messages, states=True)), case.name


def test_samples_do_not_see_each_other_whatever_the_threads() -> None:
    case = generate(2100, "held", 9)
    compiled = compiled_all([case.program])[0]
    expected = reference(case.program, case.stimulus)
    for threads in (1, 2, 5, 16):
        assert not differences(expected, run_one(compiled, case.program, case.stimulus, threads)), threads
