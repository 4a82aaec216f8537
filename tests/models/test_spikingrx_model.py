"""The whole receiver: golden run, presets, stimuli and recordings."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.models.spikingrx import PRESETS, SpikingRx, build, run, stimulus

torch.set_num_threads(1)
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "spikingrx_seed_commit3a6cc922.npz", allow_pickle=False)
STATE = {key[3:]: torch.from_numpy(np.array(GOLDEN[key])) for key in GOLDEN.files if key.startswith("sd/")}


def golden_model(**choices):
    model = SpikingRx(in_ch=2, base_ch=4, bits=2, **choices)
    model.load_state_dict(STATE, strict=True)
    return model.eval()


def test_stem_stages_and_llr_equal_the_golden_run():
    recorded = run(golden_model(), {}, {"input": GOLDEN["x"]})
    np.testing.assert_array_equal(recorded["stem.lif"], GOLDEN["act_stem"])
    for stage in range(6):
        np.testing.assert_allclose(recorded[f"stages.{stage}.add"], GOLDEN[f"act_stage{stage}"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(recorded["llr"], GOLDEN["llr"], rtol=0, atol=1e-5)
    assert [recorded[f"stages.{stage}.lif"].sum() for stage in range(6)] == [10, 5, 8, 4, 13, 3]


def test_stateful_reading_of_the_golden_weights_differs():
    with torch.no_grad():
        llr = golden_model(stateful=True)(torch.from_numpy(GOLDEN["x"]))
    assert np.abs(llr.numpy() - GOLDEN["llr"]).max() == pytest.approx(0.51, abs=0.01)


def test_outputs_of_blocks_are_graded():
    recorded = run(golden_model(), {}, {"input": GOLDEN["x"]})
    assert len(np.unique(recorded["stages.0.add"])) == 2
    assert all(len(np.unique(recorded[f"stages.{stage}.add"])) > 60 for stage in range(1, 6))
    assert min(recorded["stages.1.add"].min(), recorded["stages.3.add"].min()) < 0


def test_default_size():
    assert sum(weight.numel() for weight in SpikingRx().parameters()) == 114_242
    with torch.no_grad():
        recorded = run(SpikingRx().eval(), {}, {"input": np.zeros((1, 1, 2, 32, 32), np.float32)})
    assert sum(recorded[node].size for node in recorded if node.endswith("lif")) == 294_912


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    model = SpikingRx(base_ch=8, stateful=True)
    model(torch.randn(2, 8, 2, 8, 8)).square().sum().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []


def test_configs_are_json_and_carry_their_names():
    for name, config in PRESETS.items():
        assert json.loads(json.dumps(config)) == config
        assert config["name"] == name


@pytest.mark.parametrize("name", PRESETS)
def test_building_is_repeatable_and_leaves_global_random_state_alone(name):
    before = torch.get_rng_state()
    first, second = build(PRESETS[name]).state_dict(), build(PRESETS[name]).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_built_receivers_are_in_evaluation_mode_with_warm_statistics():
    model = build(PRESETS["seed-random"])
    assert not model.training
    assert model.state_dict().keys() == STATE.keys()
    assert model.stem.norm.bn.num_batches_tracked.item() == 25
    assert not any(block.stateful for block in model.blocks)
    assert all(block.stateful for block in build(PRESETS["stateful-random"]).blocks)


@pytest.mark.parametrize("kind", ["gaussian", "repeated"])
def test_stimuli_are_standard_normal_on_their_grid(kind):
    config = {**PRESETS["seed-random"], "stimulus": kind}
    grids = stimulus(config, steps=8, samples=3, seed=5)["input"]
    assert grids.shape == (3, 8, 2, 16, 16)
    assert grids.dtype == np.float32
    assert (grids.mean(), grids.std()) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))
    np.testing.assert_array_equal(grids * 32, np.round(grids * 32))
    assert (config["input"]["low"] <= grids.min(), grids.max() <= config["input"]["high"]) == (True, True)
    assert bool((grids[:, 1:] == grids[:, :-1]).all()) is (kind == "repeated")
    assert (grids[0] != grids[1]).any()
    np.testing.assert_array_equal(grids[:2], stimulus(config, steps=8, samples=2, seed=5)["input"])


def test_unknown_stimulus_is_refused():
    with pytest.raises(ValueError, match="unknown stimulus"):
        stimulus({**PRESETS["seed-random"], "stimulus": "noise"}, steps=1)


def test_recording_agrees_with_the_module_and_names_every_node():
    config = PRESETS["stateful-random"]
    model, grids = build(config), stimulus(config, steps=6, samples=2)
    recorded = run(model, config, grids)
    blocks = [f"stages.{stage}.{node}" for stage in range(6) for node in ("lif", "add")]
    assert list(recorded) == ["input", "stem.lif", *blocks, "llr"]
    with torch.no_grad():
        np.testing.assert_array_equal(recorded["llr"], model(torch.from_numpy(grids["input"])).numpy())


def test_spiking_shortcuts_are_recorded_and_keep_iand_binary():
    config = {**PRESETS["stateful-random"], "connect": "IAND", "shortcut": "spiking"}
    recorded = run(build(config), config, stimulus(config, steps=20))
    assert [name for name in recorded if "shortcut" in name] == ["stages.1.shortcut.lif", "stages.3.shortcut.lif"]
    assert all(set(np.unique(recorded[f"stages.{stage}.add"])) == {0, 1} for stage in range(6))


@pytest.mark.parametrize("seed", [0, 1])
def test_every_neuron_layer_of_the_stateful_preset_is_active_and_sparse(seed):
    config = PRESETS["stateful-random"]
    recorded = run(build(config), config, stimulus(config, steps=50, seed=seed))
    activity = {node: float(spikes.mean()) for node, spikes in recorded.items() if node.endswith("lif")}
    assert len(activity) == 7
    assert all(0.01 <= share <= 0.3 for share in activity.values()), activity
