"""The environment of xylosim, made once: it is C++ without wheels for today's Python, so it is built here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from neurodeploy.atomic import new_folder
from neurodeploy.environments import COMPLETE, home, install_pinned, locked, new_environment
from neurodeploy.errors import UnavailableError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
NAME = "xylo-sim"
INSTALL = f"neurodeploy targets install {NAME}"
BUILD_SECONDS = 900.0


def folder() -> Path:
    """The environment's folder, named for its requirements and its Python."""
    content = REQUIREMENTS.read_bytes() + repr(sys.version_info[:2]).encode()
    return home() / f"xylosim-{hashlib.sha256(content).hexdigest()[:12]}"


def available() -> str | None:
    """None when the environment is there, else the reason and what to do."""
    if (folder() / COMPLETE).exists():
        return None
    return unsupported() or f"xylosim is not installed; run: {INSTALL}"


def unsupported() -> str | None:
    """Why xylosim cannot be built here, or None."""
    compiler = os.environ.get("CXX", "g++").split()[0]
    if shutil.which(compiler) is None:
        return "xylosim is C++ and there is no C++ compiler (Debian: apt-get install g++)"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "xylosim is built with Python's headers, which are missing (Debian: apt-get install python3-dev)"
    return None


def interpreter() -> Path:
    """The environment's Python. Raises UnavailableError when it is not installed."""
    if reason := available():
        raise UnavailableError(reason, f"target {NAME}", INSTALL)
    return folder() / "bin" / "python"


def install(progress: Callable[[str], None] = lambda line: None) -> None:
    """Make the environment unless it is there; concurrent calls make one, a broken call leaves none.

    Raises UnavailableError where it cannot be built or its packages cannot be had, EnvironmentFailureError when the
    disk is full.
    """
    place = folder()
    with locked(place.parent, NAME):
        if (place / COMPLETE).exists():
            progress(f"xylosim is already in {place}")
            return
        if reason := unsupported():
            raise UnavailableError(reason, f"target {NAME}", "install what is missing, then install again")
        for left in place.parent.glob(".xylosim-*"):
            shutil.rmtree(left, ignore_errors=True)
        progress(f"building xylosim 0.1.3 in {place}")
        with new_folder(place) as building:
            _fill(building)
    progress("xylosim is ready")


def _fill(building: Path) -> None:
    """The build tools first: xylosim's own build must find exactly those."""
    new_environment(building, f"target {NAME}")
    *tools, xylosim = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    with tempfile.TemporaryDirectory(prefix="xylosim-") as scratch:
        wanted = Path(scratch) / "requirements.txt"
        wanted.write_text("\n".join(tools))
        install_pinned(building, wanted, "xylosim's build tools", f"target {NAME}")
        wanted.write_text(xylosim)
        _build(building, wanted)
    (building / COMPLETE).touch()


def _build(building: Path, requirements: Path) -> None:
    """xylosim from its sources, of exactly the digest that is named."""
    pip = (str(building / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-input")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--require-hashes", "-r", str(requirements))
    try:
        done = subprocess.run((*pip, *options), capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        problem = f"xylosim was not built within {BUILD_SECONDS:g} s"
        raise UnavailableError(problem, f"target {NAME}", "install again with less beside it") from error
    if done.returncode:
        last = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        problem = f"pip could not build xylosim:\n  {last}"
        raise UnavailableError(problem, f"target {NAME}", "check the network, the compiler and pip's configuration")
