"""The Lava environment: a virtual environment of its own, made once, from exact versions with hashes.

Lava is archived and pins Python, numpy and networkx far below today's; it lives apart from the user's packages.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from neurodeploy.atomic import new_folder
from neurodeploy.errors import EnvironmentFailureError, InputError, UnavailableError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PYTHONS = ((3, 11), (3, 12), (3, 13))
COMPLETE = "complete"
INSTALL = "run: neurodeploy targets install loihi-sim"


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


def folder() -> Path:
    """The environment's folder, named for its requirements and its Python."""
    content = REQUIREMENTS.read_bytes() + repr(sys.version_info[:2]).encode()
    return home() / f"loihi-sim-{hashlib.sha256(content).hexdigest()[:12]}"


def available() -> str | None:
    """None when the environment is there, else the reason and what to do."""
    if reason := unsupported():
        return reason
    return None if (folder() / COMPLETE).exists() else f"its Lava environment is not installed; {INSTALL}"


def unsupported() -> str | None:
    """Why the environment cannot exist under this Python or system."""
    if sys.platform != "linux":
        return "Lava's runtime needs Linux (fork and /dev/shm)"
    if sys.version_info[:2] not in PYTHONS:
        known = ", ".join(f"{major}.{minor}" for major, minor in PYTHONS)
        return f"Lava 0.10.0 cannot be installed under Python {sys.version_info[0]}.{sys.version_info[1]}; use {known}"
    return None


def interpreter() -> Path:
    """The environment's Python. Raises UnavailableError when it is not installed."""
    if reason := available():
        raise UnavailableError(reason, "target loihi-sim", INSTALL)
    return folder() / "bin" / "python"


def install(progress: Callable[[str], None] = lambda line: None) -> None:
    """Make the environment unless it is there; concurrent calls make one, a broken call leaves none.

    Raises UnavailableError where it cannot exist or its packages cannot be had, EnvironmentFailureError when the disk
    is full.
    """
    if reason := unsupported():
        raise UnavailableError(reason, "target loihi-sim", "install neurodeploy under a Python that Lava runs on")
    place = folder()
    with locked(place.parent):
        if (place / COMPLETE).exists():
            progress(f"Lava environment is already in {place}")
            return
        for left in place.parent.glob(".loihi-sim-*"):
            shutil.rmtree(left, ignore_errors=True)
        progress(f"making the Lava environment in {place}")
        with new_folder(place) as building:
            fill(building, progress)
    progress("Lava environment is ready")


@contextmanager
def locked(parent: Path) -> Generator[None]:
    """Hold the one lock of installations in ``parent``."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        handle = (parent / "loihi-sim.lock").open("w")
    except OSError as error:
        remedy = "set NEURODEPLOY_HOME to a folder you can write to"
        raise EnvironmentFailureError(f"cannot write: {error.strerror}", str(parent), remedy) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fill(building: Path, progress: Callable[[str], None]) -> None:
    """Packages, then the mark of completeness."""
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(building)
    except subprocess.CalledProcessError as error:
        reason = "Python's venv module cannot make an environment here (is ensurepip installed?)"
        raise UnavailableError(reason, "target loihi-sim", "install Python's venv package") from error
    progress("downloading lava-nc 0.10.0, lava-dl 0.6.0 and what they need (about 130 MB)")
    options = ("--require-hashes", "--no-deps", "--ignore-requires-python", "--only-binary=:all:", "--no-input")
    pip = (str(building / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", *options)
    done = subprocess.run((*pip, "-r", str(REQUIREMENTS)), capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        remedy = "check the network and pip's configuration, then install again"
        if "No space left" in last:
            raise EnvironmentFailureError(f"disk full while installing Lava:\n  {last}", str(building.parent), remedy)
        raise UnavailableError(f"pip could not install Lava:\n  {last}", "target loihi-sim", remedy)
    for packages in building.glob("lib/python*/site-packages"):
        shutil.rmtree(packages / "tests", ignore_errors=True)
    (building / COMPLETE).touch()


def remove() -> None:
    """Delete the environment."""
    with locked(folder().parent), contextlib.suppress(FileNotFoundError):
        (folder() / COMPLETE).unlink()
        shutil.rmtree(folder())
