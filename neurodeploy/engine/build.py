"""One run of the compiler, in a folder of its own, with a time limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

from neurodeploy.engine.compiler import Compiler
from neurodeploy.errors import EnvironmentFailureError, InputError

LIMIT = "NEURODEPLOY_CC_TIMEOUT"
TIMEOUT = 600.0
LINES = 20
LONGER = f"give it more time ({LIMIT})"
REMEDY = (
    "set CC to a working C compiler, NEURODEPLOY_MACHINE=baseline for one that does not know this processor, "
    "or ask for the reference (-O engine=reference)"
)
GUARD = """
exec 3<&0
(read none <&3; trap "" TERM; kill -TERM 0; PATH=/usr/bin:/bin rm -rf "$0"; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
"""
"""Runs a command beside a watcher that reads a pipe nobody writes: when it ends because whoever holds its other end is
gone, however that happened, the watcher ends the process group and removes the folder."""


def compile_library(source: str, compiler: Compiler, flags: Sequence[str]) -> bytes:
    """The bytes of a shared library made of ``source``.

    Raises EnvironmentFailureError with the compiler's own words where it fails, or when it takes longer than
    ``$NEURODEPLOY_CC_TIMEOUT`` seconds. Nothing it started stays behind, even if this process is killed meanwhile.
    """
    limit = time_limit()
    try:
        with tempfile.TemporaryDirectory(prefix="neurodeploy-cc-", ignore_cleanup_errors=True) as folder:
            place = Path(folder)
            (place / "unit.c").write_text(source, encoding="ascii")
            code, said = run_command([*compiler.command, *flags, "unit.c", "-o", "unit.so"], place, limit)
            if code is None:
                raise EnvironmentFailureError(
                    f"did not finish within {limit:g} s", str(compiler), f"{LONGER}, {REMEDY}"
                )
            made = place / "unit.so"
            if code != 0 or not made.is_file():
                words = "\n".join(said.strip().splitlines()[-LINES:]) or "it printed nothing"
                raise EnvironmentFailureError(f"failed with exit code {code}:\n{words}", str(compiler), REMEDY)
            return made.read_bytes()
    except OSError as error:
        raise EnvironmentFailureError(f"cannot compile: {error}", str(compiler), REMEDY) from error


def time_limit() -> float:
    """Seconds a compiler may take. Raises InputError where the environment names no number."""
    given = os.environ.get(LIMIT, "")
    try:
        return float(given) if given else TIMEOUT
    except ValueError as error:
        raise InputError(f"{given!r} is no number", LIMIT, "give seconds") from error


def run_command(command: Sequence[str], folder: Path, limit: float) -> tuple[int | None, str]:
    """Run a command in ``folder``: exit code (negative: the signal; None: out of time), and what was printed.

    Its whole process group ends with it, or with this process.
    """
    own = {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder)}
    own |= {f"ZIG_{whose}_CACHE_DIR": str(folder / "zig") for whose in ("LOCAL", "GLOBAL")}
    with (folder / "said").open("wb") as said, _lifeline(folder) as (guard, end):
        process = subprocess.Popen(
            [*guard, *command], cwd=folder, env=own, stdin=end, stdout=said, stderr=said, start_new_session=True
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
    return code, (folder / "said").read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def _lifeline(folder: Path) -> Generator[tuple[list[str], int]]:
    """What to put before a command so that neither it nor ``folder`` outlives this process, and its standard input.

    A pipe rather than a signal on the parent's death: that one comes when the *thread* that started a process ends,
    reaches only the compiler's driver, and must be set between fork and exec, which is not safe with threads.
    """
    if os.name != "posix":
        yield [], subprocess.DEVNULL
        return
    end, held = os.pipe()
    try:
        yield ["/bin/sh", "-c", GUARD, str(folder)], end
    finally:
        os.close(held)
        os.close(end)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()
    process.wait()
