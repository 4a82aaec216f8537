"""Programs as loaded code: as the engine loads them, as portable C, and for one instruction set."""

from __future__ import annotations

import subprocess
from typing import Any

from numpy.typing import NDArray

from neurodeploy.codegen import render
from neurodeploy.codegen.machine import MACHINES, Machine
from neurodeploy.codegen.module import Port
from neurodeploy.engine.compiler import Compiler, find_compiler, trusted
from neurodeploy.engine.library import Compiled, load
from neurodeploy.engine.prepare import compile_program
from neurodeploy.engine.processor import features, this_machine
from neurodeploy.errors import UnavailableError
from neurodeploy.program import Program
from neurodeploy.step.plan import plan


def compiler() -> Compiler:
    """The C compiler. Raises UnavailableError where there is none."""
    compiler = find_compiler()
    if compiler is None:
        raise UnavailableError("no C compiler", "benchmarks", "install gcc (Debian: apt-get install gcc)")
    return compiler


def compiler_version() -> str:
    """The first line of what ``--version`` prints."""
    done = subprocess.run([*compiler().command, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else str(compiler())


def as_shipped(program: Program) -> Compiled:
    """The code that ``run_compiled`` would load."""
    return compile_program(program, compiler())


def portable(program: Program) -> Compiled:
    """The portable text, compiled for this machine."""
    return load([render(plan(program))], compiler())[0]


def for_machine(program: Program, machine: Machine) -> Compiled:
    """What is rendered for one instruction set, compiled for it and no more."""
    return load([render(plan(program), machine=machine)], compiler(), machine=machine)[0]


def lacking() -> dict[Machine, str]:
    """Every instruction set, and what this processor lacks of it ("": nothing)."""
    return {machine: ", ".join(sorted(set(machine.needs) - features())) for machine in MACHINES}


def render_text(program: Program) -> None:
    """Render the text that would be compiled, and do no more."""
    render(plan(program), machine=this_machine(trusted(compiler())))


def context_bytes(compiled: Compiled) -> int:
    """Memory per sample."""
    return compiled.about.context_bytes


def ports(compiled: Compiled) -> tuple[Port, ...]:
    """Its nodes, in the order of their pointers."""
    return compiled.about.ports


def new_contexts(compiled: Compiled, samples: int) -> tuple[NDArray[Any], ...]:
    """Memory for so many samples."""
    return tuple(compiled.new_contexts(samples))
