"""Environments of other packages: where they stand, one installation at a time, and pip with hashes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neurodeploy.errors import EnvironmentFailureError, InputError, UnavailableError

COMPLETE = "complete"
"""The file that marks an environment whose installation came to its end."""


def home() -> Path:
    """Where neurodeploy keeps environments: $NEURODEPLOY_HOME, else beside a writable venv, else the user's data."""
    if home := os.environ.get("NEURODEPLOY_HOME"):
        try:
            return Path(home).expanduser().resolve()
        except RuntimeError as error:
            problem = f"{home!r} begins with a user who has no home"
            raise InputError(problem, "NEURODEPLOY_HOME", "name a folder") from error
    current = Path(sys.prefix)
    if sys.prefix != sys.base_prefix and os.access(current, os.W_OK):
        return current / "share" / "neurodeploy"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "neurodeploy"


@contextmanager
def locked(parent: Path, name: str = "environments") -> Generator[None]:
    """Hold the one lock of installations of that name in ``parent``."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        handle = (parent / f"{name}.lock").open("w")
    except OSError as error:
        remedy = "set NEURODEPLOY_HOME to a folder you can write to"
        raise EnvironmentFailureError(f"cannot write: {error.strerror}", str(parent), remedy) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def new_environment(building: Path, where: str) -> None:
    """A virtual environment with pip in ``building``. Raises UnavailableError where Python cannot make one."""
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(building)
    except subprocess.CalledProcessError as error:
        reason = "Python's venv module cannot make an environment here (is ensurepip installed?)"
        raise UnavailableError(reason, where, "install Python's venv package") from error


def install_pinned(building: Path, requirements: Path, what: str, where: str, options: Sequence[str] = ()) -> None:
    """Install exact versions with hashes, wheels only.

    Raises UnavailableError where pip fails, with its own words, EnvironmentFailureError when the disk is full.
    """
    pinned = ("--require-hashes", "--no-deps", *options, "--only-binary=:all:", "--no-input")
    pip = (str(building / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", *pinned)
    done = subprocess.run((*pip, "-r", str(requirements)), capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        remedy = "check the network and pip's configuration, then install again"
        if "No space left" in last:
            raise EnvironmentFailureError(f"disk full while installing {what}:\n  {last}", str(building.parent), remedy)
        raise UnavailableError(f"pip could not install {what}:\n  {last}", where, remedy)
