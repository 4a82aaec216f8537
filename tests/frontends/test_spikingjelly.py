"""SpikingJelly neurons run by SpikingJelly itself equal the network, step by step and all steps at once."""

from typing import Any

import numpy as np
import pytest
import torch
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.reference.network_runner import run_network
from tests.frontends.live import agrees, read, spikes, weights


def dense(make: Any) -> nn.Module:
    return nn.Sequential(layer.Linear(6, 20), make(), layer.Dropout(0.5), layer.Linear(20, 10, bias=False), make())


def plif(tau: float = 4.0, **options: Any) -> nn.Module:
    """A PLIF whose trained weight makes 1/tau the float32 number nearest to it."""
    return neuron.ParametricLIFNode(init_tau=tau, **options)


NEURONS: dict[str, Any] = {
    "IF, hard": lambda: neuron.IFNode(),
    "IF, hard to another potential": lambda: neuron.IFNode(v_threshold=1.5, v_reset=-0.5),
    "IF, soft": lambda: neuron.IFNode(v_reset=None),
    "LIF, hard": lambda: neuron.LIFNode(2.0),
    "LIF, soft": lambda: neuron.LIFNode(4.0, v_reset=None),
    "LIF, input as it is": lambda: neuron.LIFNode(4.0, decay_input=False),
    "LIF, input as it is, soft": lambda: neuron.LIFNode(2.0, decay_input=False, v_reset=None),
    "LIF, hard to another potential": lambda: neuron.LIFNode(2.0, v_reset=0.25),
    "LIF, input as it is, hard to another potential": lambda: neuron.LIFNode(2.0, decay_input=False, v_reset=0.25),
    "PLIF, hard": lambda: plif(2.0),
    "PLIF, soft": lambda: plif(2.0, v_reset=None),
    "PLIF, input as it is": lambda: plif(2.0, decay_input=False),
    "another surrogate": lambda: neuron.IFNode(surrogate_function=surrogate.ATan()),
}


@pytest.mark.parametrize("mode", ["s", "m"])
@pytest.mark.parametrize("name", NEURONS)
def test_a_neuron_fires_as_spikingjelly_does(name: str, mode: str) -> None:
    net = dense(NEURONS[name])
    functional.set_step_mode(net, mode)
    agrees(weights(net, size=1.5, grain=8), (6,))


class TrainedThreshold(neuron.IFNode):
    """A threshold that is trained."""

    def __init__(self, *thresholds: float) -> None:
        super().__init__()
        del self.v_threshold
        self.v_threshold = nn.Parameter(torch.tensor(thresholds))


class TrainedTau(neuron.LIFNode):
    """A time constant that is trained."""

    def __init__(self, *taus: float) -> None:
        super().__init__()
        del self.tau
        self.tau = nn.Parameter(torch.tensor(taus))


class PerNeuron(neuron.ParametricLIFNode):
    """A trained decay per neuron."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.linspace(-1.0, 1.0, count))


TRAINED: dict[str, Any] = {
    "a threshold": lambda: TrainedThreshold(0.75),
    "a time constant": lambda: TrainedTau(2.5),
    "a decay per neuron": lambda: PerNeuron(9),
}


@pytest.mark.parametrize("mode", ["s", "m"])
@pytest.mark.parametrize("name", TRAINED)
def test_trained_parameters_are_read(name: str, mode: str) -> None:
    net = nn.Sequential(layer.Linear(6, 9), TRAINED[name]())
    functional.set_step_mode(net, mode)
    agrees(weights(net, size=1.5, grain=8), (6,), exact="decay" not in name and "time" not in name)


@pytest.mark.parametrize("make", [lambda: neuron.LIFNode(3.0), lambda: plif(5.0, decay_input=False)])
def test_random_weights_and_decays_agree_up_to_ties(make: Any) -> None:
    agrees(weights(dense(make), grain=0, size=2), (6,), exact=False)


def convolutional() -> nn.Sequential:
    return nn.Sequential(
        layer.Conv2d(2, 4, 3, padding=1, bias=False), layer.BatchNorm2d(4), neuron.IFNode(), layer.MaxPool2d(2),
        layer.Conv2d(4, 4, (1, 3), stride=(1, 2), groups=2), neuron.LIFNode(2.0), layer.AvgPool2d((3, 1)),
        layer.Flatten(), layer.Linear(4, 5), neuron.IFNode(v_reset=None),
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["s", "m"])
def test_a_convolutional_network(mode: str) -> None:
    net = convolutional()
    functional.set_step_mode(net, mode)
    with torch.no_grad():
        net[1].running_var.fill_(0.25)
    network = agrees(weights(net, size=2, grain=8), (2, 6, 6), exact=False)
    assert network.populations == ("2", "3", "5", "9")


def test_containers_of_several_steps() -> None:
    net = nn.Sequential(
        layer.SeqToANNContainer(nn.Conv2d(2, 4, 3), nn.AvgPool2d(2)), neuron.LIFNode(2.0, step_mode="m"),
        layer.MultiStepContainer(nn.Flatten(), nn.Linear(16, 6), neuron.IFNode()),
    )  # fmt: skip
    agrees(weights(net, size=2), (2, 6, 6))


class Residual(nn.Module):
    """A block whose spikes are added to those it received, one of them late."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.conv1, self.sn1 = layer.Conv1d(2, 4, 3, padding=1), neuron.IFNode()
        self.conv2, self.sn2 = layer.Conv1d(4, 4, 3, padding=2, dilation=2), neuron.LIFNode(2.0)
        self.late, self.fc, self.sn3 = layer.Delay(3), layer.Linear(32, 6), neuron.IFNode()
        self.flat = layer.Flatten()
        functional.set_step_mode(self, mode)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.sn1(self.conv1(x))
        x = self.late(x) + self.sn2(self.conv2(x)) + x
        return self.sn3(self.fc(self.flat(x)))


