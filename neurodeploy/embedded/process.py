"""Runs of a tool: a folder that goes afterwards, a time limit, and its end in words."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.engine.build import run_command
from neurodeploy.errors import EnvironmentFailureError, InputError

LINES = 20
TIMEOUT = "NEURODEPLOY_WORKER_TIMEOUT"
DEFAULT = 600.0
FEWER = f"give it more time ({TIMEOUT}), or fewer steps"


@dataclass(frozen=True)
class Ended:
    """The exit code (negative: the signal) and the last lines that were printed."""

    code: int
    said: str

    @property
    def how(self) -> str:
        """The end in words."""
        told = f"ended with code {self.code}"
        if self.code < 0:
            known = {each.value: each.name for each in signal.Signals}
            told = f"was killed by {known.get(-self.code, f'signal {-self.code}')}"
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


def run_tool(command: Sequence[str], folder: Path, limit: float, where: str, remedy: str = FEWER) -> Ended:
    """Run a command in ``folder``; nothing it started outlives it, or this process.

    Raises EnvironmentFailureError, with the ``remedy``, where it takes longer than ``limit`` seconds.
    """
    code, said = run_command(command, folder, limit)
    if code is None:
        what = f"did not finish within {limit:g} s"
        raise EnvironmentFailureError(what, where, remedy)
    return Ended(code, "\n".join(said.strip().splitlines()[-LINES:]))
