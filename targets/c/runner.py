"""Builds an artifact's source with this machine's C compiler and runs it, in a process and a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from neurodeploy.embedded.job import Job, job
from neurodeploy.embedded.runs import DISPATCHER, FEWER, RUN_LIMIT, RUN_TIMEOUT, run_jobs
from neurodeploy.engine.build import LONGER, compile_limit
from neurodeploy.engine.compiler import Compiler, find_compiler
from neurodeploy.errors import EnvironmentFailureError, UnavailableError
from neurodeploy.process import read_time_limit, run_process, temporary_folder
from neurodeploy.reading import stage
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact
from neurodeploy.trace import Trace

from .lower import HOST

NAME = "c"
WORKING = "set CC to a working C compiler"
FLAGS = ("-std=c99", "-O2")
NO_COMPILER = "no C compiler was found (CC, cc, gcc, clang or the package ziglang)"


def available() -> str | None:
    """Why nothing can be built here, or None. Exporting needs no compiler."""
    return NO_COMPILER if find_compiler() is None else None


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """What the artifact's own source does with a stimulus.

    Raises UnavailableError without a compiler, EnvironmentFailureError where building or running fails or takes too
    long.
    """
    return run_many([job(artifact, stimulus, states, drive)])[0]


def run_many(jobs: Sequence[Job], flags: Sequence[str] = FLAGS) -> list[Trace]:
    """The traces of several artifacts of distinct prefixes, built as one executable."""
    compiler = find_compiler()
    if compiler is None:
        raise UnavailableError(NO_COMPILER, "target c", "install gcc (Debian: apt-get install gcc), or set CC")
    traces = [outcome.trace for outcome in run_jobs(jobs, partial(_execute, compiler, tuple(flags)), NAME)]
    return [replace(trace, meta={**trace.meta, "compiler": str(compiler)}) for trace in traces]


def _execute(
    compiler: Compiler, flags: Sequence[str], files: Mapping[str, bytes], prefixes: Sequence[str], data: bytes
) -> bytes:
    with temporary_folder(NAME) as folder:
        stage(folder, {**files, "job": data})
        sources = [f"{prefix}_probe.c" for prefix in prefixes]
        command = [*compiler.command, *flags, *sources, DISPATCHER, HOST, "-o", "probe"]
        built = run_process(command, folder, compile_limit(), str(compiler), f"{WORKING}, or {LONGER}")
        if built.code != 0:
            raise EnvironmentFailureError(built.words, str(compiler), WORKING)
        if not (folder / "probe").is_file():
            raise EnvironmentFailureError("made no program, and said nothing of it", str(compiler), WORKING)
        ended = run_process(["./probe"], folder, read_time_limit(RUN_LIMIT, RUN_TIMEOUT), NAME, FEWER)
        if ended.code != 0:
            raise EnvironmentFailureError(f"the built network {ended.words}", NAME, "export the network again")
        record = folder / "record"
        return record.read_bytes() if record.is_file() else b""
