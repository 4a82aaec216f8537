"""Native code equals the reference in every node and state, on every instruction set that this processor has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.codegen.c import render
from neurodeploy.codegen.c.machine import AVX2, AVX512, BASELINE, Machine
from neurodeploy.codegen.plan import plan
from neurodeploy.conformance import generate
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.library import Compiled, load
from neurodeploy.engine.run import run_loaded
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import quantize_stimulus
from neurodeploy.trace import Trace

from . import extremes
from .support import WARNINGS, differences, needs_compiler, reference, run_one

pytestmark = needs_compiler
CPU = Path("/proc/cpuinfo")
FEATURES = set(CPU.read_text().split()) if CPU.exists() else set[str]()


def on(machine: Machine) -> object:
    """A case that is skipped where the processor lacks something, with what it lacks."""
    lacks = [each for each in machine.needs if each not in FEATURES]
    reason = f"this processor has no {', '.join(lacks)}"
    return pytest.param(machine, id=machine.name, marks=pytest.mark.skipif(bool(lacks), reason=reason))


EVERY = pytest.mark.parametrize("machine", [on(each) for each in (AVX512, AVX2, BASELINE)])


def flags(machine: Machine, level: str = "-O1") -> tuple[str, ...]:
    march = (f"-march={machine.architecture}",) if machine.architecture else ()
    return ("-std=c99", level, *march, *machine.extensions, "-fPIC", "-shared", *WARNINGS)


def native_all(programs: list[Program], machine: Machine, forced: str | None = None) -> list[Compiled]:
    compiler = find_compiler()
    assert compiler is not None
    texts = [render(plan(p), f"p{i}", machine, forced=forced) for i, p in enumerate(programs)]
    return load(texts, compiler, flags(machine))


def unseen(compiled: Compiled, program: Program, stimulus: Mapping[str, Any]) -> Trace:
    """A run that records no states, whose updates may skip what rests."""
    sent = quantize_stimulus(program, stimulus)
    return run_loaded(compiled, program, sent, sent, states=False)


def check(compiled: Compiled, program: Program, stimulus: Mapping[str, Any], about: object) -> None:
    expected = reference(program, stimulus)
    assert not differences(expected, run_one(compiled, program, stimulus)), about
    actual = unseen(compiled, program, stimulus)
    for name, entry in expected.entries.items():
        assert np.array_equal(entry.output, actual[name].output), (about, name)


@EVERY
def test_extreme_numbers_under_every_rule(machine: Machine) -> None:
    programs = [extremes.program(seed) for seed in range(40)]
    for seed, (program, compiled) in enumerate(zip(programs, native_all(programs, machine), strict=True)):
        check(compiled, program, extremes.stimulus(seed, program), seed)


@EVERY
def test_random_networks(machine: Machine) -> None:
    cases = [generate(seed, family) for seed in range(1000, 1010) for family in ("stock", "held")]
    for case, compiled in zip(cases, native_all([case.program for case in cases], machine), strict=True):
        check(compiled, case.program, case.stimulus, case.name)
