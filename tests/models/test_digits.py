"""The digits network: what it is, what it achieves, and that 8-bit integers carry it."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neurodeploy.models.digits.data import Images, split
from neurodeploy.models.digits.grid import round_straight_through
from neurodeploy.models.digits.train import Recipe, train

from neurodeploy.models import digits

torch.set_num_threads(1)

LAYERS = {"conv1": "lif1", "conv2": "lif2", "fc1": "lif3", "fc2": "lif4"}
MESSAGE_BITS = {"conv1": 4, "conv2": 0, "fc1": 0, "fc2": 0}
TWINS = ["default", "float-trained"]


@cache
def net(preset):
    return digits.build(digits.PRESETS[preset])


@cache
def shown():
    return digits.stimulus(digits.PRESETS["default"], steps=8, samples=None, seed=0)


@cache
def float_spikes(preset):
    with torch.no_grad():
        spikes = digits.run_sequence(net(preset), torch.from_numpy(shown()["input"]))
    return {name: value.numpy() for name, value in spikes.items()}


# An integer simulation that shares nothing with the package: numpy, and the rule of Lava's fixed-point LIF
# (du = 4095, so the current has no memory; dv = 2048, so the membrane loses half of itself).


def integers(preset, layer):
    """Weight mantissas, bias mantissa and accumulator scale of a layer, chosen by trying every scale."""
    weight, bias = (
        getattr(net(preset), layer).get_parameter(kind).detach().double().numpy() / 2 for kind in ("weight", "bias")
    )
    k = max(k for k in range(-20, 40) if np.abs(np.rint(weight * 2.0**k)).max() <= 127)
    scale = k + MESSAGE_BITS[layer]
    return np.rint(weight * 2.0**k), np.rint(bias * 2.0**scale), scale


def accumulate(messages, weight, stride):
    """Sums of weight times message for every cell; float64 matmul is exact at these sizes."""
    if weight.ndim == 2:
        return messages.reshape(len(messages), -1) @ weight.T
    padded = np.pad(messages, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::stride, ::stride]
    return np.moveaxis(np.tensordot(windows, weight, axes=([1, 4, 5], [1, 2, 3])), -1, 1)


def integer_layer(messages, weight, bias, scale, stride):
    """Spikes (B, T, ...) of one layer on Lava's fixed-point rule."""
    threshold = (1 << scale) << 6
    drive = accumulate(messages.reshape(-1, *messages.shape[2:]), weight, stride).astype(np.int64)
    assert np.abs(drive).max() < 1 << 17, "the accumulator would wrap"
    assert threshold >> 6 < 1 << 17
    assert np.abs(bias).max() < 1 << 12, "the bias mantissa has 13 bits with its sign"
    drive = drive.reshape(*messages.shape[:2], *drive.shape[1:])
    lasting = (bias.astype(np.int64) << 6).reshape(-1, *(1,) * (drive.ndim - 3))
    v = np.zeros(drive[:, 0].shape, np.int64)
    spikes = np.zeros(drive.shape)
    for t in range(drive.shape[1]):
        v = np.sign(v) * (np.abs(v) * 2048 // 4096) + (drive[:, t] << 6) + lasting
        spikes[:, t] = v > threshold
        v[spikes[:, t] > 0] = 0
    return spikes


@cache
def integer_spikes(preset):
    messages, spikes = shown()["input"].astype(np.float64) * 16, {}
    for layer, cell in LAYERS.items():
        spikes[cell] = messages = integer_layer(messages, *integers(preset, layer), stride=2 if layer == "conv2" else 1)
    return spikes


def jaccard(a, b):
    return np.minimum(a, b).sum() / np.maximum(a, b).sum()


def accuracy(output):
    return (output.sum(1).argmax(1) == shown().labels).mean()


def test_chain_is_plain_and_named():
    kinds = [(name, type(child).__name__) for name, child in net("default").named_children()]
    assert kinds == [
        ("conv1", "Conv2d"), ("lif1", "LIFBoxCell"), ("conv2", "Conv2d"), ("lif2", "LIFBoxCell"),
        ("flatten", "Flatten"), ("fc1", "Linear"), ("lif3", "LIFBoxCell"), ("fc2", "Linear"), ("lif4", "LIFBoxCell"),
    ]  # fmt: skip


def test_cells_halve_exactly_in_float32():
    for child in net("default").children():
        if type(child).__name__ == "LIFBoxCell":
            assert float(child.dt * child.p.tau_mem_inv) == 0.5
            assert (float(child.p.v_leak), float(child.p.v_th), float(child.p.v_reset)) == (0.0, 1.0, 0.0)


def test_threshold_is_strict_and_reset_is_hard():
    cell = net("default").lif1
    spikes, state = cell(torch.tensor([2.0, 2.0 + 2.0**-20]), None)
    assert spikes.tolist() == [0.0, 1.0]
    assert state.v.tolist() == [1.0, 0.0]


def test_forward_is_one_step_of_the_sequence():
    x = torch.from_numpy(shown()["input"][:4])
    state, steps = None, []
    with torch.no_grad():
        for t in range(8):
            spikes, state = net("default")(x[:, t], state)
            steps.append(spikes)
    assert torch.equal(torch.stack(steps, 1), torch.from_numpy(float_spikes("default")["lif4"][:4]))


def test_sequence_has_one_entry_per_population():
    shapes = {name: value.shape[2:] for name, value in float_spikes("default").items()}
    assert shapes == {"input": (1, 8, 8), "lif1": (16, 8, 8), "lif2": (32, 4, 4), "lif3": (64,), "lif4": (10,)}


def test_sequence_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"\(B, T, 1, 8, 8\)"):
        digits.run_sequence(net("default"), torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize("preset", TWINS)
def test_held_out_accuracy(preset):
    assert len(shown().labels) == 450
    assert accuracy(float_spikes(preset)["lif4"]) >= 0.97


@pytest.mark.parametrize("preset", TWINS)
def test_every_layer_is_active_and_sparse(preset):
    for cell in LAYERS.values():
        assert 0.01 <= float_spikes(preset)[cell].mean() <= 0.6


def test_few_images_end_in_a_tie():
    counts = np.sort(float_spikes("default")["lif4"].sum(1), axis=1)
    assert (counts[:, -1] == counts[:, -2]).mean() <= 0.02


def test_default_weights_lie_on_the_8_bit_grid():
    for layer in LAYERS:
        module = getattr(net("default"), layer)
        weight, bias, scale = integers("default", layer)
        assert np.array_equal(module.weight.detach().numpy() / 2, weight * 2.0 ** (MESSAGE_BITS[layer] - scale))
        assert np.array_equal(module.bias.detach().numpy() / 2, bias * 2.0**-scale)
        assert np.abs(bias).max() > 0


def test_default_network_is_carried_by_integers():
    floats, ints = float_spikes("default"), integer_spikes("default")
    assert min(jaccard(floats[cell], ints[cell]) for cell in LAYERS.values()) >= 0.999
    assert accuracy(ints["lif4"]) == accuracy(floats["lif4"])


def test_rounding_after_training_keeps_the_classes_and_loses_the_spikes():
    floats, ints = float_spikes("float-trained"), integer_spikes("float-trained")
    assert abs(accuracy(ints["lif4"]) - accuracy(floats["lif4"])) <= 0.01
    assert min(jaccard(floats[cell], ints[cell]) for cell in LAYERS.values()) < 0.9


@pytest.mark.parametrize("preset", TWINS)
def test_readme_states_what_is_measured(preset):
    floats, ints = float_spikes(preset), integer_spikes(preset)
    cells = LAYERS.values()
    rows = [
        f"| `{preset}` | {accuracy(floats['lif4']):.4f} | {accuracy(ints['lif4']):.4f} |",
        f"| `{preset}` | spikes per cell and step | " + " | ".join(f"{floats[c].mean():.3f}" for c in cells) + " |",
        f"| `{preset}` | cells that fire at least once per image | "
        + " | ".join(f"{floats[c].max(1).mean():.3f}" for c in cells)
        + " |",
        f"| `{preset}` | Jaccard | " + " | ".join(f"{jaccard(floats[c], ints[c]):.4f}" for c in cells) + " |",
        f"| `{preset}` | scale bits `k` | "
        + " | ".join(str(integers(preset, layer)[2] - MESSAGE_BITS[layer]) for layer in LAYERS)
        + " |",
    ]
    text = Path(digits.__file__).with_name("README.md").read_text()
    assert [row for row in rows if row not in text] == []


@given(st.lists(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=1, max_size=8).filter(any))
def test_scale_bits_is_the_largest_that_fits(values):
    weight = torch.tensor(values)
    k = digits.scale_bits(weight)
    assert digits.mantissas(weight, k).abs().max() <= 127 < digits.mantissas(weight, k + 1).abs().max()


def test_scale_bits_refuses_a_layer_without_weights():
    with pytest.raises(ValueError, match="above zero"):
        digits.scale_bits(torch.zeros(3))


def test_rounding_twice_is_rounding_once():
    once = digits.rounded_parameters(net("float-trained").state_dict())
    twice = digits.rounded_parameters(once)
    assert all(torch.equal(once[name], twice[name]) for name in once)


def test_rounding_lets_gradients_pass():
    weight = torch.tensor([0.3, -0.7], requires_grad=True)
    (round_straight_through(weight, 2) * torch.tensor([2.0, 5.0])).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2.0, 5.0]
    assert round_straight_through(weight, 2).tolist() == [0.5, -0.5]


