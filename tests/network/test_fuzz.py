"""A slice of the damaged files that ``make proof`` counts by the thousand."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurodeploy.contract import Contract
from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.frontends.nir_file import load_nir
from neurodeploy.network.hdf5 import read_tree
from neurodeploy.reading import hdf5
from tests.proof.cases.fuzz import count, damage, whole


@pytest.mark.parametrize("first", [0, 50, 100])
def test_damaged_files_are_read_or_refused(first: int) -> None:
    counts = count(range(first, first + 50))
    assert counts.failed == (), counts.tallies
    assert sum(n for told, n in counts.tallies.items() if told.endswith("refused")) > 20


@pytest.mark.parametrize("seed", [4414, 5434])
def test_a_shape_that_is_no_number_is_refused(seed: int) -> None:
    assert count(range(seed, seed + 1)).tallies == {"wrong-type refused": 1}


@pytest.mark.parametrize("contract", [True, False])
def test_the_sound_file_is_loaded(tmp_path: Path, contract: bool) -> None:
    path = tmp_path / "whole.nir"
    path.write_bytes(whole(contract))
    network = load_nir(path, Contract())
    assert ("cuba" if contract else "sub.cuba") in network.populations


def test_the_same_seed_is_the_same_damage(tmp_path: Path) -> None:
    kinds = {damage(seed, tmp_path / "a.nir") for seed in range(10)}
    assert len(kinds) == 10


def test_the_next_file_is_read_after_one_that_ends_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "good.nir"
    path.write_bytes(whole(True))
    assert "node" in read_tree(path)
    reader = hdf5.READER._process
    assert reader is not None
    reader.kill()
    reader.wait()
    assert "node" in read_tree(path)


def test_a_reader_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import os\nos.write(1, b'!')\nwhile True:\n    pass\n")
    path = tmp_path / "good.nir"
    path.write_bytes(whole(True))
    monkeypatch.setattr(hdf5, "CHILD", endless)
    monkeypatch.setattr(hdf5, "SECONDS", 0)
    monkeypatch.setattr(hdf5, "PATIENCE", 0.3)
    monkeypatch.setattr(hdf5, "READER", hdf5.Reader())
    with pytest.raises(InputError, match="never ends"):
        read_tree(path)


def test_a_reader_that_cannot_start_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "good.nir"
    path.write_bytes(whole(True))
    monkeypatch.setattr(hdf5, "CHILD", tmp_path / "missing.py")
    monkeypatch.setattr(hdf5, "READER", hdf5.Reader())
    with pytest.raises(EnvironmentFailureError, match="did not start"):
        read_tree(path)


def test_its_reader_stops_at_its_limit_of_time(tmp_path: Path) -> None:
    limited = "import neurodeploy.reading.hdf5_child as c; c.limit(0, 1 << 32)"
    ended = subprocess.run([sys.executable, "-c", f"{limited}\nwhile True: pass"], timeout=60, check=False)
    assert ended.returncode in (-signal.SIGXCPU, -signal.SIGALRM)  # the clock's limit comes first on a busy computer
