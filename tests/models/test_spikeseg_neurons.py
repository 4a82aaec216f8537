"""SpikeSEG's neurons against the golden runs (tests/golden/README.md, section 1) and their equations by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.models.spikeseg import IFNeuron, LIFNeuron, create_neuron, spike_fn, spike_function

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "spikeseg_neurons.npz", allow_pickle=False)
NEURONS = {
    "lif_sub_10_0.9": LIFNeuron(10.0, 0.9),
    "lif_sub_10_0.1": LIFNeuron(10.0, 0.1),
    "lif_mul_10_0.1": LIFNeuron(10.0, 0.1, "multiplicative"),
    "if_10": IFNeuron(10.0),
}


def drive(neuron, currents, fire_once=False):
    """Spikes, membrane after and before threshold of every step, stacked over time."""
    membrane, fired, steps = None, torch.zeros_like(currents[0]), []
    for current in currents:
        spikes, membrane, before = neuron(current, membrane, fired if fire_once else None)
        fired = (fired + spikes).clamp(0, 1)
        steps.append((spikes, membrane, before))
    return tuple(torch.stack(part) for part in zip(*steps, strict=True))


def scalar_steps(neuron, *currents):
    spikes, after, before = drive(neuron, torch.tensor(currents).reshape(-1, 1, 1))
    return spikes.flatten().tolist(), after.flatten().tolist(), before.flatten().tolist()


@pytest.mark.parametrize("fire_once", [False, True])
@pytest.mark.parametrize("name", NEURONS)
def test_sixty_steps_equal_the_golden_run(name, fire_once):
    spikes, after, before = drive(NEURONS[name], torch.from_numpy(GOLDEN["current"]), fire_once)
    run = f"{name}_fo{int(fire_once)}"
    np.testing.assert_array_equal(spikes.numpy(), GOLDEN[f"{run}_spk"])
    np.testing.assert_allclose(after.numpy(), GOLDEN[f"{run}_v"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(before.numpy(), GOLDEN[f"{run}_pre"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "neuron",
    [
        LIFNeuron(threshold=10.0, leak_factor=9.0, leak_mode="subtractive"),
        LIFNeuron(threshold=10.0, leak_factor=0.9),
        LIFNeuron(threshold=10.0, leak=9.0),
        create_neuron("LIF", threshold=10.0, leak_factor=9.0),
    ],
    ids=["absolute", "fraction", "explicit", "by-name"],
)
def test_leak_of_nine_by_hand_and_equality_fires(neuron):
    spikes, after, before = scalar_steps(neuron, 5.0, 9.0, 18.9, 19.0, 19.0)
    assert spikes == [0, 0, 0, 1, 1]
    assert after == pytest.approx([0, 0, 9.9, 0, 0], abs=1e-5)
    assert before == pytest.approx([0, 0, 9.9, 19.9, 10.0], abs=1e-5)


def test_leak_factor_of_one_is_the_whole_threshold_and_above_one_is_absolute():
    assert float(LIFNeuron(4.0, 1.0).leak) == 4.0
    assert float(LIFNeuron(4.0, 1.5).leak) == 1.5


def test_clamp_keeps_lif_at_zero_and_can_be_switched_off():
    assert scalar_steps(LIFNeuron(10.0, leak=1.0), -5.0, 3.0)[1] == [0, 2]
    assert scalar_steps(LIFNeuron(10.0, leak=1.0, clamp=False), -5.0, 3.0)[1] == [-6, -4]
    assert scalar_steps(IFNeuron(10.0), -5.0, 3.0)[1] == [-5, -2]


def test_smaller_beta_forgets_faster():
    slow = scalar_steps(LIFNeuron(10.0, 0.1, "multiplicative"), 8.0, 0.0, 0.0)[1]
    fast = scalar_steps(LIFNeuron(10.0, 0.5, "multiplicative"), 8.0, 0.0, 0.0)[1]
    assert slow == pytest.approx([8, 7.2, 6.48])
    assert fast == pytest.approx([8, 4, 2])


def test_masked_neuron_is_silent_and_keeps_integrating():
    spikes, after, _ = drive(IFNeuron(10.0), torch.full((4, 1, 1), 12.0), fire_once=True)
    assert spikes.flatten().tolist() == [1, 0, 0, 0]
    assert after.flatten().tolist() == [0, 12, 24, 36]


def test_thresholds_per_channel_compare_along_axis_one():
    current = torch.full((1, 3, 2, 2), 5.0)
    at_construction = IFNeuron(torch.tensor([4.0, 5.0, 6.0]))(current)[0]
    at_the_call = IFNeuron(10.0)(current, threshold=torch.tensor([4.0, 5.0, 6.0]))[0]
    assert at_construction[0, :, 0, 0].tolist() == [1, 1, 0]
    assert torch.equal(at_construction, at_the_call)


def test_fractional_leak_of_thresholds_per_channel_is_per_channel():
    neuron = LIFNeuron(torch.tensor([4.0, 8.0]), 0.5)
    assert neuron(torch.full((1, 2, 1, 1), 6.0))[2].flatten().tolist() == [4, 2]


def test_spike_function_fires_at_the_threshold():
    membrane = torch.tensor([9.99, 10.0, 10.01])
    assert spike_function(membrane, 10.0).tolist() == [0, 1, 1]
    assert spike_fn is spike_function


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LIFNeuron(10.0, -0.1), "negative"),
        (lambda: LIFNeuron(10.0, leak=-1.0), "negative"),
        (lambda: LIFNeuron(10.0, 9.0, "multiplicative"), r"\[0, 1\]"),
        (lambda: LIFNeuron(10.0, 0.1, "exponential"), "leak_mode"),  # type: ignore[arg-type]
        (lambda: create_neuron("izhikevich"), "unknown neuron"),
        (lambda: IFNeuron(torch.ones(2))(torch.ones(1, 3, 1, 1)), "one value per channel"),
        (lambda: IFNeuron()(torch.ones(1, 3), torch.ones(1, 2)), "reset the state"),
    ],
)
def test_impossible_neurons_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
