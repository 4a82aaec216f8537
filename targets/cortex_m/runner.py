"""Builds firmware with Debian's Arm compiler and runs it under QEMU, in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from neurodeploy.embedded.job import Job, Outcome, job
from neurodeploy.embedded.runs import DISPATCHER, FEWER, RUN_LIMIT, RUN_TIMEOUT, run_jobs
from neurodeploy.engine.build import LONGER, compile_limit
from neurodeploy.errors import CapabilityError, EnvironmentFailureError, InputError, UnavailableError
from neurodeploy.process import read_time_limit, run_process, temporary_folder
from neurodeploy.reading import stage
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact
from neurodeploy.trace import Trace

from .board import LINKED, Board, qemu
from .load import Load, load_of_files
from .lower import board_of

NAME = "cortex-m"
COMPILER, EMULATOR = "arm-none-eabi-gcc", "qemu-system-arm"
PACKAGES = {COMPILER: "gcc-arm-none-eabi", EMULATOR: "qemu-system-arm"}
"""Debian packages by the command they bring."""


def available() -> str | None:
    """Why nothing can run here, or None: which command is missing, and the Debian package that brings it."""
    missing = [command for command in PACKAGES if shutil.which(command) is None]
    if not missing:
        return None
    packages = " ".join(PACKAGES[command] for command in missing)
    return f"{' and '.join(missing)} not found (Debian: apt-get install {packages})"


def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
    """What the artifact's firmware does with a stimulus on its emulated board.

    ``meta`` tells the instructions that one step took and the stack it used, where the step itself ran (no isolated
    run). Raises UnavailableError without the tools, EnvironmentFailureError where one fails or takes too long.
    """
    return run_many([job(artifact, stimulus, states, drive)])[0]


def run_many(jobs: Sequence[Job]) -> list[Trace]:
    """The traces of several artifacts for one board, of distinct prefixes, from one firmware."""
    boards = {board_of(job.files).machine: board_of(job.files) for job in jobs}
    if len(boards) != 1:
        raise InputError(f"networks for {' and '.join(boards)} make no one firmware", NAME, "give all one -O machine")
    board = next(iter(boards.values()))
    reason = available()
    if reason is not None:
        raise UnavailableError(f"target {NAME} cannot run here: {reason}", remedy="make system")
    loads = [load_of_files(job.files) for job in jobs]
    outcomes = run_jobs(jobs, partial(execute, board), NAME)
    return [_with_costs(outcome, board, load) for outcome, load in zip(outcomes, loads, strict=True)]


def _with_costs(outcome: Outcome, board: Board, load: Load | None) -> Trace:
    """The trace, with the instructions and the stack of a step where they were measured, and the load they make."""
    meta: dict[str, Any] = {**outcome.trace.meta, "machine": board.machine}
    if outcome.measured is None:
        return replace(outcome.trace, meta=meta)
    instructions = outcome.measured[:, :, 0]
    least, most, mean = int(instructions.min()), int(instructions.max()), round(float(instructions.mean()), 1)
    stack = int(outcome.measured[:, :, 1].max())
    meta["instructions_per_step"] = {"least": least, "mean": mean, "most": most, "exact_to": 1}
    meta["stack_bytes"] = stack
    span = f"{mean:.1f} instructions on average ({least} to {most}, counted to one)"
    notes = [f"a step takes {span} and {stack} bytes of stack"]
    if load is not None:
        meta["load"] = {**load.to_json(), "mean": load.share(mean), "most": load.share(most), "unit": "instructions"}
        notes.append(load.told(mean, most))
    return replace(outcome.trace, meta=meta, notes=tuple(notes))


def execute(board: Board, files: Mapping[str, bytes], prefixes: Sequence[str], data: bytes) -> bytes:
    """Build these files with the probes of these prefixes, run that on a job's bytes, and give its record."""
    with temporary_folder(NAME) as folder:
        stage(folder, {**files, "job": data})
        sources = ["board.c", DISPATCHER, *(f"{prefix}_probe.c" for prefix in prefixes)]
        command = [COMPILER, *board.flags, *sources, *LINKED, "-lgcc", "-o", "firmware.elf"]
        built = run_process(command, folder, compile_limit(), COMPILER, LONGER)
        if built.code != 0 and "overflowed by" in built.last_lines:
            raise CapabilityError(f"the firmware does not fit {board.machine}:\n{built.last_lines}", f"target {NAME}")
        if built.code != 0:
            raise EnvironmentFailureError(built.words, COMPILER, "install gcc-arm-none-eabi again (make system)")
        emulation = [EMULATOR, *qemu(board), "-kernel", "firmware.elf"]
        ended = run_process(emulation, folder, read_time_limit(RUN_LIMIT, RUN_TIMEOUT), EMULATOR, FEWER)
        if ended.code != 0:
            problem = f"the emulated {board.machine} {ended.words}"
            raise EnvironmentFailureError(problem, EMULATOR, "run it again; if this repeats, export the network again")
        record = folder / "record"
        return record.read_bytes() if record.is_file() else b""
