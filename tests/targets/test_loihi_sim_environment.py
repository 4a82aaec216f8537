"""Lava's environment is made once and whole, or not at all; and its absence is told without touching Lava."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET, environment

from neurodeploy.errors import UnavailableError
from neurodeploy.program import Population, Projection
from neurodeploy.stimulus import Stimulus
from tests.targets.loihi_sim_support import lava, program, weights

NET = program([Population("n", (5,), threshold=40)], [Projection("w", "input", "n", "dense", weights(5, 6))])


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home."""
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path))
    return tmp_path


def test_installed_is_available_and_installing_again_does_nothing(lava: None) -> None:
    assert TARGET.available() is None
    before = (environment.folder() / environment.COMPLETE).stat().st_mtime_ns
    told: list[str] = []
    environment.install(told.append)
    assert (environment.folder() / environment.COMPLETE).stat().st_mtime_ns == before
    assert "already" in told[0]


def test_the_environment_holds_what_is_pinned_and_no_stray_tests_package(lava: None) -> None:
    script = (
        "import importlib.metadata as m, importlib.util as u\n"
        "print(m.version('numpy'), m.version('lava-nc'), u.find_spec('tests'))"
    )
    told = subprocess.run([environment.interpreter(), "-I", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["2.3.5", "0.10.0", "None"]


def test_absence_names_the_command(elsewhere: Path) -> None:
    reason = TARGET.available()
    assert reason is not None
    assert "neurodeploy targets install loihi-sim" in reason
    with pytest.raises(UnavailableError, match="targets install loihi-sim") as caught:
        TARGET.run(TARGET.lower(NET, {}), Stimulus({"input": np.ones((1, 2, 6))}))
    assert caught.value.exit_code == 4


def test_asking_starts_no_process_and_imports_no_lava(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asking started a process")

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    TARGET.available()
    assert "lava" not in sys.modules


def test_an_unsupported_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    version = namedtuple("version", "major minor micro")
    monkeypatch.setattr(environment.sys, "version_info", version(3, 14, 0))
    assert TARGET.available() == "Lava 0.10.0 cannot be installed under Python 3.14; use 3.11, 3.12, 3.13"
    with pytest.raises(UnavailableError, match=r"Python 3\.14"):
        environment.install()


def test_a_failed_installation_tells_pips_own_words_and_leaves_nothing(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = elsewhere / "wrong.txt"
    wrong.write_text(f"asteval==1.0.10 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", wrong)
    with pytest.raises(UnavailableError, match="pip could not install Lava") as caught:
        environment.install()
    assert "Expected sha256 0000" in caught.value.what
    assert sorted(path.name for path in elsewhere.iterdir()) == ["loihi-sim.lock", "wrong.txt"]


def test_what_a_killed_installation_left_is_removed_by_the_next(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".loihi-sim-0.half").mkdir()
    monkeypatch.setattr(environment, "fill", lambda building, progress: (building / environment.COMPLETE).touch())
    environment.install()
    assert TARGET.available() is None
    assert not list(elsewhere.glob(".loihi-sim-*"))


def test_concurrent_installations_make_one(elsewhere: Path) -> None:
    script = (
        "import sys, time; from neurodeploy.targets.loihi_sim import environment as e\n"
        "def fill(building, progress):\n    time.sleep(0.5); (building / e.COMPLETE).touch(); print('made')\n"
        "e.fill = fill; e.install()"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=dict(os.environ)) for _ in range(2)
    ]
    assert [each.wait(30) for each in both] == [0, 0]
    told = b"".join(each.stdout.read() for each in both if each.stdout is not None)
    assert told.count(b"made") == 1


def test_home_follows_the_environment_then_the_venv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path / "given"))
    assert environment.home() == tmp_path / "given"
    monkeypatch.delenv("NEURODEPLOY_HOME")
    monkeypatch.setattr(environment.sys, "prefix", str(tmp_path))
    assert environment.home() == tmp_path / "share" / "neurodeploy"
    monkeypatch.setattr(environment.sys, "base_prefix", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert environment.home() == tmp_path / "data" / "neurodeploy"


__all__ = ["lava"]
