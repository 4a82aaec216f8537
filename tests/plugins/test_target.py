"""A target of another package exports, runs and is checked like one of ours."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.bundle import renew_digests
from neurodeploy.contract import Terms
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.trace import Trace
from tests.cli.support import call, refused
from tests.plugins.conftest import Command


def network(path: Path, **terms: object) -> None:
    """Leaky neurons with a current, feedback one step late, and a delay; weights of both signs."""
    rng = np.random.default_rng(7)
    build = NetworkBuilder(Terms(dt=1e-3))
    source = build.input("input", (6,), InputRange(0.0, 1.0, 1.0))
    drive = build.linear("fc1", source, rng.integers(-6, 12, (20, 6)) / 8)
    hidden = build.cuba_lif("hidden", drive, tau_syn=4e-3, tau_mem=8e-3, threshold=1.25, v_leak=0.125, **terms)
    late = build.delay("late", hidden, 2e-3)
    summed = build.linear("fc2", late, rng.integers(-4, 8, (5, 20)) / 8)
    readout = build.lif("readout", summed, tau=6e-3, threshold=0.75, reset="subtract")
    loop = build.linear("loop", readout, rng.integers(-8, 2, (20, 5)) / 8)
    build.connect(loop, "hidden")
    build.output("output", readout)
    write_network(build.build(), path)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    network(tmp_path / "model.nir")
    rng = np.random.default_rng(1)
    np.savez(tmp_path / "stimulus.npz", input=(rng.random((4, 60, 6)) < 0.4).astype(np.float32))
    return Path("model.nir")


@pytest.mark.usefixtures("importable")
def test_is_listed_with_its_options() -> None:
    entry = call("targets", "--json").data["toychip"]
    assert entry["reason"] is None
    assert entry["options"]["neurons-per-core"]["default"] == "256"


def test_agrees_with_the_program_in_every_spike_and_state(neurodeploy: Command, model: Path) -> None:
    """Nothing of ours computed its side: agreement is that of two implementations."""
    ran = neurodeploy("check", model, "--target", "toychip", "--input", "stimulus.npz", "--batch", "--json")
    assert ran.code == 0, ran.out + ran.err
    rung = ran.data["rungs"][-1]
    assert (rung["to"], rung["verdict"]) == ("toychip", "agree")
    assert rung["evidence"]["independent"]
    assert all(node["expected_spikes"] > 50 for node in rung["nodes"].values())


def test_runs_and_records_states(neurodeploy: Command, model: Path, tmp_path: Path) -> None:
    options = ("--on", "toychip", "--input", "stimulus.npz", "--batch", "--states", "-o", "trace.npz")
    ran = neurodeploy("run", model, *options)
    assert ran.code == 0, ran.err
    trace = Trace.load(tmp_path / "trace.npz")
    assert trace["hidden"].output.shape == (4, 60, 20)
    assert trace["hidden"].v is not None


def test_what_it_exports_is_what_it_runs(neurodeploy: Command, model: Path, tmp_path: Path) -> None:
    """A synapse that is changed in the exported files makes the check diverge at the neurons behind it."""
    ran = neurodeploy("export", model, "--target", "toychip", "-O", "neurons-per-core=8", "-o", "out", "--json")
    assert ran.code == 0, ran.err
    assert "4 cores of 8 neurons" in ran.data["report"]["notes"]
    chip = json.loads((tmp_path / "out/target/chip.json").read_text())
    assert {name: core["count"] for name, core in chip["neurons"].items()} == {"hidden": 20, "readout": 5}
    place = next(each["table"] for each in chip["synapses"] if (each["from"], each["to"]) == ("hidden", "readout"))
    table = np.load(tmp_path / "out/target" / place)
    table[3] += 40
    np.save(tmp_path / "out/target" / place, table)
    renew_digests(tmp_path / "out")
    ran = neurodeploy("check", "out", "--input", "stimulus.npz", "--batch", "--json")
    assert (ran.code, ran.data["error"]["what"][:36]) == (2, "is not what its program gives, and t")
    ran = neurodeploy("check", "out", "--input", "stimulus.npz", "--batch", "--trust-sources", "--json")
    assert ran.code == 1
    rung = ran.data["rungs"][-1]
    assert rung["first_divergence"]["node"] == "readout"
    assert rung["nodes"]["hidden"]["isolated_mismatches"] == 0
    assert [culprit["node"] for culprit in rung["causes"]["culprits"]] == ["readout"]
    small = neurodeploy(
        "reduce", "out", "--input", "stimulus.npz", "--batch", "--trust-sources", "-o", "case", "--json"
    )
    assert small.code == 0, small.err
    assert small.data["after"]["samples"] == 1 and small.data["after"]["events"] < small.data["before"]["events"] // 20
    assert neurodeploy(*shlex.split(small.data["command"])[1:]).code == 1


@pytest.mark.usefixtures("importable")
def test_a_design_rule_refuses_what_the_chip_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    network(tmp_path / "model.nir", v_min=0.0)
    message = refused("export", "model.nir", "--target", "toychip", "-o", "out", code=3)
    assert "error[toychip-plain-neurons] hidden" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("importable")
def test_an_option_without_meaning_is_refused(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    message = refused("export", model, "--target", "toychip", "-O", "neurons-per-core=none", "-o", "out")
    assert "-O neurons-per-core: 'none' is no number of neurons" in message
