"""SpikingRx's parts: equations by hand and against the golden arrays (tests/golden/README.md, section 3)."""

from pathlib import Path

import numpy as np
import pytest
import torch
from neurodeploy.models.spikingrx import (
    CONNECT,
    IF,
    LIF,
    ConvBlock,
    Readout,
    SEWBlock,
    SpikeNorm,
    SpikingShortcut,
    StemConv,
    TriangularSurrogate,
)
from torch import nn

torch.set_num_threads(1)
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "spikingrx_seed_commit3a6cc922.npz", allow_pickle=False)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("ranks", ["lif", "lif5"])
def test_lif_equals_the_golden_run(ranks):
    spikes = LIF(beta=0.9, theta=0.5)(torch.from_numpy(GOLDEN[f"{ranks}_I"]))
    np.testing.assert_array_equal(spikes.numpy(), GOLDEN[f"{ranks}_S"])


def test_constant_input_of_one_spikes_at_steps_6_and_13():
    spikes = LIF(beta=0.9, theta=0.5)(torch.ones(1, 20, 1))
    assert torch.nonzero(spikes[0, :, 0]).flatten().tolist() == [6, 13]


@pytest.mark.parametrize("seed", range(20))
def test_noisy_input_of_one_spikes_two_or_three_times(seed):
    assert LIF(beta=0.9, theta=0.5)(1 + 0.1 * normal(1, 20, 1, seed=seed)).sum().item() in (2, 3)


def test_lif_resets_softly_and_goes_below_zero():
    """beta 0.5, theta 1. U = 2 leaves 1 behind, which lifts the next step over the threshold; U = -3 holds it under."""
    neuron = LIF(beta=0.5, theta=1.0)
    assert neuron(torch.tensor([4.0, 1.5]).reshape(1, 2, 1)).flatten().tolist() == [1, 1]
    assert neuron(torch.tensor([0.0, 1.5]).reshape(1, 2, 1)).flatten().tolist() == [0, 0]
    assert neuron(torch.tensor([-6.0, 4.0]).reshape(1, 2, 1)).flatten().tolist() == [0, 0]


@pytest.mark.parametrize(("make", "last"), [(LIF, 25.0), (IF, 2.5)])
def test_no_membrane_on_a_grid_falls_below_its_floor(make, last):
    """After two steps of -10 the last current fires from the floor, -1, and not from further below."""
    neuron = make(theta=1.0, on_grid=1)
    neuron.grid.fill_(2.0**-10)
    currents = torch.tensor([-10.0, -10.0, last]).reshape(1, 3, 1, 1, 1)
    assert neuron(currents).flatten().tolist() == [0, 0, 0]
    neuron.floor.fill_(-1.0)
    assert neuron(currents).flatten().tolist() == [0, 0, 1]


@pytest.mark.parametrize("neuron", [LIF(), IF()], ids=["LIF", "IF"])
@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 4, 3, 3), (1, 2, 3, 4, 5, 6)])
def test_neurons_refuse_other_ranks(neuron, shape):
    with pytest.raises(ValueError, match=r"expected \[B, T, D\]"):
        neuron(torch.zeros(shape))


def test_calls_share_no_state():
    neuron, current = LIF(0.9, 0.5), torch.ones(1, 5, 1)
    assert torch.equal(neuron(current), neuron(current))


def test_learnable_beta_gets_a_gradient():
    neuron = LIF(0.9, 0.5, learn_beta=True)
    neuron(torch.ones(1, 8, 1)).sum().backward()
    assert neuron.beta.grad is not None
    assert neuron.beta.grad.item() != 0
    assert not list(LIF().parameters())


def test_if_resets_to_zero_and_fires_at_one():
    assert IF()(torch.tensor([0.5, 0.5, 1.75, 0.25]).reshape(1, 4, 1)).flatten().tolist() == [0, 1, 1, 0]


def test_surrogate_gradient_equals_the_golden_run():
    x = torch.from_numpy(GOLDEN["sg_x"]).requires_grad_()
    TriangularSurrogate.apply(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), GOLDEN["sg_grad"], atol=1e-7)


def test_surrogate_is_a_step_forward_and_a_triangle_of_half_width_a_backward():
    x = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0], requires_grad=True)
    spikes = TriangularSurrogate.apply(x, 2.0)
    spikes.sum().backward()
    assert spikes.tolist() == [0, 0, 1, 1, 1]
    assert x.grad.tolist() == [0, 0.25, 0.5, 0.25, 0]


def test_conv_block_keeps_the_plane_and_starts_kaiming_normal():
    torch.manual_seed(0)
    blocks = [ConvBlock(3, 8) for _ in range(20)]
    outputs = torch.stack([block(normal(1, 3, 32, 32)) for block in blocks])
    assert outputs.shape == (20, 1, 8, 32, 32)
    assert outputs.mean().item() == pytest.approx(0, abs=0.02)
    assert outputs.flatten(1).std(1).mean().item() == pytest.approx(0.84, abs=0.05)
    assert not any(block.conv.bias.any() for block in blocks)


@pytest.mark.parametrize("shape", [(4, 3, 16, 16), (4, 5, 3, 16, 16)])
def test_norm_in_training_is_standard_at_every_step(shape):
    x = 1 + 3 * normal(*shape)
    steps = SpikeNorm(3).train()(x).reshape(4, -1, 3, 16, 16)
    for step in steps.unbind(1):
        assert step.mean((0, 2, 3)).abs().max().item() < 1e-5
        assert step.std((0, 2, 3), correction=0).tolist() == pytest.approx([1] * 3, abs=1e-4)


