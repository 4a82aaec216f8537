"""A producer profile of another package reads its files as their framework steps them."""

from pathlib import Path

import nir
import numpy as np
import pytest

from neurodeploy.trace import Trace
from tests.cli.support import call, refused
from tests.plugins.conftest import Command

WEIGHTS = np.array([[1.0, 0.5], [0.25, 0.75], [-0.5, 1.5]])
TAU_MS = np.full(3, 2.0)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file as the exporter of Pulse writes it."""
    half = np.float16
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "fc": nir.Linear(WEIGHTS.astype(half)),
        "pulse": nir.LIF(TAU_MS.astype(half), np.ones(3, half), np.zeros(3, half), np.ones(3, half), np.zeros(3, half)),
        "output": nir.Output({"output": np.array([3])}),
    }
    edges = [("input", "fc"), ("fc", "pulse"), ("pulse", "output")]
    nir.write(tmp_path / "pulse.nir", nir.NIRGraph(nodes, edges, type_check=False))
    return Path("pulse.nir")


def by_hand(x: np.ndarray) -> np.ndarray:
    """The spikes of Pulse itself, ``(T, 3)`` for an input ``(T, 2)``."""
    v, spikes = np.zeros(3), []
    for step in x @ WEIGHTS.T:
        v = v + step - v * 0.5 / TAU_MS
        fired = v >= 1
        v = v - fired
        spikes.append(fired)
    return np.array(spikes)


@pytest.mark.usefixtures("importable")
def test_a_file_is_recognized(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("lint", written)
    assert result.code == 1
    assert "--profile pulse-2.0" in result.out


def test_its_files_are_stepped_as_the_framework_does(neurodeploy: Command, written: Path, tmp_path: Path) -> None:
    x = (np.random.default_rng(3).random((80, 2)) < 0.5).astype(np.float32)
    np.savez(tmp_path / "stimulus.npz", input=x)
    ran = neurodeploy(
        "run", written, "--profile", "pulse-2.0", "--on", "network", "--input", "stimulus.npz", "-o", "trace.npz"
    )
    assert ran.code == 0, ran.err
    spikes = Trace.load(tmp_path / "trace.npz")["pulse"].output[0]
    assert spikes.sum() > 50
    np.testing.assert_array_equal(spikes, by_hand(x))


def test_a_network_of_it_is_checked_to_a_target(neurodeploy: Command, written: Path) -> None:
    options = ("--profile", "pulse-2.0", "--target", "fixed")
    ran = neurodeploy("check", written, *options)
    assert ran.code == 0, ran.out + ran.err


@pytest.mark.usefixtures("importable")
def test_an_unknown_profile_is_told_with_those_there_are(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "pulse-2.0" in refused("inspect", written, "--profile", "pulse-3.0")
