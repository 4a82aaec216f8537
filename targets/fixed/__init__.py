"""The ``fixed`` target: any Program on this machine's CPU, under its own numerics."""

from __future__ import annotations

import json
from dataclasses import replace

from neurodeploy.capabilities import Capabilities
from neurodeploy.engine import run_compiled
from neurodeploy.errors import InputError
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Artifact, Option, Options, Stimulus, Target
from neurodeploy.trace import Trace

COMPILED, REFERENCE = "compiled", "reference"
CHOICE = "engine.json"
SAME_CODE = "same code as program"
"""What agreement means when the reference runner itself ran; compiled code is an independent implementation."""


def lower(program: Program, options: Options) -> Artifact:
    """The Program itself, and the engine where it is not the usual one. Raises InputError for an unknown engine."""
    engine = options.get("engine", REFERENCE)
    if engine not in (COMPILED, REFERENCE):
        raise InputError(f"there is no engine {engine!r}", "-O engine", f"choose: {COMPILED}, {REFERENCE}")
    return Artifact(program, {} if engine == REFERENCE else {CHOICE: json.dumps({"engine": engine}).encode()})


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """The reference runner, or compiled code where that was asked for and a C compiler is there."""
    if CHOICE not in artifact.files:
        return run_program(artifact.program, stimulus, states, drive)
    trace = run_compiled(artifact.program, stimulus, states, drive)
    proof = "" if trace.meta["engine"] == COMPILED else f"{SAME_CODE}: no C compiler was found"
    return replace(trace, meta={**trace.meta, "proof": proof})


TARGET = Target(
    name="fixed",
    summary="fixed-point simulation on the CPU, under loihi2 or int32 numerics",
    numerics=LOIHI2,
    numerics_choices=(LOIHI2, INT32),
    capabilities=Capabilities(),
    lower=lower,
    run=run,
    options=(Option("engine", REFERENCE, "reference: the reference runner itself, or compiled: the Program as C"),),
    proof=SAME_CODE,
)

__all__ = ["TARGET"]
