"""Which code and which versions a count is about."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.proof.emulator import bochs

ROOT = Path(__file__).resolve().parents[2]
DRAWN = tuple(f"tests/engine/{each}.py" for each in ("every", "extremes", "maps", "toolchains"))
JUDGED = ("neurodeploy", "targets", "models", "tests/proof", "tests/blind", "tests/xylo", *DRAWN)
PACKAGES = ("numpy", "torch", "ziglang")
COMPILER, SIMULATOR, EMULATOR = "gcc", "lava-nc", "bochs"


@dataclass(frozen=True)
class Stamp:
    """A digest of every source file, the versions it ran with, and the commit it belongs to."""

    sources: str
    versions: tuple[tuple[str, str], ...]
    commit: str

    @property
    def key(self) -> str:
        """Counts under equal keys may be added up."""
        return hashlib.sha256(json.dumps([self.sources, self.versions]).encode()).hexdigest()[:16]


def current_stamp() -> Stamp:
    """The stamp of the checkout as it is now."""
    return Stamp(_sources(), _versions(), _commit())


def _sources() -> str:
    digest = hashlib.sha256()
    for folder in JUDGED:
        for path in sorted((ROOT / folder).rglob("*")) or [ROOT / folder]:
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
                digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _versions() -> tuple[tuple[str, str], ...]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    found[COMPILER] = _compiler()
    found[SIMULATOR] = _simulator()
    found[EMULATOR] = bochs.version()
    return tuple(found.items())


def _compiler() -> str:
    try:
        done = subprocess.run([COMPILER, "-dumpfullversion"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return done.stdout.strip()


def _simulator() -> str:
    """Lava lives in an environment of its own; the name of its metadata folder tells the version."""
    home = Path(os.environ.get("NEURODEPLOY_HOME") or Path(sys.prefix) / "share" / "neurodeploy")
    found = sorted({path.name.split("-")[1] for path in home.rglob("lava_nc-*.dist-info")})
    return ", ".join(each.removesuffix(".dist") for each in found) or "none"


def _commit() -> str:
    """The commit, with a plus where the sources differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", *JUDGED, ":!*.md")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "none"
