"""The numerics of another package: networks are quantized to them, and they run on the targets that take any."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.trace import Trace
from tests.plugins.conftest import Command

CHOICE = ("--target", "fixed", "-O", "numerics=q16")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two leaky layers, and a stimulus that makes both fire."""
    rng = np.random.default_rng(5)
    build = NetworkBuilder(Terms(dt=1e-3))
    source = build.input("input", (4,), InputRange(0.0, 1.0, 1.0))
    drive = build.linear("fc", source, rng.integers(-4, 10, (12, 4)) / 8)
    spikes = build.lif("hidden", drive, tau=5e-3, threshold=0.5, r=5.0)
    summed = build.linear("sum", spikes, rng.integers(-1, 4, (2, 12)) / 8)
    build.output("output", build.lif("readout", summed, tau=9e-3, threshold=1.0, r=9.0, reset="subtract"))
    write_network(build.build(), tmp_path / "model.nir")
    np.savez(tmp_path / "stimulus.npz", input=(rng.random((100, 4)) < 0.4).astype(np.float32))
    return Path("model.nir")


def test_a_network_is_quantized_to_it(neurodeploy: Command, model: Path, tmp_path: Path) -> None:
    ran = neurodeploy("export", model, *CHOICE, "-o", "out")
    assert ran.code == 0, ran.err
    numerics = json.loads((tmp_path / "out/program.json").read_text())["numerics"]
    assert (numerics["name"], numerics["membrane_bits"], numerics["state_shift"]) == ("q16", 16, 4)


def test_compiled_code_and_the_reference_agree_under_it(neurodeploy: Command, model: Path) -> None:
    ran = neurodeploy("check", model, *CHOICE, "--input", "stimulus.npz", "--json")
    assert ran.code == 0, ran.out + ran.err
    rung = ran.data["rungs"][-1]
    assert (rung["to"], rung["verdict"]) == ("fixed", "agree")
    assert all(node["expected_spikes"] > 50 for node in rung["nodes"].values())


def test_states_stay_within_16_bits(neurodeploy: Command, model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "ones.npz", input=np.ones((200, 4), np.float32))
    ran = neurodeploy("run", model, "--on", "fixed", *CHOICE[2:], "--input", "ones.npz", "--states", "-o", "t.npz")
    assert ran.code == 0, ran.err
    trace = Trace.load(tmp_path / "t.npz")
    for name in ("hidden", "readout"):
        assert 0 < np.abs(trace[name].v).max() < 1 << 15
