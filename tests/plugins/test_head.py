"""The head of another package: runs are read out by it, by its name, on every rung."""

import json
from pathlib import Path

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.network.file import write_network
from tests.cli.support import call


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three lines, each with a neuron; in sample n line n spikes in step n, in the last one none."""
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    lines = build.linear("fc", build.input("input", (3,)), np.eye(3))
    build.output("output", build.integrate("out", lines, 0.5))
    monkeypatch.chdir(tmp_path)
    write_network(build.build(), tmp_path / "model.nir")
    shown = np.zeros((4, 100, 3), np.float32)
    for sample, (neuron, step) in enumerate(((2, 3), (1, 64), (0, 99))):
        shown[sample, step, neuron] = 1
    np.savez(tmp_path / "stimulus.npz", input=shown)
    return Path("model.nir")


@pytest.mark.usefixtures("importable")
def test_a_run_is_read_out_by_it(model: Path, tmp_path: Path) -> None:
    how = ("--input", "stimulus.npz", "--batch", "--head", "first-spike,silent=9", "--head-out", "first.json")
    for rung in ("network", "minichip"):
        ran = call("run", model, "--on", rung, *how, "--json")
        assert ran.code == 0, ran.err
        expected = {"head": "first-spike", "settings": {"silent": 9}, "samples": [2, 1, 0, 9]}
        assert ran.data["task"] == expected
        assert json.loads((tmp_path / "first.json").read_text()) == {"rung": rung, **expected}


@pytest.mark.usefixtures("importable")
def test_one_that_fails_is_named_and_stops_no_other(model: Path) -> None:
    ran = call("run", model, "--head", "broken")
    assert ran.code == 4
    assert "head broken: its bind failed with RuntimeError: its table is lost" in ran.err
    assert call("inspect", model, "--json").data["heads"].keys() == {"spike-count-argmax", "first-spike"}
