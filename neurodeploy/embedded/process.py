"""One run of a tool in a folder, with a time limit; whatever it started ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.errors import EnvironmentFailureError, InputError

LINES = 20
TIMEOUT = "NEURODEPLOY_WORKER_TIMEOUT"
DEFAULT = 600.0
POLLS = 100


@dataclass(frozen=True)
class Ended:
    """The exit code (negative: the signal) and the last lines that were printed."""

    code: int
    said: str

    @property
    def how(self) -> str:
        """The end in words."""
        try:
            ended = f"was killed by {signal.Signals(-self.code).name}" if self.code < 0 else ""
        except ValueError:
            ended = f"was killed by signal {-self.code}"
        told = ended or f"ended with code {self.code}"
        return f"{told}:\n{self.said}" if self.said else told


@contextmanager
def workshop(prefix: str) -> Generator[Path]:
    """A temporary folder that is gone afterwards. Raises EnvironmentFailureError where the disk refuses."""
    try:
        with tempfile.TemporaryDirectory(prefix=f"neurodeploy-{prefix}-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        what = f"cannot work in a temporary folder: {error.strerror or error}"
        raise EnvironmentFailureError(what, prefix, "free some space, or set TMPDIR to another place") from error


def time_limit() -> float:
    """Seconds a run may take: $NEURODEPLOY_WORKER_TIMEOUT, else ten minutes. Raises InputError for no number."""
    given = os.environ.get(TIMEOUT)
    try:
        return float(given) if given else DEFAULT
    except ValueError as error:
        raise InputError(f"{given!r} is no number of seconds", TIMEOUT, "set it to a number or unset it") from error


def run_tool(
    command: Sequence[str], folder: Path, limit: float, where: str, given: Path | None = None, made: Path | None = None
) -> Ended:
    """Run a command in ``folder``, fed from the file ``given``, its output in the file ``made``.

    Raises EnvironmentFailureError where it takes longer than ``limit`` seconds or cannot be started.
    """
    log = folder / "said"
    own = {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder)}
    own |= {f"ZIG_{whose}_CACHE_DIR": str(folder / "zig") for whose in ("LOCAL", "GLOBAL")}
    with contextlib.ExitStack() as files:
        said = files.enter_context(log.open("wb"))
        stdin = subprocess.DEVNULL if given is None else files.enter_context(given.open("rb"))
        stdout = said if made is None else files.enter_context(made.open("wb"))
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=own, stdin=stdin, stdout=stdout, stderr=said, start_new_session=True
            )
        except OSError as error:
            what = f"cannot be started: {error.strerror or error}"
            raise EnvironmentFailureError(what, where, "install the tool again") from error
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired as error:
            what = f"did not finish within {limit:g} s"
            raise EnvironmentFailureError(what, where, "give it more time, or fewer steps") from error
        finally:
            _end_group(process)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return Ended(code, "\n".join(lines[-LINES:]))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill every process of the session, and wait until they are gone: a dying one could yet write to the folder."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(POLLS):
        if not any(_lives_in(process.pid, entry) for entry in Path("/proc").glob("[0-9]*")):
            break
        time.sleep(0.01)


def _lives_in(group: int, entry: Path) -> bool:
    """Whether a process, given by its folder in /proc, belongs to ``group`` and is no zombie."""
    try:
        state, _, of_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return False
    return int(of_group) == group and state != "Z"
