"""The environment of xylosim: apart from the project's own, made once where it is first needed, beside Lava's."""

# pyright: reportMissingImports=false, reportUnknownArgumentType=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from neurodeploy.atomic import new_folder
from neurodeploy.environments import home, locked

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
COMPLETE = "complete"
TIMEOUT = 900.0
OPTIONS = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input", "--no-deps")


def unavailable() -> str | None:
    """Why xylosim cannot be built here, or None."""
    compiler = os.environ.get("CXX", "g++").split()[0]
    if shutil.which(compiler) is None:
        return "xylosim is C++ and there is no C++ compiler (Debian: apt-get install g++)"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "xylosim is built with Python's headers, which are missing (Debian: apt-get install python3-dev)"
    return None


def interpreter() -> Path:
    """The Python that has xylosim; made if it is missing, once for all processes.

    Raises RuntimeError with pip's own words where it cannot be made.
    """
    name = hashlib.sha256(REQUIREMENTS.read_bytes() + repr(sys.version_info[:2]).encode()).hexdigest()[:12]
    place = home() / f"xylosim-{name}"
    if not (place / COMPLETE).exists():
        with locked(place.parent):
            if not (place / COMPLETE).exists():
                with new_folder(place) as building:
                    _fill(building)
    return place / "bin" / "python"


def _fill(building: Path) -> None:
    """The build tools first: xylosim's own build must find exactly those."""
    venv.EnvBuilder(with_pip=True, symlinks=True).create(building)
    *tools, xylosim = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    _install(building, tools, "--only-binary=:all:")
    _install(building, [xylosim], "--no-build-isolation")
    (building / COMPLETE).touch()


def _install(building: Path, lines: list[str], option: str) -> None:
    with tempfile.TemporaryDirectory(prefix="xylosim-") as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("\n".join(lines))
        command = [str(building / "bin" / "python"), *OPTIONS, "--require-hashes", option, "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode:
        raise RuntimeError("pip could not install xylosim:\n" + "\n".join(done.stderr.strip().splitlines()[-15:]))
