"""The peers' own environments: one virtual environment each, made on request, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.atomic import new_folder
from neurodeploy.errors import InputError, UnavailableError

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
COMPLETE = "complete"
HEAVY = ("nvidia-", "cuda-", "triton")
TORCH = ("torch==2.13.0", "numpy")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Environment:
    """What pip installs: ``requirements`` with their dependencies, then ``alone`` without any."""

    name: str
    requirements: tuple[str, ...]
    alone: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lies, named for its content and its Python."""
        content = repr((self.requirements, self.alone, sys.version_info[:2]))
        return home() / f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("torch", TORCH),
        Environment("norse", (*TORCH, "torchvision==0.28.0", "norse==1.1.0")),
        # Of what it declares, single-step nodes import these only; the rest is for data sets, plots and audio.
        Environment("spikingjelly", (*TORCH, "tqdm", "loguru"), ("spikingjelly==2.0.0",)),
        Environment("xylosim", ("xylosim==0.1.3", "numpy")),
    )
}


def home() -> Path:
    """``$NEURODEPLOY_HOME/benchmarks``, else in the environment that runs this."""
    if folder := os.environ.get("NEURODEPLOY_HOME"):
        return Path(folder).expanduser().resolve() / "benchmarks"
    return Path(sys.prefix) / "share" / "benchmarks"


def remedy(name: str) -> str:
    """The command that makes it."""
    return f"run: python -m benchmarks install {name}"


def interpreter(name: str) -> Path:
    """The environment's Python. Raises UnavailableError where it is not installed."""
    folder = ENVIRONMENTS[name].folder
    if not (folder / COMPLETE).exists():
        raise UnavailableError(f"its environment is not installed; {remedy(name)}", name, remedy(name))
    return folder / "bin" / "python"


def install(name: str, progress: Progress) -> None:
    """Make a peer's environment unless it is there. Raises InputError for an unknown name, and as ``make`` does."""
    if name not in ENVIRONMENTS:
        raise InputError(f"there is no peer {name!r}", "install", f"choose: {', '.join(ENVIRONMENTS)}")
    make(ENVIRONMENTS[name], progress)


def make(environment: Environment, progress: Progress) -> Path:
    """The Python of an environment, made unless it is there.

    Raises UnavailableError where pip fails or would bring accelerator libraries.
    """
    python = environment.folder / "bin" / "python"
    if (environment.folder / COMPLETE).exists():
        progress(f"{environment.name} is already in {environment.folder}")
        return python
    progress(f"making the environment of {environment.name} in {environment.folder}")
    with new_folder(environment.folder) as building:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(building)
        _fill(environment, building)
        (building / COMPLETE).touch()
    progress(f"{environment.name} is ready")
    return python


def _fill(environment: Environment, building: Path) -> None:
    plan = building / "plan.json"
    requirements = (*environment.requirements, "-c", str(CONSTRAINTS))
    _pip(environment, building, "--dry-run", "--report", str(plan), *requirements)
    refuse_heavy(environment.name, [package["metadata"]["name"] for package in json.loads(plan.read_text())["install"]])
    _pip(environment, building, *requirements)
    if environment.alone:
        _pip(environment, building, "--no-deps", *environment.alone)


def refuse_heavy(name: str, packages: Sequence[str]) -> None:
    """Raises UnavailableError where pip would install accelerator libraries, which no peer here uses."""
    heavy = [package for package in packages if package.lower().startswith(HEAVY)]
    if heavy:
        reason = f"pip would install accelerator libraries ({', '.join(heavy[:3])}{', ...' if heavy[3:] else ''})"
        raise UnavailableError(reason, name, "have pip find PyTorch's builds for the CPU, then install again")


def _pip(environment: Environment, building: Path, *arguments: str) -> None:
    pip = (str(building / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "-q")
    done = subprocess.run([*pip, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise UnavailableError(f"pip failed:\n  {last}", environment.name, "check the network, then install again")