def test_norm_moves_running_statistics_once_per_step_and_refuses_other_ranks():
    norm = SpikeNorm(3)
    norm(normal(2, 5, 3, 4, 4))
    assert norm.bn.num_batches_tracked.item() == 5
    with pytest.raises(ValueError, match="expected"):
        norm(normal(2, 3, 4))


def test_norm_in_evaluation_has_not_converged_after_five_updates():
    norm = SpikeNorm(3)
    norm.train()(1 + 3 * normal(4, 5, 3, 16, 16))
    output = norm.eval()(1 + 3 * normal(4, 5, 3, 16, 16, seed=1))
    assert output.mean().item() == pytest.approx(0.28, abs=0.05)
    assert output.std().item() == pytest.approx(1.45, abs=0.1)


def test_norm_in_evaluation_folds_into_the_convolution():
    torch.manual_seed(0)
    stem = StemConv(2, 4)
    stem.train()(normal(2, 10, 2, 16, 16))
    stem.eval()
    bn, conv = stem.norm.bn, stem.conv.conv
    gain = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    folded = nn.Conv2d(2, 4, 3, padding=1)
    with torch.no_grad():
        folded.weight.copy_(conv.weight * gain[:, None, None, None])
        folded.bias.copy_((conv.bias - bn.running_mean) * gain + bn.bias)
        x = normal(2, 10, 2, 16, 16, seed=1)
        current = torch.stack([folded(step) for step in x.unbind(1)], dim=1)
        whole = stem.norm(torch.stack([conv(step) for step in x.unbind(1)], dim=1))
    torch.testing.assert_close(current, whole, rtol=0, atol=1e-5)
    assert stem.lif(current).sum() > 0
    assert torch.equal(stem.lif(current), stem(x))


def test_connect_functions_on_hand_made_spikes():
    spikes, bypass = torch.tensor([0.0, 0, 1, 1]), torch.tensor([0.0, 1, 0, 1])
    joined = {name: join(spikes, bypass).tolist() for name, join in CONNECT.items()}
    assert joined == {"ADD": [0, 1, 1, 2], "AND": [0, 0, 0, 1], "IAND": [0, 1, 0, 0], "HALF": [0, 0.5, 0.5, 1]}


def test_stateless_block_fires_exactly_where_the_normalized_current_reaches_two():
    torch.manual_seed(0)
    block, x = SEWBlock(4, 8).eval(), 3 * normal(2, 5, 4, 8, 8)
    with torch.no_grad():
        current = block.norm(torch.stack([block.conv(step) for step in x.unbind(1)], dim=1))
        spikes = block.spikes(x)
    clear = (current - 2).abs() > 1e-4
    assert 0 < spikes.sum() < spikes.numel()
    assert torch.equal(spikes[clear], (current >= 2).float()[clear])


def test_stateful_block_integrates_over_the_steps():
    torch.manual_seed(0)
    block, x = SEWBlock(4, 8, stateful=True).eval(), 3 * normal(2, 5, 4, 8, 8)
    with torch.no_grad():
        current = block.norm(torch.stack([block.conv(step) for step in x.unbind(1)], dim=1))
        assert torch.equal(block.spikes(x), block.lif(current))
        stateful = block.spikes(x)
        block.stateful = False
        stateless = block.spikes(x)
    assert torch.equal(stateful[:, 0], stateless[:, 0])
    assert not torch.equal(stateful, stateless)


def test_shortcut_is_identity_real_valued_or_spiking():
    x = normal(1, 5, 4, 8, 8)
    assert isinstance(SEWBlock(4, 4).shortcut, nn.Identity)
    assert isinstance(SEWBlock(4, 4, shortcut="spiking").shortcut, nn.Identity)
    real = SEWBlock(4, 8)
    assert isinstance(real.shortcut, nn.Conv2d)
    assert len(real.bypass(x).unique()) > 2
    spiking = SEWBlock(4, 8, shortcut="spiking")
    assert isinstance(spiking.shortcut, SpikingShortcut)
    assert set(spiking.bypass(x).unique().tolist()) == {0, 1}


def test_stride_halves_both_branches():
    assert SEWBlock(4, 4, stride=2)(normal(1, 3, 4, 8, 8)).shape == (1, 3, 4, 4, 4)


@pytest.mark.parametrize("connect", ["AND", "IAND"])
def test_and_and_iand_stay_binary_over_a_spiking_shortcut(connect):
    torch.manual_seed(0)
    block = SEWBlock(4, 8, connect=connect, shortcut="spiking", stateful=True)
    x = (normal(2, 8, 4, 8, 8) > 0).float()
    assert set(block(x).unique().tolist()) == {0, 1}


@pytest.mark.parametrize("choice", [{"connect": "XOR"}, {"shortcut": "pool"}])
def test_unknown_choices_are_refused(choice):
    with pytest.raises(ValueError, match="unknown"):
        SEWBlock(4, 8, **choice)


def test_readout_clamps_and_averages_over_time():
    head = Readout(16, 2, temperature=2.0).requires_grad_(False)
    assert (head.fc1.out_channels, Readout(64, 2).fc1.out_channels) == (8, 32)
    x = 2 * normal(2, 5, 16, 4, 4)
    rate = x.clamp(0, 1).mean(1)
    expected = 2.0 * head.fc2(torch.relu(head.fc1(rate)))
    assert head(x).shape == (2, 4, 4, 2)
    torch.testing.assert_close(head(x), expected.permute(0, 2, 3, 1))