def test_ties_go_to_the_lowest_class():
    output = torch.zeros(2, 3, 10)
    output[0, :, [7, 4, 9]] = 1.0
    assert digits.classify(output).tolist() == [4, 0]


def test_split_is_fixed_disjoint_and_balanced():
    training, held_out = split()
    assert (len(training.labels), len(held_out.labels)) == (1347, 450)
    assert np.bincount(held_out.labels).min() >= 43
    assert np.array_equal(held_out.labels, split()[1].labels)
    training_images = {image.tobytes() for image in training.pixels}
    assert not any(image.tobytes() in training_images for image in held_out.pixels)


def test_stimulus_shows_held_out_images_on_the_declared_grid():
    config = digits.PRESETS["default"]
    drawn = digits.stimulus(config, steps=5, samples=20, seed=3)
    assert drawn["input"].shape == (20, 5, 1, 8, 8)
    assert (drawn["input"].dtype, drawn.labels.dtype) == (np.float32, np.int64)
    described = config["input"]
    assert drawn["input"].min() == described["low"]
    assert drawn["input"].max() == described["high"]
    assert np.array_equal(drawn["input"] % described["grid"], np.zeros_like(drawn["input"]))
    assert (drawn["input"] == drawn["input"][:, :1]).all()
    pool = {image.tobytes(): label for image, label in zip(split()[1].pixels, split()[1].labels, strict=True)}
    assert [pool[image.tobytes()] for image in drawn["input"][:, 0]] == drawn.labels.tolist()