@pytest.mark.parametrize("mode", ["s", "m"])
def test_a_residual_network_with_a_delay(mode: str) -> None:
    network = agrees(weights(Residual(mode), size=0.5), (2, 8))
    assert set(network.sources("flat")) == {"late", "sn2", "sn1"}


class MembraneReadout(nn.Module):
    """A membrane of a neuron that never fires, read over time."""

    def __init__(self, out: nn.Module, over_time: str) -> None:
        super().__init__()
        self.fc1, self.sn, self.fc2 = layer.Linear(6, 9), neuron.LIFNode(2.0), layer.Linear(9, 3)
        self.out, self.over_time = out, over_time
        functional.set_step_mode(self, "m")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        membranes = self.out(self.fc2(self.sn(self.fc1(x))))
        if self.over_time == "list":
            return membranes
        stacked = torch.stack(membranes)
        return {"steps": stacked, "mean": stacked.mean(0), "last": stacked[-1]}[self.over_time]


@pytest.mark.parametrize("over_time", ["list", "steps", "mean"])
@pytest.mark.parametrize("make", [lambda: neuron.NonSpikingLIFNode(4.0), lambda: neuron.NonSpikingIFNode()])
def test_a_neuron_that_never_fires_is_an_integrator(make: Any, over_time: str) -> None:
    network = agrees(weights(MembraneReadout(make(), over_time), size=1.0), (6,), exact=False)
    stimulus = spikes((6,))
    assert network.source is not None
    source = network.source.run(stimulus)["out"].values
    np.testing.assert_allclose(source, run_network(network, stimulus)["out"].values, atol=1e-4)
    assert np.abs(source).max() > 0.1


REFUSED: dict[str, tuple[Any, str]] = {
    "no step": (lambda: neuron.IFNode(surrogate_function=surrogate.Sigmoid(spiking=False)), "node 1: its surrogate"),
    "decoded": (lambda: neuron.NonSpikingLIFNode(decode="max-mem"), "node 1: decode='max-mem' joins"),
    "unknown": (lambda: neuron.QIFNode(), "layer 1: QIFNode"),
    "standardized weights": (lambda: layer.WSLinear(20, 20), "layer 1: WSLinear"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(name: str) -> None:
    make, what = REFUSED[name]
    with pytest.raises(RefusedError, match=what):
        read(nn.Sequential(layer.Linear(6, 20), make()), (6,))


def test_neurons_in_different_step_modes_are_refused() -> None:
    net = nn.Sequential(neuron.IFNode(step_mode="m"), nn.Linear(6, 4), neuron.IFNode(step_mode="s"))
    with pytest.raises(RefusedError, match="called 1 times in 3 steps"):
        read(net, (6,))


@pytest.mark.parametrize("mode", ["s", "m"])
@pytest.mark.parametrize("size", [4, 6])
def test_a_vote_of_neurons_is_their_mean(size: int, mode: str) -> None:
    """Groups of ``voting_size``; what is left over does not vote. At the end, the votes are the readout."""
    net = nn.Sequential(nn.Linear(6, 16), neuron.IFNode(), layer.VotingLayer(size))
    functional.set_step_mode(net, mode)
    assert agrees(weights(net), (6,), exact=size == 4).populations == ("1", "readout")
    net.append(neuron.IFNode(v_threshold=0.5, step_mode=mode))
    agrees(net, (6,), exact=size == 4)
