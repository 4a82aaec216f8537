"""SpikeSEG's settings, kernels, stimuli and recordings."""

import json

import numpy as np
import pytest
import torch
from neurodeploy.models.spikeseg import (
    PRESETS,
    EncoderConfig,
    EncoderConfigError,
    build,
    dog_kernels,
    encoder_config,
    gabor_kernels,
    normal_kernels,
    run,
    stimulus,
)
from neurodeploy.models.spikeseg.detection import Decoder
from neurodeploy.models.spikeseg.exporter import exported
from neurodeploy.models.spikeseg.fields import HELD_OUT, TRAINING, fields
from neurodeploy.models.spikeseg.judging import judge
from neurodeploy.models.spikeseg.scores import Counts
from neurodeploy.models.spikeseg.stdp import CONVERGED, unsettled
from neurodeploy.models.spikeseg.stimuli import check_stimulus

from neurodeploy.rasters import jaccard

torch.set_num_threads(1)
SMALL_STARS = {**PRESETS["stars"], "input": {**PRESETS["stars"]["input"], "shape": [2, 24, 24]}}
IGARSS = ([10, 10, 10], [9, 1, 0], (2, 2))
SPIKESEG = ([10, 10, 10], [0, 0, 0], (7, 6))
PAPERS = {
    **dict.fromkeys(["igarss2023", "default", "IGARSS2023"], IGARSS),
    **dict.fromkeys(["spikeseg", "SpikeSEG2020", "hulk2022", "hulksmash", "HULK-SMASH"], SPIKESEG),
    "sparse-ebssa": ([0.1, 0.1, 0.1], [0.09, 0.01, 0], (2, 2)),
}


@pytest.mark.parametrize("paper", PAPERS)
def test_paper_settings(paper):
    config = EncoderConfig.from_paper(paper, n_classes=3)
    layers = (config.conv1, config.conv2, config.conv3)
    thresholds, leaks, first_pool = PAPERS[paper]
    assert [layer.threshold for layer in layers] == thresholds
    assert [layer.leak for layer in layers] == pytest.approx(leaks)
    assert [(layer.kernel, layer.channels) for layer in layers[:2]] == [(5, 4), (5, 36)]
    assert (config.conv3.kernel, config.n_classes) == (7, 3)
    assert (config.pool1.kernel, config.pool1.stride) == first_pool
    assert (config.pool2.kernel, config.pool2.stride) == (2, 2)


def test_unknown_papers_and_empty_outputs_are_refused():
    with pytest.raises(EncoderConfigError, match=r"no paper preset 'lenet'.*igarss2023"):
        EncoderConfig.from_paper("lenet")
    with pytest.raises(ValueError, match="n_classes must be at least 1"):
        EncoderConfig.from_paper("igarss2023", n_classes=0)


def test_random_weights_are_normal_and_clamped():
    weights = normal_kernels((36, 4, 25, 25), 0.8, 0.01, torch.Generator().manual_seed(0))
    assert weights.mean().item() == pytest.approx(0.8, abs=1e-3)
    assert weights.std().item() == pytest.approx(0.01, abs=1e-3)
    wide = normal_kernels((36, 4, 25, 25), 0.8, 1.0)
    assert (wide.min().item(), wide.max().item()) == (0, 1)


def test_difference_of_gaussians_by_formula():
    kernels = dog_kernels(channels=4, inputs=2)
    axis = np.arange(5) - 2.0
    squares = axis[:, None] ** 2 + axis**2
    narrow, wide = (np.exp(-squares / (2 * sigma**2)) for sigma in (1.0, 2.0))
    on = narrow / narrow.sum() - wide / wide.sum()
    for row, sign in enumerate((1, -1, 1, -1)):
        for channel in range(2):
            np.testing.assert_allclose(kernels[row, channel].numpy(), sign * on, atol=1e-7)
    assert kernels.abs().max().item() == pytest.approx(0.0989, abs=5e-5)


def test_gabor_by_formula():
    kernels = gabor_kernels(channels=4)
    y, x = np.meshgrid(np.arange(5) - 2.0, np.arange(5) - 2.0, indexing="ij")
    for row in range(4):
        angle = np.pi * (row + 1) / 4
        along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        wave = np.exp(-(along**2 + across**2) / 2) * np.cos(np.pi * along)
        np.testing.assert_allclose(kernels[row, 0].numpy(), wave - wave.mean(), atol=1e-6)


