"""What the tests of native code share: every machine this processor can be, and comparison with the reference."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from neurodeploy.codegen import render
from neurodeploy.codegen.machine import MACHINES, Machine
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.library import Compiled, load
from neurodeploy.program import Program
from neurodeploy.step.plan import plan

from .support import WARNINGS, differences, outputs_differ, reference, run_one, run_unseen

CPU = Path("/proc/cpuinfo")
FEATURES = set(CPU.read_text().split()) if CPU.exists() else set[str]()


def on(machine: Machine) -> object:
    """A case that is skipped where the processor lacks something, with what it lacks."""
    lacks = [each for each in machine.needs if each not in FEATURES]
    reason = f"this processor has no {', '.join(lacks)}"
    return pytest.param(machine, id=machine.name, marks=pytest.mark.skipif(bool(lacks), reason=reason))


EVERY = pytest.mark.parametrize("machine", [on(each) for each in MACHINES])


WIDEST = next((each for each in MACHINES if set(each.needs) <= FEATURES), None)


def architecture(machine: Machine) -> tuple[str, ...]:
    return *((f"-march={machine.architecture}",) if machine.architecture else ()), *machine.extensions


def flags(machine: Machine) -> tuple[str, ...]:
    return ("-std=c99", "-O1", *architecture(machine), "-fPIC", "-shared", *WARNINGS)


def native_all(programs: list[Program], machine: Machine, forced: str | None = None) -> list[Compiled]:
    compiler = find_compiler()
    assert compiler is not None
    texts = [render(plan(p), f"p{i}", machine, forced=forced) for i, p in enumerate(programs)]
    return load(texts, compiler, flags(machine))


def check(compiled: Compiled, program: Program, stimulus: Mapping[str, Any], about: object) -> None:
    expected = reference(program, stimulus)
    assert not differences(expected, run_one(compiled, program, stimulus)), about
    assert not outputs_differ(expected, run_unseen(compiled, program, stimulus)), about
