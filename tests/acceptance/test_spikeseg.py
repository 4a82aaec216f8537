"""SpikeSEG on real Lava: the golden case, the same weights at 64 x 64, and the graded star field."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neurodeploy.conformance import differing_cells
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.parity.float_rung import float_rung

from .lava import activity, lava, program_and_lava

__all__ = ["lava"]
GOLDEN = Path(__file__).parents[1] / "golden" / "spikeseg_igarss2023_blob32.npz"
LAYERS = ("lif1", "lif2", "lif3")
pytestmark = pytest.mark.usefixtures("lava")


def golden_network(preset: str, fire_once: bool = False) -> Network:
    """The golden weights in an encoder of a preset's size."""
    model = find_model("spikeseg")
    config = {**model.preset(preset), "fire_once": fire_once}
    module = model.build(config)
    with np.load(GOLDEN) as golden, torch.no_grad():
        for name in ("conv1", "conv2", "conv3"):
            getattr(module, name).weight.copy_(torch.from_numpy(golden[f"w_{name}"]))
    return model_network(model, config, module)


def source_agrees(network: Network, stimulus: dict[str, Any]) -> None:
    assert network.source is not None
    assert network.source.run is not None
    rung = float_rung(network, stimulus, network.source.run(stimulus), ())
    assert rung.verdict == "agree", rung.reasons


@pytest.mark.parametrize("fire_once", [False, True])
def test_the_golden_case(fire_once: bool) -> None:
    network = golden_network("igarss2023-random", fire_once)
    with np.load(GOLDEN) as golden:
        stimulus = {"input": golden["x"].transpose(1, 0, 2, 3, 4)}
        expected = {f"lif{n}": int(golden[f"conv{n}_fo{int(fire_once)}"].sum()) for n in (1, 2, 3)}
    source_agrees(network, stimulus)
    assert network.source is not None
    assert network.source.run is not None
    source = network.source.run(stimulus)
    assert {name: int(source[name].output.sum()) for name in LAYERS} == expected
    program, lava = program_and_lava(network, stimulus)
    assert not differing_cells(program, lava)
    assert all(program[name].output.any() for name in LAYERS)


def test_the_golden_weights_at_64_by_64_for_50_steps() -> None:
    network = golden_network("igarss2023-64-random")
    model = find_model("spikeseg")
    stimulus = model.stimulus(model.preset("igarss2023-64-random"), 50, 1, 0)
    source_agrees(network, stimulus)
    program, lava = program_and_lava(network, stimulus)
    assert not differing_cells(program, lava)
    assert all(program[name].output.any() for name in LAYERS)


def test_the_graded_star_field_with_fixed_first_kernels() -> None:
    model = find_model("spikeseg")
    config = model.preset("stars-random")
    network = model_network(model, config, model.build(config))
    stimulus = model.stimulus(config, 50, 1, 0)
    assert len(np.unique(stimulus["input"])) > 2
    source_agrees(network, stimulus)
    program, lava = program_and_lava(network, stimulus)
    assert not differing_cells(program, lava)
    assert all(0.001 <= activity(program, name) <= 0.3 for name in LAYERS)
