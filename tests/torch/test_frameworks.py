"""Neurons of each framework as integers, trained by an ordinary loop, and run as they were trained."""

from collections.abc import Callable

import norse.torch as norse
import pytest
import sinabs.layers as sinabs
import snntorch
import torch
from norse.torch import LIFParameters
from sinabs.activation import MaxSpike, SingleSpike
from spikingjelly.activation_based import neuron
from torch import Tensor, nn

from neurodeploy.torch import QuantizedNetwork, quantized
from tests.torch.support import same

FEATURES, CLASSES, STEPS = 6, 2, 10


def norse_cuba() -> nn.Module:
    neurons = LIFParameters(v_th=torch.tensor(0.2))
    return norse.SequentialState(nn.Linear(6, 8), norse.LIFCell(neurons), nn.Linear(8, 2), norse.LIFCell(neurons))


def norse_recurrent() -> nn.Module:
    neurons = LIFParameters(v_th=torch.tensor(0.2))
    hidden = norse.LIFRecurrentCell(6, 8, neurons, autapses=True)
    return norse.SequentialState(hidden, nn.Linear(8, 2), norse.LIFCell(neurons))


def snntorch_leaky() -> nn.Module:
    first, last = (snntorch.Leaky(0.9, threshold=0.5, init_hidden=True) for _ in range(2))
    return nn.Sequential(nn.Linear(6, 8), first, nn.Linear(8, 2), last)


def snntorch_recurrent() -> nn.Module:
    hidden = snntorch.RLeaky(0.9, linear_features=8, threshold=0.5, init_hidden=True)
    return nn.Sequential(nn.Linear(6, 8), hidden, nn.Linear(8, 2), snntorch.Leaky(0.9, threshold=0.5, init_hidden=True))


def spikingjelly_lif() -> nn.Module:
    first, last = (neuron.LIFNode(2.0, decay_input=False, v_threshold=0.5) for _ in range(2))
    return nn.Sequential(nn.Linear(6, 8), first, nn.Linear(8, 2), last)


def sinabs_lif() -> nn.Module:
    options = {"tau_mem": 10.0, "batch_size": 1, "spike_threshold": 0.3, "spike_fn": SingleSpike, "norm_input": False}
    return nn.Sequential(nn.Linear(6, 8), sinabs.LIFSqueeze(**options), nn.Linear(8, 2), sinabs.LIFSqueeze(**options))


def sinabs_counts() -> nn.Module:
    first, last = (
        sinabs.IAFSqueeze(batch_size=1, spike_threshold=0.5, spike_fn=MaxSpike(3), min_v_mem=-1.0) for _ in "12"
    )
    return nn.Sequential(nn.Linear(6, 8), first, nn.Linear(8, 2), last)


def batch(seed: int) -> tuple[Tensor, Tensor]:
    """Class 0 shows spikes on the first three inputs, class 1 on the others."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(24) % CLASSES
    rates = torch.where((torch.arange(FEATURES) < 3) == (labels[:, None] == 0), 0.6, 0.2)
    return (torch.rand((24, STEPS, FEATURES), generator=draw) < rates[:, None]).float(), labels


def trained(module: QuantizedNetwork) -> tuple[float, float]:
    """The loss of samples that it was not trained on, before and after an ordinary loop."""
    optimizer = torch.optim.Adam(module.parameters(), lr=0.3)
    losses: list[float] = []
    for seed in (99, *range(8), 99):
        shown, labels = batch(seed)
        loss = nn.functional.cross_entropy(module(shown).sum(1) / 2, labels)
        losses.append(float(loss.detach()))
        if seed != 99:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return losses[0], losses[-1]


@pytest.mark.parametrize(
    "build",
    [
        *(norse_cuba, norse_recurrent, snntorch_leaky, snntorch_recurrent),
        *(spikingjelly_lif, sinabs_lif, sinabs_counts),
    ],
)
def test_a_framework_cell_is_trained_in_integers_and_runs_as_it_was_trained(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(1)
    module = quantized(build(), "loihi2", bits=4, input_shape=(FEATURES,))
    before, after = trained(module)
    assert after < before
    shown, _ = batch(5)
    assert same(module, {next(iter(module.start.input_by_name)): shown.numpy()}) > 100
