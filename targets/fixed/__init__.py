"""The ``fixed`` target: any Program on this machine's CPU, under its own numerics."""

from __future__ import annotations

import json
from dataclasses import replace

from neurodeploy.capabilities import Capabilities
from neurodeploy.engine import open_stream, run_compiled
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.errors import InputError, choices
from neurodeploy.evidence import same_code
from neurodeploy.numerics import LOIHI2, installed_numerics
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Feed, Option, Options, Target
from neurodeploy.trace import Trace

COMPILED, REFERENCE = "compiled", "reference"
CHOICE = "engine.json"


def lower(program: Program, options: Options) -> Artifact:
    """The Program itself, and the engine where it is not the usual one. Raises InputError for an unknown engine."""
    engine = _engine(options.get("engine", COMPILED))
    return Artifact(program, {} if engine == COMPILED else {CHOICE: json.dumps({"engine": engine}).encode()})


def _engine(name: str) -> str:
    if name not in (COMPILED, REFERENCE):
        raise InputError(f"there is no engine {name!r}", "-O engine", choices(name, (COMPILED, REFERENCE)))
    return name


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """Compiled code; the reference runner where that was asked for, and, with a warning, without a C compiler."""
    if _by_reference(artifact):
        trace = run_program(artifact.program, stimulus, states, drive)
        meta = {**trace.meta, "engine": REFERENCE}
        return replace(trace, meta=meta, evidence=same_code("asked for with -O engine=reference"))
    return run_compiled(artifact.program, stimulus, states, drive)


def opened(artifact: Artifact, batch: int, states: bool) -> Feed | None:
    """Compiled code that is fed in chunks; None where the reference runs instead."""
    if _by_reference(artifact) or find_compiler() is None:
        return None
    return open_stream(artifact.program, batch, states)


def _by_reference(artifact: Artifact) -> bool:
    return CHOICE in artifact.files and json.loads(artifact.files[CHOICE])["engine"] == REFERENCE


TARGET = Target(
    name="fixed",
    summary="fixed-point simulation on the CPU, under loihi2, int32 or xylo-v2 numerics",
    numerics=LOIHI2,
    numerics_choices=tuple(installed_numerics().usable.values()),
    capabilities=Capabilities(),
    lower=lower,
    run=run,
    opens=opened,
    options=(
        Option("engine", COMPILED, "compiled: the Program as C, or reference: the reference runner itself", _engine),
    ),
)

__all__ = ["TARGET"]
