"""The Lava environment: a virtual environment of its own, made once, from exact versions with hashes.

Lava is archived and pins Python, numpy and networkx far below today's; it lives apart from the user's packages.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from neurodeploy.atomic import new_folder
from neurodeploy.environments import COMPLETE, home, install_pinned, locked, new_environment
from neurodeploy.errors import UnavailableError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PYTHONS = ((3, 11), (3, 12), (3, 13))
INSTALL = "run: neurodeploy targets install loihi-sim"


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
    with locked(place.parent, "loihi-sim"):
        if (place / COMPLETE).exists():
            progress(f"Lava environment is already in {place}")
            return
        for left in place.parent.glob(".loihi-sim-*"):
            shutil.rmtree(left, ignore_errors=True)
        progress(f"making the Lava environment in {place}")
        with new_folder(place) as building:
            fill(building, progress)
    progress("Lava environment is ready")


def fill(building: Path, progress: Callable[[str], None]) -> None:
    """Packages, then the mark of completeness."""
    new_environment(building, "target loihi-sim")
    progress("downloading lava-nc 0.10.0, lava-dl 0.6.0 and what they need (about 130 MB)")
    install_pinned(building, REQUIREMENTS, "Lava", "target loihi-sim", ("--ignore-requires-python",))
    for packages in building.glob("lib/python*/site-packages"):
        shutil.rmtree(packages / "tests", ignore_errors=True)
    (building / COMPLETE).touch()


def remove() -> None:
    """Delete the environment."""
    with locked(folder().parent, "loihi-sim"), contextlib.suppress(FileNotFoundError):
        (folder() / COMPLETE).unlink()
        shutil.rmtree(folder())
