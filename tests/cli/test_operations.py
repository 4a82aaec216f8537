"""``run --operations``: what a rung of integers cost."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.flow import export

from .support import call, refused, small_network


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    np.savez(tmp_path / "s.npz", input=np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1.0]]))
    return export(small_network(), "fixed", tmp_path / "b").path


@pytest.mark.parametrize("rung", ["program", "fixed"])
def test_counts_stand_in_the_json_and_in_the_trace(rung: str, bundle: Path, tmp_path: Path) -> None:
    """The inputs meet 3, 3 and 3 weights that are not 0; a hidden neuron 1, 2, 1 and 2."""
    how = ("--on", rung, "--operations", "-o", tmp_path / "t.npz", "--json")
    result = call("run", bundle, "--input", tmp_path / "s.npz", *how)
    assert result.code == 0, result.err
    found = result.data["meta"]["operations"]
    hidden = np.load(tmp_path / "t.npz")["hidden.spikes"].sum(axis=0)
    assert found["synaptic"] == {"fc1": 5 * 3, "fc2": int(hidden @ [1, 2, 1, 2])}
    assert found["updates"] == {"hidden": 16, "readout": 8}
    assert found["events"]["input"] == 5
    assert found["total"]["synaptic"] == sum(found["synaptic"].values()) > 15
    assert json.loads(str(np.load(tmp_path / "t.npz")["meta"]))["operations"] == found
    assert call("inspect", tmp_path / "t.npz", "--json").data["meta"]["operations"] == found


def test_a_terminal_shows_them_by_node_and_projection(bundle: Path, tmp_path: Path) -> None:
    result = call("run", bundle, "--input", tmp_path / "s.npz", "--operations")
    rows = [line.split() for line in result.out.splitlines()]
    assert ["fc1", "15"] in rows
    assert ["readout", "8", "1"] in rows
    (total,) = (row for row in rows if row[:1] == ["total"])
    assert total[2] == "24"
    assert "{'synaptic'" not in result.out


def test_nothing_is_counted_unasked(bundle: Path, tmp_path: Path) -> None:
    assert "operations" not in call("run", bundle, "--input", tmp_path / "s.npz", "--json").data["meta"]


def test_a_float_rung_has_none(bundle: Path, tmp_path: Path) -> None:
    told = refused("run", bundle, "--input", tmp_path / "s.npz", "--on", "network", "--operations")
    assert "has no integers to count" in told
