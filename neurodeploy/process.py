"""Programs that we start: each has limits, and none outlives its end or ours, nor does anything it started.

A program runs in a process group of its own, which is killed when the program has ended, when its time is up, and when
whoever started it is gone. Of what it prints only the end is kept.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.stopping import undone_path

OUTPUT_BYTES, OUTPUT_LINES = 1 << 16, 20
"""How much of the end of a program's output is kept, and shown in errors."""
GROUP_POLLS, POLL_SECONDS = 100, 0.01
WATCH_SECONDS, MOST_PROCESSES = 0.25, 500
"""How often it is looked at how many processes a program has started, and how many it may."""
GUARD = """
exec 3<&0
(read none <&3; trap "" TERM; kill -TERM 0; PATH=/usr/bin:/bin rm -rf "$0"; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
"""
"""Runs a command beside a watcher that reads a pipe nobody writes: when it ends because whoever holds its other end is
gone, however that happened, the watcher ends the process group and removes the folder."""


@dataclass(frozen=True)
class Ended:
    """How a program ended. ``code``: its exit code, negative for the signal that killed it; ``output``: its end."""

    code: int
    output: str

    @property
    def words(self) -> str:
        """The end in words, with the last lines of output."""
        how = f"ended with code {self.code}"
        if self.code < 0:
            names = {known.value: known.name for known in signal.Signals}
            how = f"was killed by {names.get(-self.code, f'signal {-self.code}')}"
        return f"{how}:\n{self.last_lines}" if self.last_lines else how

    @property
    def last_lines(self) -> str:
        """The last lines of output."""
        return "\n".join(self.output.strip().splitlines()[-OUTPUT_LINES:])


def run_process(
    command: Sequence[str],
    folder: Path,
    limit: float,
    where: str,
    remedy: str,
    *,
    environment: Mapping[str, str] | None = None,
    guarded: bool = True,
) -> Ended:
    """Run a command in ``folder``.

    - ``limit``: seconds it may take.
    - ``where``, ``remedy``: name it, and what helps when its time is up, in the error.
    - ``environment``: its variables; without it ours, with temporary files and caches in ``folder``.
    - ``guarded``: when this process is killed, the command is ended and ``folder`` removed. Not for a command that does
      so itself as soon as its standard input closes.

    Raises EnvironmentFailureError when its time is up.
    """
    output = bytearray()
    with _lifeline(folder, guarded) as (guard, stdin):
        process = start_process(
            [*guard, *command],
            folder=folder,
            environment=_tool_environment(folder) if environment is None else environment,
            stdin=stdin,
            stderr=subprocess.STDOUT,
        )
        reader = threading.Thread(target=_keep_end, args=(process.stdout, output), daemon=True)
        reader.start()
        try:
            code = _watched(process, limit, where, remedy)
        finally:
            kill_group(process)
            reader.join(GROUP_POLLS * POLL_SECONDS)
            close_pipes(process)
    return Ended(code, output.decode("utf-8", "replace"))


def _watched(process: subprocess.Popen[bytes], limit: float, where: str, remedy: str) -> int:
    """The exit code. Raises EnvironmentFailureError when its time is up, or it starts processes without end."""
    end = time.monotonic() + limit
    while True:
        try:
            return process.wait(min(WATCH_SECONDS, max(0.0, end - time.monotonic())))
        except subprocess.TimeoutExpired as error:
            if time.monotonic() >= end:
                raise EnvironmentFailureError(f"did not finish within {limit:g} s", where, remedy) from error
            if len(_members(process.pid)) > MOST_PROCESSES:
                problem = f"started more than {MOST_PROCESSES} processes"
                raise EnvironmentFailureError(problem, where, "use another one, or find out what it starts") from error


def start_process(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.PIPE,
    stderr: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own, with a pipe from its output. ``kill_group`` ends it."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started, as far as we may, and wait until they are gone."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()
    except ProcessLookupError:
        pass
    except PermissionError:  # we have become another user, or (on macOS) it has ended already
        if process.poll() is None:
            return
    process.wait()
    for _ in range(GROUP_POLLS):
        if not _group_lives(process.pid):
            break
        time.sleep(POLL_SECONDS)


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    """Close our ends of a process's pipes."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def read_time_limit(variable: str, default: float) -> float:
    """The seconds that an environment variable names. Raises InputError for anything but a positive number."""
    text = os.environ.get(variable)
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise InputError(f"{text!r} is no number of seconds", variable, "set it to a number above 0, or unset it")
    return seconds


@contextmanager
def temporary_folder(purpose: str) -> Generator[Path]:
    """A folder that is gone afterwards. Raises EnvironmentFailureError where the disk refuses."""
    try:
        folder = Path(tempfile.gettempdir()) / f"neurodeploy-{purpose}-{secrets.token_hex(8)}"
        with undone_path(folder):
            folder.mkdir(mode=0o700)
            yield folder
    except OSError as error:
        problem = f"cannot work in a temporary folder: {error.strerror or error}"
        raise EnvironmentFailureError(problem, purpose, "free some space, or set TMPDIR to another place") from error


@contextmanager
def _lifeline(folder: Path, guarded: bool) -> Generator[tuple[list[str], int]]:
    """What to put before a command so that neither it nor ``folder`` outlives this process, and its standard input.

    A pipe rather than a signal on the parent's death: that one comes when the *thread* that started a process ends,
    reaches only the compiler's driver, and must be set between fork and exec, which is not safe with threads.
    """
    if os.name != "posix":
        yield [], subprocess.DEVNULL
        return
    end, held = os.pipe()
    try:
        yield ["/bin/sh", "-c", GUARD, str(folder)] if guarded else [], end
    finally:
        os.close(held)
        os.close(end)


def _tool_environment(folder: Path) -> dict[str, str]:
    caches = {f"ZIG_{kind}_CACHE_DIR": str(folder / "zig") for kind in ("LOCAL", "GLOBAL")}
    return {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder), **caches}


def _keep_end(pipe: IO[bytes], end: bytearray) -> None:
    """Read a pipe until it closes, and keep the last bytes."""
    with contextlib.suppress(OSError, ValueError):
        while block := os.read(pipe.fileno(), OUTPUT_BYTES):
            end += block
            del end[:-OUTPUT_BYTES]


def _group_lives(group: int) -> bool:
    """Whether a process of the group still runs; one that only waits to be reaped does not."""
    if not hasattr(os, "killpg"):
        return False
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return bool(_members(group))


def _members(group: int) -> list[str]:
    """The processes of the group that still run, where the system tells."""
    return [entry.name for entry in Path("/proc").glob("[0-9]*") if _runs_in(group, entry)]


def _runs_in(group: int, entry: Path) -> bool:
    """Whether the process that has this folder in /proc belongs to ``group`` and is no zombie."""
    try:
        state, _, of_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return False
    return int(of_group) == group and state != "Z"
