"""Calibration from Python and from the command line: export and check take a stimulus for it."""

import json

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.cli.app import run_verb
from neurodeploy.errors import InputError
from neurodeploy.network.file import write_network

from ..passes.networks import chain, events


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A network as a file, a stimulus to calibrate with, and another to check with."""
    network = chain(0)
    write_network(network, tmp_path / "net.nir")
    np.savez(tmp_path / "seen.npz", **events(network, 20, seed=1))
    np.savez(tmp_path / "new.npz", **events(network, 4, seed=2))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def worst(report):
    return min(node.jaccard for node in report.rungs[0].nodes.values())


def test_a_calibrated_bundle_keeps_more_spikes_and_its_target_is_still_exact(folder):
    options = {"weight_bits": 4}
    nd.export("net.nir", "fixed", "plain", options)
    bundle = nd.export("net.nir", "fixed", "calibrated", options, calibrate="seen.npz")
    plain, calibrated = (nd.check(name, "new.npz") for name in ("plain", "calibrated"))
    assert worst(calibrated) > worst(plain)
    assert calibrated.rungs[1].verdict == "agree"
    assert [entry["population"] for entry in bundle.report["calibration"]] == ["lif0", "lif1"]
    assert worst(nd.check("net.nir", "new.npz", targets=["fixed"], options=options, calibrate="seen.npz")) == worst(
        calibrated
    )


def test_the_command_line_writes_the_same_bundle(folder, capsys):
    command = ["export", "net.nir", "--target", "fixed", "-o", "out", "--calibrate", "seen.npz", "-O", "weight-bits=4"]
    assert run_verb([*command, "--json"]) == 0
    same = nd.export("net.nir", "fixed", "same", {"weight_bits": 4}, calibrate="seen.npz")
    assert json.loads(capsys.readouterr().out)["digest"] == same.digest


def test_a_stimulus_that_cannot_be_read_leaves_nothing_behind(folder, capsys):
    before = sorted(folder.iterdir())
    assert run_verb(["export", "net.nir", "--target", "fixed", "--calibrate", "gone.npz"]) == 2
    assert "gone.npz: there is no such file" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_bundle_is_quantized_already(folder):
    nd.export("net.nir", "fixed", "out")
    with pytest.raises(InputError, match="--calibrate: a bundle is quantized already"):
        nd.check("out", "new.npz", calibrate="seen.npz")
