"""What goes to standard output and what does not."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.capabilities import Capabilities
from neurodeploy.finding import Finding
from neurodeploy.numerics import LOIHI2
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Trace
from tests.cli.support import call, process


def test_check_prints_the_documented_object(bundle: Path) -> None:
    result = call("check", bundle, "--json")
    assert result.code == 0
    assert result.err == ""
    report = result.data
    assert report["verdict"] == "agree"
    assert [(rung["from"], rung["to"]) for rung in report["rungs"]] == [("network", "program"), ("program", "fixed")]
    for rung in report["rungs"]:
        assert rung.keys() >= {"policy", "verdict", "latency", "nodes", "first_divergence"}
        assert rung["nodes"].keys() >= {"hidden", "readout"}
        node = rung["nodes"]["hidden"]
        assert node.keys() >= {"expected_spikes", "actual_spikes", "mismatches", "jaccard", "first"}
        assert node["expected_spikes"] == node["actual_spikes"] > 0
        assert (node["mismatches"], node["jaccard"], node["first"]) == (0, 1.0, None)
    assert report["coverage"]["hidden"].keys() >= {"neurons_fired", "synapses_active"}
    assert report["task"] is None


def test_a_divergence_has_the_documented_fields(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setattr("neurodeploy.target.load_entry", lambda entry: _installed(entry.name, _broken()))
    result = call("check", bundle, "--json")
    assert result.code == 1
    rung = result.data["rungs"][1]
    assert rung["verdict"] == "diverged"
    assert rung["first_divergence"]["node"] == "hidden"
    first = rung["nodes"]["hidden"]["first"]
    assert first.keys() >= {"step", "neuron", "expected", "actual", "margin_lsb"}
    assert (first["step"], first["neuron"], first["expected"], first["actual"]) == (0, [2], 0.0, 1.0)
    assert rung["first_divergence"]["margin_lsb"] <= 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "small.nir"),
        ("inspect", "small.nir", "--target", "fixed"),
        ("run", "small.nir", "--on", "program"),
        ("run", "small.nir", "-o", "t.npz", "-q"),
        ("check", "small.nir", "--target", "fixed"),
        ("export", "small.nir", "--target", "fixed"),
        ("targets",),
        ("models",),
    ],
    ids=" ".join,
)
def test_json_is_one_object_and_nothing_else(model: Path, arguments: tuple[str, ...]) -> None:
    result = call(*arguments, "--json")
    assert result.code == 0
    assert result.data
    assert result.out.count("\n") == 1
    assert result.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "small.nir"),
        ("run", "small.nir"),
        ("check", "small.nir", "--target", "fixed"),
        ("export", "small.nir", "--target", "fixed"),
        ("targets",),
        ("models",),
    ],
    ids=" ".join,
)
def test_quiet_is_silent(model: Path, arguments: tuple[str, ...]) -> None:
    result = call(*arguments, "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_findings_go_to_standard_error(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    noisy = Finding("odd", "warning", "hidden", "something is odd", "look")
    target = _target(lambda program, options: Artifact(program, findings=(noisy,)))
    monkeypatch.setattr("neurodeploy.target.load_entry", lambda entry: _installed(entry.name, target))
    result = call("export", model, "--target", "fixed", "--json")
    assert result.code == 0
    assert result.data["report"]["findings"] == [noisy.to_json()]
    assert result.err == f"{noisy}\n"
    assert call("check", "small.fixed", "--json").data["findings"] == [noisy.to_json()]


def test_what_a_factory_prints_does_not_mix_with_results(folder: Path) -> None:
    import torch
    from torch import nn

    Path("chatty.py").write_text(
        "import torch, norse.torch as n\nprint('hello')\n"
        "def net():\n    print('building')\n    return torch.nn.Sequential(torch.nn.Linear(2, 2), n.LIFBoxCell())\n"
    )
    torch.save(nn.Sequential(nn.Linear(2, 2)).state_dict(), "chatty.pt")
    done = process("inspect", "chatty.pt", "--module", "chatty:net", "--input-shape", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["nodes"]["1"]["type"] == "LIF"
    assert "building" in done.stderr


def test_people_see_verdict_and_nodes(bundle: Path) -> None:
    told = call("check", bundle).out
    assert "verdict: agree" in told
    assert "network → program" in told
    assert "hidden" in told


def test_run_tells_where_it_wrote(bundle: Path) -> None:
    result = call("run", bundle, "-o", "t.npz", "--json")
    assert result.data["trace"] == "t.npz"
    assert Trace.load(Path("t.npz"))["hidden"].output.shape == (1, 100, 4)
    with np.load("t.npz") as file:
        assert file["hidden.spikes"].shape == (100, 4)
        assert file["hidden.spikes"].dtype == np.uint8
        assert json.loads(str(file["meta"]))["bundle"] == call("inspect", bundle, "--json").data["digest"]


def _target(lower) -> Target:
    def run(artifact, stimulus, *, states=False, drive=None):
        return run_program(artifact.program, stimulus, states, drive)

    return Target("fixed", "a test", LOIHI2, Capabilities(), lower, run)


def _broken() -> Target:
    """Its hidden neuron 2 fires in step 0 of every run, whatever it receives."""

    def run(artifact, stimulus, *, states=False, drive=None):
        trace = run_program(artifact.program, stimulus, states, drive)
        trace["hidden"].output[:, 0, 2] = 1
        return trace

    return Target("fixed", "a test", LOIHI2, Capabilities(), lambda program, options: Artifact(program), run)


def _installed(name: str, target: Target):
    from neurodeploy.target import Installed

    return Installed(name, target, None)