def test_configs_are_json_and_carry_their_names():
    for name, config in PRESETS.items():
        assert json.loads(json.dumps(config)) == config
        assert config["name"] == name


@pytest.mark.parametrize("name", PRESETS)
def test_building_is_repeatable_and_leaves_global_random_state_alone(name):
    before = torch.get_rng_state()
    first, second = build(PRESETS[name]), build(PRESETS[name])
    assert torch.equal(before, torch.get_rng_state())
    assert not first.training
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_config_changes_single_layers_and_refuses_unknown_ones():
    config = {**PRESETS["igarss2023-random"], "layers": {"conv3": {"neuron": "if"}}}
    assert encoder_config(config).conv3.neuron == "if"
    assert encoder_config(config).conv2 == encoder_config(PRESETS["igarss2023-random"]).conv2
    with pytest.raises(ValueError, match="conv4"):
        encoder_config({**config, "layers": {"conv4": {}}})


def test_stars_use_fixed_kernels_first_and_non_negative_weights_after():
    encoder = build(PRESETS["stars-random"])
    assert torch.equal(encoder.conv1.weight, dog_kernels(4, 2))
    assert min(encoder.conv2.weight.min().item(), encoder.conv3.weight.min().item()) >= 0


def test_block_moves_one_pixel_right_per_step_and_wraps():
    frames = stimulus(PRESETS["igarss2023-random"], steps=40, samples=2, seed=3)["input"]
    assert frames.shape == (2, 40, 1, 32, 32)
    assert set(np.unique(frames)) == {0, 1}
    assert (frames.sum((2, 3, 4)) == 80).all()
    rows, columns = np.nonzero(frames[0, 0, 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 17, 4, 13)
    np.testing.assert_array_equal(frames[:, 1:], np.roll(frames[:, :-1], 1, axis=-1))


def test_star_field_is_graded_on_its_grid_and_repeatable():
    config = PRESETS["stars-random"]
    frames = stimulus(config, steps=20, samples=2, seed=1)["input"]
    assert frames.shape == (2, 20, 2, 64, 64)
    assert (frames.min(), frames.max()) == (0, 1)
    np.testing.assert_array_equal(frames * 16, np.round(frames * 16))
    assert len(np.unique(frames)) == 17
    assert (frames != 0).mean((1, 3, 4)) == pytest.approx(np.full((2, 2), 0.05), abs=0.03)
    np.testing.assert_array_equal(frames[:1, :10], stimulus(config, steps=10, samples=1, seed=1)["input"])
    assert (frames != stimulus(config, steps=20, samples=2, seed=2)["input"]).any()


def test_stimuli_refuse_what_they_cannot_make():
    with pytest.raises(ValueError, match="unknown stimulus"):
        stimulus({**PRESETS["stars-random"], "stimulus": "clouds"}, steps=1)
    with pytest.raises(ValueError, match="two channels"):
        stimulus({**PRESETS["igarss2023-random"], "stimulus": "stars"}, steps=1)


def test_recording_names_nodes_and_puts_samples_first():
    config = PRESETS["igarss2023-random"]
    recorded = run(build(config), config, stimulus(config, steps=6, samples=2))
    assert {name: array.shape for name, array in recorded.items()} == {
        "input": (2, 6, 1, 32, 32),
        "lif1": (2, 6, 4, 32, 32),
        "pool1": (2, 6, 4, 16, 16),
        "lif2": (2, 6, 36, 16, 16),
        "pool2": (2, 6, 36, 8, 8),
        "lif3": (2, 6, 1, 8, 8),
    }


def test_recording_obeys_fire_once():
    config = {**PRESETS["igarss2023-random"], "fire_once": True}
    recorded = run(build(config), config, stimulus(config, steps=10))
    assert recorded["lif3"].sum(1).max() == 1


def test_every_layer_of_the_star_preset_is_active_and_sparse():
    config = PRESETS["stars-random"]
    recorded = run(build(config), config, stimulus(config, steps=50))
    activity = {node: float(recorded[node].mean()) for node in ("lif1", "lif2", "lif3")}
    assert all(0.001 <= share <= 0.3 for share in activity.values()), activity


@pytest.fixture(scope="module")
def trained():
    """A held-out field with a satellite and one without, through the default preset."""
    config = PRESETS["stars"]
    encoder = build(config)
    filled, empty = fields(HELD_OUT[:1], (64, 64)), fields(HELD_OUT[1:2], (64, 64), satellites=0)
    frames = np.concatenate([filled.frames, empty.frames])
    return encoder, frames, filled.boxes[0], run(encoder, config, {"input": frames})


def test_the_default_is_trained_on_the_grid_of_an_8_bit_machine():
    first, encoder = next(iter(PRESETS)), build(PRESETS["stars"])
    assert first == "stars"
    for name, bits in (("conv1", 10), ("conv2", 6), ("conv3", 6)):
        levels = getattr(encoder, name).weight.detach().numpy() * 2.0**bits
        assert (levels == np.round(levels)).all()
        assert np.abs(levels).max() <= 127
    assert (encoder.conv1.weight - dog_kernels(4, 2)).abs().max() <= 2**-11
    twin = build(PRESETS["float-trained"])
    assert (encoder.conv2.weight - twin.conv2.weight).abs().max() <= 2**-7
    assert max(unsettled(twin.conv2.weight), unsettled(twin.conv3.weight)) < CONVERGED


def test_a_held_out_satellite_is_boxed_and_an_empty_field_is_not(trained):
    encoder, _, truth, recorded = trained
    decoder = Decoder.of(encoder)
    empty = np.full_like(truth, -1)
    judged = judge(decoder, [{name: spikes[i] for name, spikes in recorded.items()} for i in (0, 1)], [truth, empty])
    assert judged.pixels.informedness >= 0.9
    assert judged.fields == Counts(1, 0, 0, 1)
    assert judged.offset < 2
    assert judged.boxed >= judged.shown / 2


def test_the_original_exporter_loses_spikes_by_its_unsigned_weights(trained):
    encoder, frames, _, recorded = trained
    unsigned, signed = (exported(encoder, {"input": frames[:1]}, signed=signs) for signs in (False, True))
    kept = [jaccard(recorded["lif1"][:1], spikes["lif1"]) for spikes in (unsigned, signed)]
    assert kept[0] < 0.5
    assert kept[1] > 0.9


def test_held_out_fields_are_whole_events_and_go_on_with_the_next():
    shown = stimulus(SMALL_STARS, steps=32, seed=1)["input"]
    assert shown.shape == (1, 32, 2, 24, 24)
    assert (shown.min(), shown.max() <= 15) == (0, True)
    np.testing.assert_array_equal(shown, np.round(shown))
    np.testing.assert_array_equal(shown[:, :30], stimulus(SMALL_STARS, seed=1)["input"])
    assert not set(TRAINING) & set(HELD_OUT)
    assert shown[0, 30:].any()


def test_a_check_is_shown_the_fields_and_a_dense_sample_after_the_first():
    config = SMALL_STARS
    fields, shown = stimulus(config, steps=4, samples=2)["input"], check_stimulus(config, steps=4, samples=3)["input"]
    np.testing.assert_array_equal(shown[[0, 2]], fields)
    dense = shown[1]
    assert (dense != 0).mean() == pytest.approx(config["check"]["dense"], abs=0.01)
    assert set(np.unique(dense)) == set(range(16))
    np.testing.assert_array_equal(check_stimulus(config, steps=4)["input"], shown[:2])
    assert (check_stimulus(config, steps=4, seed=1)["input"][1] != dense).any()


def test_one_sample_and_a_config_that_asks_for_none_are_the_task_alone():
    for config, samples in ((SMALL_STARS, 1), (PRESETS["stars-random"], 2)):
        task = stimulus(config, steps=2, samples=samples)["input"]
        np.testing.assert_array_equal(check_stimulus(config, steps=2, samples=samples)["input"], task)


def test_weights_of_another_name_are_refused():
    with pytest.raises(ValueError, match="no weights 'other"):
        build({**PRESETS["stars"], "weights": "other.safetensors"})
