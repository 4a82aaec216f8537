"""The environment of SANA-FE: it is GPL, so it is never imported by us; a process of its own reads and writes files."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from neurodeploy.atomic import new_folder
from neurodeploy.environments import COMPLETE, home, install_pinned, locked, new_environment
from neurodeploy.errors import UnavailableError

NAME, VERSION = "sana-fe", "2.2.9"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PYTHONS = ((3, 11), (3, 12), (3, 13))
INSTALL = f"neurodeploy targets install {NAME}"


def folder() -> Path:
    """The environment's folder, named for its requirements and its Python."""
    content = REQUIREMENTS.read_bytes() + repr(sys.version_info[:2]).encode()
    return home() / f"{NAME}-{hashlib.sha256(content).hexdigest()[:12]}"


def unavailable() -> str | None:
    """None when the environment is there, else the reason."""
    if reason := unsupported():
        return reason
    return None if (folder() / COMPLETE).exists() else f"SANA-FE is not installed; {INSTALL}"


def unsupported() -> str | None:
    """Why the environment cannot exist under this Python or system."""
    if sys.platform != "linux":
        return f"no wheel of SANA-FE {VERSION} is pinned for this system"
    if sys.version_info[:2] not in PYTHONS:
        return f"no wheel of SANA-FE {VERSION} is pinned for Python {sys.version_info[0]}.{sys.version_info[1]}"
    return None


def interpreter() -> Path:
    """The environment's Python. Raises UnavailableError when it is not installed."""
    if reason := unavailable():
        raise UnavailableError(reason, NAME, INSTALL)
    return folder() / "bin" / "python"


def install(progress: Callable[[str], None] = lambda line: None) -> None:
    """Make the environment unless it is there; a broken call leaves none.

    Raises UnavailableError where it cannot exist or pip fails, EnvironmentFailureError when the disk is full.
    """
    if reason := unsupported():
        raise UnavailableError(reason, NAME, "install neurodeploy under Python 3.11, 3.12 or 3.13 on Linux")
    place = folder()
    with locked(place.parent, NAME):
        if (place / COMPLETE).exists():
            progress(f"SANA-FE is already in {place}")
            return
        for left in place.parent.glob(f".{NAME}-*"):
            shutil.rmtree(left, ignore_errors=True)
        progress(f"installing SANA-FE {VERSION} in {place}")
        with new_folder(place) as building:
            new_environment(building, NAME)
            install_pinned(building, REQUIREMENTS, "SANA-FE", NAME)
            (building / COMPLETE).touch()
    progress("SANA-FE is ready")
