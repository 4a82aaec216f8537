"""The SpikeSEG encoder against the golden run (tests/golden/README.md, section 2) and its rules on small inputs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.models.spikeseg import EncoderConfig, IFNeuron, LayerConfig, SpikeSEGEncoder
from neurodeploy.models.spikeseg.coding import rank_order
from neurodeploy.models.spikeseg.output import max_pool

torch.set_num_threads(1)
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "spikeseg_igarss2023_blob32.npz", allow_pickle=False)
LAYERS = ["conv1", "pool1", "conv2", "pool2", "conv3"]


@pytest.fixture
def encoder():
    """The golden encoder: preset igarss2023 with the stored weights."""
    encoder = SpikeSEGEncoder(EncoderConfig.from_paper("igarss2023"))
    encoder.load_state_dict({f"conv{i}.weight": torch.from_numpy(GOLDEN[f"w_conv{i}"]) for i in (1, 2, 3)})
    return encoder.requires_grad_(False)


@pytest.mark.parametrize("fire_once", [False, True])
def test_every_layer_index_and_time_equals_the_golden_run(encoder, fire_once):
    output = encoder(torch.from_numpy(GOLDEN["x"]), fire_once=fire_once)
    run = f"fo{int(fire_once)}"
    assert list(output.layer_spikes) == LAYERS
    for layer in LAYERS:
        np.testing.assert_array_equal(output.layer_spikes[layer].numpy(), GOLDEN[f"{layer}_{run}"], layer)
        np.testing.assert_array_equal(output.layer_spike_times[layer].numpy(), GOLDEN[f"time_{layer}_{run}"], layer)
    for pool in ("pool1", "pool2"):
        every_step = torch.stack([getattr(step, pool) for step in encoder.pooling_history])
        np.testing.assert_array_equal(every_step.numpy(), GOLDEN[f"idx{pool[-1]}_{run}"], pool)


def test_output_reports_the_last_layer_and_the_last_step(encoder):
    output = encoder(torch.from_numpy(GOLDEN["x"]), fire_once=False)
    assert output.classification_spikes.shape == (10, 1, 1, 8, 8)
    assert output.n_classification_spikes == 631
    assert output.has_spikes.shape == ()
    assert bool(output.has_spikes) is True
    assert torch.equal(output.pooling_indices.pool1, encoder.pooling_history[-1].pool1)
    assert output.pooling_indices.pool1_size == (1, 4, 32, 32)
    assert output.pooling_indices.pool2_size == (1, 36, 16, 16)


def test_silence_is_no_spikes_and_times_of_minus_one(encoder):
    output = encoder(torch.zeros(3, 1, 1, 32, 32))
    assert bool(output.has_spikes) is False
    assert all(bool((times == -1).all()) for times in output.layer_spike_times.values())


def test_fire_once_is_the_default(encoder):
    assert int(encoder(torch.from_numpy(GOLDEN["x"])).layer_spikes["conv1"].sum()) == 448


def test_state_goes_on_when_it_is_not_reset(encoder):
    x = torch.from_numpy(GOLDEN["x"])
    whole = encoder(x).layer_spikes
    first, second = encoder(x[:4]), encoder(x[4:], reset_state=False)
    for layer in LAYERS:
        assert torch.equal(torch.cat([first.layer_spikes[layer], second.layer_spikes[layer]]), whole[layer])


def test_layer_thresholds_replace_those_of_the_config(encoder):
    x = torch.from_numpy(GOLDEN["x"])
    thresholds = {"conv1": torch.tensor([10.0, 1e6, 10.0, 1e6]), "conv3": 1e6}
    spikes = encoder(x, layer_thresholds=thresholds, fire_once=False).layer_spikes
    assert [bool(spikes["conv1"][:, :, c].any()) for c in range(4)] == [True, False, True, False]
    assert not spikes["conv3"].any()
    with pytest.raises(ValueError, match="conv9"):
        encoder(x, layer_thresholds={"conv9": 1.0})


def test_pool_points_at_the_first_maximum_and_at_the_top_left_of_silence():
    spikes = (torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) < 0.4).float()
    values, indices = max_pool(2, 2)(spikes)
    silent = 0
    for (b, c, row, column), index in np.ndenumerate(indices.numpy()):
        window = spikes[b, c, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].flatten()
        first = int(np.flatnonzero(window.numpy() == window.max().item())[0])
        assert index == (2 * row + first // 2) * 8 + 2 * column + first % 2
        silent += int(not window.any())
        assert values[b, c, row, column] == window.max()
    assert silent > 0


def test_frame_is_repeated_under_fire_once_and_rank_ordered_otherwise(encoder):
    frame = torch.from_numpy(GOLDEN["x"])[0]
    repeated = encoder(frame, n_timesteps=4, fire_once=True).layer_spikes["conv1"]
    assert torch.equal(repeated, encoder(frame.expand(4, -1, -1, -1, -1), fire_once=True).layer_spikes["conv1"])
    ordered = encoder(frame, n_timesteps=4, fire_once=False).layer_spikes["conv1"]
    assert torch.equal(ordered, encoder(rank_order(frame, 4), fire_once=False).layer_spikes["conv1"])
    assert encoder(frame).classification_spikes.shape[0] == 1


def test_rank_order_gives_every_pixel_one_spike_brightest_first():
    frames = torch.tensor([0.2, 0.9, 0.0, 0.5, 0.7, 0.0]).reshape(2, 1, 1, 3)
    spikes = rank_order(frames, 3)
    assert spikes.sum(0).flatten().tolist() == [1] * 6
    assert spikes.argmax(0).flatten().tolist() == [1, 0, 2, 1, 0, 2]


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [((32, 32), {}), ((3, 1, 1, 32, 32), {"n_timesteps": 4}), ((1, 1, 8, 8), {"n_timesteps": 0})],
)
def test_inputs_that_are_no_sequence_are_refused(encoder, shape, arguments):
    with pytest.raises(ValueError, match=r"step|expected"):
        encoder(torch.zeros(shape), **arguments)


def test_last_layer_is_a_clamped_lif_without_leak_unless_an_if_is_asked_for(encoder):
    assert (float(encoder.lif3.leak), encoder.lif3.clamp) == (0.0, True)
    config = EncoderConfig(conv3=LayerConfig(7, 1, 10.0, neuron="if"))
    assert isinstance(SpikeSEGEncoder(config).lif3, IFNeuron)


def test_if_and_clamped_lif_agree_while_weights_are_not_negative(encoder):
    integrating = SpikeSEGEncoder(EncoderConfig(conv3=LayerConfig(7, 1, 10.0, neuron="if")))
    integrating.load_state_dict(encoder.state_dict())
    x = torch.from_numpy(GOLDEN["x"])
    expected, actual = (run(x, fire_once=False).classification_spikes for run in (encoder, integrating))
    assert torch.equal(expected, actual)


@pytest.mark.parametrize(("inputs", "parameters"), [(1, 5464), (2, 5564)])
def test_size_at_128_pixels(inputs, parameters):
    encoder = SpikeSEGEncoder(EncoderConfig(input_channels=inputs)).requires_grad_(False)
    spikes = encoder(torch.zeros(1, 1, inputs, 128, 128)).layer_spikes
    assert sum(weight.numel() for weight in encoder.parameters()) == parameters
    assert [spikes[f"conv{i}"][0].numel() for i in (1, 2, 3)] == [65_536, 147_456, 1_024]


@pytest.mark.parametrize(("density", "conv1_fires"), [(0.05, False), (0.3, False), (0.5, True)])
def test_default_preset_needs_dense_input(density, conv1_fires):
    """At most 25 x 0.8 = 20 arrives per step, and 19 are needed from rest: sparse input never fires."""
    generator = torch.Generator().manual_seed(0)
    encoder = SpikeSEGEncoder(generator=generator).requires_grad_(False)
    noise = (torch.rand(10, 1, 1, 64, 64, generator=generator) < density).float()
    spikes = encoder(noise, fire_once=False).layer_spikes
    assert bool(spikes["conv1"].any()) is conv1_fires
    assert conv1_fires or not any(bool(layer.any()) for layer in spikes.values())
