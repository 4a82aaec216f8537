"""``digits``, trained on real images: from its module to real Lava, and what each rung says of held-out images."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET
from neurodeploy.targets.loihi_sim.runner import through_netx

from neurodeploy.engine.compiler import find_compiler
from neurodeploy.evidence import INDEPENDENT, same_code
from neurodeploy.flow import check, export, load, run
from neurodeploy.frontends.checkpoint import save_checkpoint
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.parity.report import Report

from .lava import lava

__all__ = ["lava"]
IMAGES = 50
LAYERS = ("lif1", "lif2", "lif3", "lif4")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    model = find_model("digits")
    config = model.preset(None)
    path: Path = tmp_path_factory.mktemp("digits") / "digits.pt"
    save_checkpoint(model, config, model.build(config), path)
    return load(path)


@cache
def images(count: int | None) -> dict[str, Any]:
    model = find_model("digits")
    return model.stimulus(model.preset(None), None, count, 0)


@pytest.fixture(scope="module")
def climbed(network: Network, lava: None) -> Report:
    return check(network, images(IMAGES), targets=["loihi-sim", "fixed"])


def test_every_rung_agrees(climbed: Report) -> None:
    assert [(rung.source, rung.target) for rung in climbed.rungs] == [
        ("source", "network"),
        ("network", "program"),
        ("program", "loihi-sim"),
        ("program", "fixed"),
    ]
    assert climbed.verdict == "agree"


def test_lava_equals_the_program_in_every_node_and_names_the_same_classes(climbed: Report) -> None:
    rung = climbed.rungs[2]
    assert climbed.about["samples"] == IMAGES
    assert {name: (node.mismatches, node.state_mismatches) for name, node in rung.nodes.items()} == dict.fromkeys(
        LAYERS, (0, 0)
    )
    assert all(node.expected_spikes > 0 for node in rung.nodes.values())
    assert rung.latency == {"input": 0, "lif1": 1, "lif2": 2, "lif3": 3, "lif4": 4}
    assert climbed.task is not None
    assert climbed.task["loihi-sim"]["class"] == climbed.task["program"]["class"]


def test_compiled_code_agrees_as_an_independent_implementation(climbed: Report) -> None:
    assert climbed.rungs[3].evidence == (INDEPENDENT if find_compiler() else same_code("no C compiler was found"))


@pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")
def test_the_exported_c_has_lavas_raster(network: Network, climbed: Report) -> None:
    """Lava equals the program on these images, and so does what the exported source does."""
    exported = check(network, images(IMAGES), targets=["c"]).rungs[-1]
    for rung in (climbed.rungs[2], exported):
        assert {name: node.mismatches for name, node in rung.nodes.items()} == dict.fromkeys(LAYERS, 0)
        assert rung.nodes["lif4"].actual_spikes == 442


def test_the_whole_held_out_split_keeps_its_accuracy_and_its_spikes(network: Network) -> None:
    report = check(network, images(None), targets=["fixed"])
    assert report.task is not None
    assert report.about["samples"] >= 400
    assert report.task["source"]["accuracy"] >= 0.96
    assert report.task["program"]["accuracy"] >= report.task["network"]["accuracy"] - 0.02
    assert {name for name, node in report.rungs[1].nodes.items() if (node.jaccard or 0) >= 0.9} == set(LAYERS)


def test_the_twin_trained_without_rounding_diverges_on_the_quantization_rung_alone() -> None:
    from neurodeploy.frontends.checkpoint import model_network

    model = find_model("digits")
    config = model.preset("float-trained")
    network = model_network(model, config, model.build(config))
    report = check(network, model.stimulus(config, None, 60, 0), targets=["fixed"])
    assert [rung.verdict for rung in report.rungs] == ["agree", "diverged", "agree"]
    jaccards = [node.jaccard for node in report.rungs[1].nodes.values() if node.jaccard is not None]
    assert np.min(jaccards) < 0.9


def test_lava_dl_runs_its_net_file_with_the_same_raster(network: Network, tmp_path: Path, lava: None) -> None:
    bundle = export(network, "loihi-sim", tmp_path / "digits", {"weight-exponent": "0"})
    stimulus = {"input": images(IMAGES)["input"][:10]}
    expected = run(bundle, stimulus, on="program")["lif4"].output
    assert expected.any()
    raster = TARGET.run(through_netx(bundle.artifact), stimulus)["lif4"].output
    assert np.array_equal(raster, expected)
