"""The numerics of another package: networks are quantized to them, and they run on the targets that take any."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.trace import Trace
from tests.plugins.conftest import HERE, ROOT, Command

MACHINES = {"q16": 16, "q4": 12}
"""The width of each machine's states."""


def choice(machine: str) -> tuple[str, ...]:
    return ("--target", "fixed", "-O", f"numerics={machine}")


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


@pytest.mark.parametrize(("machine", "width"), MACHINES.items())
def test_a_network_is_quantized_to_it(
    neurodeploy: Command, model: Path, machine: str, width: int, tmp_path: Path
) -> None:
    ran = neurodeploy("export", model, *choice(machine), "-o", "out")
    assert ran.code == 0, ran.err
    numerics = json.loads((tmp_path / "out/program.json").read_text())["numerics"]
    assert (numerics["name"], numerics["membrane_bits"], numerics["state_shift"]) == (machine, width, 4)


@pytest.mark.parametrize("machine", MACHINES)
def test_compiled_code_and_the_reference_agree_under_it(neurodeploy: Command, model: Path, machine: str) -> None:
    ran = neurodeploy("check", model, *choice(machine), "--input", "stimulus.npz", "--budget", "0.3", "--json")
    assert ran.code == 0, ran.out + ran.err
    rung = ran.data["rungs"][-1]
    assert (rung["to"], rung["verdict"]) == ("fixed", "agree")
    assert all(node["expected_spikes"] > 50 for node in rung["nodes"].values())


@pytest.mark.parametrize(("machine", "width"), MACHINES.items())
def test_states_stay_within_their_width(
    neurodeploy: Command, model: Path, machine: str, width: int, tmp_path: Path
) -> None:
    np.savez(tmp_path / "ones.npz", input=np.ones((200, 4), np.float32))
    ran = neurodeploy("run", model, "--on", *choice(machine)[1:], "--input", "ones.npz", "--states", "-o", "t.npz")
    assert ran.code == 0, ran.err
    trace = Trace.load(tmp_path / "t.npz")
    for name in ("hidden", "readout"):
        assert 0 < np.abs(np.asarray(trace[name].v)).max() < 1 << (width - 1)


def test_the_page_shows_these_machines_and_what_they_compute() -> None:
    page = (ROOT / "docs/numerics.md").read_text()
    package: dict[str, Any] = {}
    exec((HERE / "q16/src/q16_numerics/__init__.py").read_text(), package)
    shown: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, shown)
    assert (shown["Q16"], shown["Q4"]) == (package["Q16"], package["Q4"])
    rows = [line.split("|")[1:-1] for line in page.splitlines() if re.match(r"\| \d ", line)]
    for column, machine in ((3, "q16"), (4, "q4")):
        entry = shown["traces"][machine]["n"]
        assert [int(row[column].rpartition("=")[2]) for row in rows] == entry.v_before.ravel().tolist()
        assert [int("fires" in row[5]) for row in rows] == entry.output.ravel().tolist()