def test_stimulus_is_chosen_by_its_seed():
    config = digits.PRESETS["default"]
    first, again, different = (digits.stimulus(config, 1, 20, seed)["input"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, different)


def test_large_stimulus_is_the_whole_split_in_order():
    assert np.array_equal(digits.stimulus(digits.PRESETS["default"], 1, 10_000, 5).labels, split()[1].labels)


@pytest.mark.parametrize(("steps", "samples"), [(0, 1), (1, 0)])
def test_empty_stimulus_is_refused(steps, samples):
    with pytest.raises(ValueError, match="at least 1"):
        digits.stimulus(digits.PRESETS["default"], steps, samples, 0)


@pytest.mark.parametrize("weights", [None, "../spikeseg/weights.safetensors"])
def test_unknown_weights_are_refused(weights):
    with pytest.raises(ValueError, match=r"weights_float\.safetensors"):
        digits.build({"weights": weights})


def test_training_is_reproducible_and_ends_on_the_grid():
    images = Images(split()[0].pixels[:64], split()[0].labels[:64])
    first, second = (train(images, Recipe(epochs=2)).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    rounded = digits.rounded_parameters(first)
    assert all(torch.equal(first[name], rounded[name]) for name in first)


def test_the_split_is_the_one_that_scikit_learn_draws_of_its_images():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn comes with the extra torch")
    selection = pytest.importorskip("sklearn.model_selection", reason="scikit-learn comes with the extra torch")
    raw, classes = datasets.load_digits(return_X_y=True)
    drawn = selection.train_test_split(raw, classes, test_size=0.25, stratify=classes, random_state=0)
    for part, pixels, labels in zip(split(), drawn[:2], drawn[2:], strict=True):
        np.testing.assert_array_equal(part.pixels.reshape(-1, 64) * 16, pixels)
        np.testing.assert_array_equal(part.labels, labels)
