"""SpikingRx on real Lava: the golden receiver, and a stateful one at work in every block."""

from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.conformance import differing_cells
from neurodeploy.errors import RefusedError
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.heads import apply_head
from neurodeploy.model import find_model
from neurodeploy.parity.float_rung import float_rung

from .lava import activity, lava, program_and_lava

__all__ = ["lava"]
GOLDEN = Path(__file__).parents[1] / "golden" / "spikingrx_seed_commit3a6cc922.npz"
pytestmark = pytest.mark.usefixtures("lava")


def test_the_golden_receiver() -> None:
    model = find_model("spikingrx")
    config = model.preset("seed-random")
    module = model.build(config)
    with np.load(GOLDEN) as golden:
        state = {key[3:]: torch.from_numpy(golden[key]) for key in golden.files if key.startswith("sd/")}
        stimulus, llr = {"input": golden["x"]}, golden["llr"]
        stages = {f"stages.{n}.add": golden[f"act_stage{n}"] for n in range(6)}
    module.load_state_dict(state)
    network = model_network(model, config, module)
    assert network.source is not None
    assert network.source.run is not None
    source = network.source.run(stimulus)
    assert all(np.allclose(source[name].output, value, atol=1e-5) for name, value in stages.items())
    rung = float_rung(network, stimulus, source, ())
    assert rung.verdict == "agree", rung.reasons
    assert network.host.post is not None
    assert np.allclose(apply_head(network.host.post, source), llr, atol=1e-5)
    program, lava = program_and_lava(network, stimulus)
    assert not differing_cells(program, lava)


def test_stateful_blocks_with_identity_and_real_valued_shortcuts() -> None:
    model = find_model("spikingrx")
    config = model.preset("stateful-random")
    network = model_network(model, config, model.build(config))
    stimulus = model.stimulus(config, 30, 1, 0)
    assert network.source is not None
    assert network.source.run is not None
    rung = float_rung(network, stimulus, network.source.run(stimulus), ())
    assert rung.verdict == "agree", rung.reasons
    program, lava = program_and_lava(network, stimulus)
    assert not differing_cells(program, lava)
    spiking = ["stem.lif", *(f"stages.{n}.lif" for n in range(6))]
    assert all(0.01 <= activity(program, name) <= 0.3 for name in spiking)


@pytest.mark.parametrize("connect", ["ADD", "AND", "IAND"])
def test_spiking_shortcuts_under_every_connect_function(connect: str) -> None:
    model = find_model("spikingrx")
    config = {**model.preset("stateful-random"), "connect": connect, "shortcut": "spiking", "base_ch": 4}
    config["warm_up"] = {"passes": 5, "samples": 1, "steps": 10}
    network = model_network(model, config, model.build(config))
    stimulus = model.stimulus(config, 12, 1, 0)
    assert network.source is not None
    assert network.source.run is not None
    rung = float_rung(network, stimulus, network.source.run(stimulus), ())
    assert rung.verdict != "diverged", rung.reasons
    program, lava = program_and_lava(network, stimulus)
    assert not differing_cells(program, lava)
    assert program["stages.0.add"].output.any()
    assert program["stages.1.shortcut.lif"].output.any()


@pytest.mark.parametrize(
    ("connect", "shortcut", "told"),
    [
        ("AND", "conv", "stages.1.add: AND of stages.1.shortcut"),
        ("IAND", "conv", "stages.1.add: IAND of stages.1.shortcut"),
        ("HALF", "conv", "stages.0.add: connect function HALF"),
    ],
)
def test_what_nir_cannot_say_exactly_is_refused_by_name(connect: str, shortcut: str, told: str) -> None:
    model = find_model("spikingrx")
    config = {**model.preset("seed-random"), "connect": connect, "shortcut": shortcut}
    with pytest.raises(RefusedError, match=told):
        model_network(model, config, model.build(config))
