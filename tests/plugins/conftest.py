"""The plug-in packages of this folder, installed as a user would install them, beside the neurodeploy under test."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = ("toychip", "minichip", "pulse", "q16", "firstspike")


@dataclass(frozen=True)
class Ran:
    """Exit code, standard output and standard error of one command."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ran]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed the packages, without a network and without touching the environment."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
    alone = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    done = subprocess.run([*pip, *alone, *(str(HERE / name) for name in PACKAGES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def importable(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plug-ins are installed for this process too."""
    _forget(site)  # what another test imported by these names
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    yield
    _forget(site)


def _forget(site: Path) -> None:
    packages = {place.name for place in site.iterdir()}
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]


@pytest.fixture
def neurodeploy(site: Path, tmp_path: Path) -> Command:
    """The command line in a process of its own, with the plug-ins installed, in a folder of this test."""
    place = {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}

    def call(*arguments: object) -> Ran:
        command = [sys.executable, "-m", "neurodeploy", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=os.environ | place, capture_output=True, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return call
