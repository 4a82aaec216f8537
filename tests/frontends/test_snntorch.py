"""snnTorch neurons run by snnTorch itself equal the network: every reset, both timings, recurrence, hidden states."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import snntorch as snn
import torch
from snntorch import surrogate
from torch import nn

import neurodeploy as nd
from neurodeploy.errors import RefusedError
from neurodeploy.numerics import INT32
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.frontends.live import agrees, read, spikes, weights


class Net(nn.Module):
    """Two dense layers, states passed by hand, one step at a time."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.fc1, self.lif1, self.fc2, self.lif2 = nn.Linear(6, 20), first, nn.Linear(20, 10), second

    def forward(self, x: torch.Tensor, state1: Any = None, state2: Any = None) -> Any:
        spk1, *state1 = self.lif1(self.fc1(x), *(state1 or ()))
        spk2, *state2 = self.lif2(self.fc2(spk1), *(state2 or ()))
        return spk2, state1, state2


def hidden(neuron: type[nn.Module], *given: float, **options: Any) -> nn.Module:
    """The same with states kept in the neurons."""
    make = lambda: neuron(*given, init_hidden=True, **options)  # noqa: E731
    return nn.Sequential(nn.Linear(6, 20), make(), nn.Linear(20, 10), make())


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
@pytest.mark.parametrize("delay", [True, False])
def test_leaky(reset: str, delay: bool) -> None:
    agrees(weights(hidden(snn.Leaky, 0.75, reset_mechanism=reset, reset_delay=delay)), (6,))


@pytest.mark.parametrize(
    ("reset", "delay"), [("subtract", True), ("subtract", False), ("none", True), ("zero", False), ("none", False)]
)
def test_synaptic(reset: str, delay: bool) -> None:
    agrees(weights(hidden(snn.Synaptic, 0.5, 0.75, reset_mechanism=reset, reset_delay=delay), size=0.5), (6,))


def test_random_weights_and_decays_agree_up_to_ties() -> None:
    agrees(weights(hidden(snn.Leaky, 0.9), grain=0), (6,), exact=False)
    agrees(weights(hidden(snn.Synaptic, 0.8, 0.9), grain=0, size=0.5), (6,), exact=False)


@pytest.mark.parametrize("reset", ["subtract", "none"])
@pytest.mark.parametrize(
    "circuit", [{"R": 2.0, "C": 2.0}, {"R": 0.5, "C": 8.0, "time_step": 2.0}, {"beta": 0.5}], ids=["RC", "step", "beta"]
)
def test_lapicque(circuit: dict[str, float], reset: str) -> None:
    """The membrane of an RC circuit, whose decay snnTorch takes as 1 - h / (R C), not as beta."""
    net = weights(hidden(snn.Lapicque, reset_mechanism=reset, threshold=0.5, **circuit))
    assert agrees(net, (6,)).populations == ("1", "3")


def test_states_passed_by_hand() -> None:
    lifs = snn.Leaky(0.5, reset_mechanism="zero"), snn.Synaptic(0.5, 0.5)
    network = agrees(weights(Net(*lifs)), (6,))
    assert network.populations == ("lif1", "lif2")


def test_every_neuron_its_own_parameters() -> None:
    beta, threshold = torch.linspace(0, 8, 20).round() / 8, torch.linspace(0.5, 2, 20).mul(8).round() / 8
    net = nn.Sequential(nn.Linear(6, 20), snn.Leaky(beta, threshold=threshold, init_hidden=True))
    network = agrees(weights(net), (6,))
    np.testing.assert_array_equal(network.nodes["1"].v_threshold, threshold)


def test_a_channel_its_own_decay() -> None:
    beta = torch.tensor([0.25, 0.5, 0.75]).reshape(3, 1, 1)
    net = nn.Sequential(nn.Conv2d(2, 3, 3), snn.Leaky(beta, init_hidden=True), nn.MaxPool2d(2), nn.Flatten())
    agrees(weights(net.append(nn.Linear(12, 5)).append(snn.Leaky(1.0, init_hidden=True))), (2, 6, 6))


RECURRENT: dict[str, Any] = {
    "dense": lambda: snn.RLeaky(0.5, linear_features=20, init_hidden=True),
    "one to one": lambda: snn.RLeaky(0.5, V=-0.5, all_to_all=False, init_hidden=True),
    "each its own": lambda: snn.RLeaky(
        0.5, V=torch.linspace(-1, 1, 20).mul(8).round() / 8, all_to_all=False, init_hidden=True
    ),
    "none": lambda: snn.RLeaky(0.5, linear_features=20, init_hidden=True, reset_mechanism="none"),
    "zero at once": lambda: snn.RLeaky(
        0.5, linear_features=20, init_hidden=True, reset_mechanism="zero", reset_delay=False
    ),
    "synaptic": lambda: snn.RSynaptic(0.5, 0.5, linear_features=20, init_hidden=True),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_neurons_with_their_bias_from_the_first_step_on(name: str) -> None:
    network = agrees(weights(nn.Sequential(nn.Linear(6, 20), RECURRENT[name]()), size=0.5), (6,))
    assert network.recurrent_edges


def test_a_recurrent_convolution() -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), snn.RLeaky(0.5, conv2d_channels=3, kernel_size=3, init_hidden=True))
    agrees(weights(net, size=0.5), (2, 6, 6))


class Loop(nn.Module):
    """All steps in one forward pass, as snnTorch's tutorials have it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.lif1, self.fc2, self.lif2 = nn.Linear(6, 20), snn.Leaky(0.5), nn.Linear(20, 10), snn.Leaky(0.75)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        sent, membranes = [], []
        for step in range(x.size(0)):
            spk1, mem1 = self.lif1(self.fc1(x[step]), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            sent.append(spk2)
            membranes.append(mem2)
        return torch.stack(sent), torch.stack(membranes)


def test_a_loop_over_time_inside_the_forward_pass() -> None:
    agrees(weights(Loop()), (6,))


class Residual(nn.Module):
    """Two branches that meet in a neuron, and spikes that go around a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.lif1 = snn.Leaky(0.5, init_hidden=True)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.lif2 = snn.Leaky(0.5, init_hidden=True, reset_mechanism="zero")
        self.pool, self.fc = nn.AvgPool2d(2), nn.Linear(36, 10)
        self.lif3 = snn.Leaky(0.75, init_hidden=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.lif1(self.norm(self.conv1(x)))
        second = self.lif2(self.conv2(first) + 0.5 * first)
        return self.lif3(self.fc(self.pool(first + second).flatten(1)))


def test_a_residual_network() -> None:
    network = agrees(weights(Residual(), size=0.5), (2, 6, 6), exact=False)
    assert set(network.sources("pool")) == {"lif1", "lif2"}
    assert set(network.sources("lif2")) == {"conv2", "scale"}


def test_without_delay_a_membrane_still_above_its_threshold_is_compared_less_one_more() -> None:
    made, stimulus = weights(hidden(snn.Leaky, 0.75, reset_delay=False)), spikes((6,))
    network = agrees(made, (6,))
    assert network.contract.of("1").reset_timing == "same-step-and-next" and not network.findings
    plain = replace(network, contract=network.contract.override("1", reset_timing="same-step"))
    assert float_rung(plain, stimulus, network.source.run(stimulus), ()).verdict == "diverged", "it matters here"
    program = quantize(network, INT32).program
    expected, actual = run_network(network, stimulus)["1"].output, run_program(program, stimulus)["1"].output
    assert np.count_nonzero(expected != actual) <= 0.01 * np.count_nonzero(expected)


def test_without_delay_its_membrane_is_the_network_s_in_every_step() -> None:
    x = np.random.default_rng(3).normal(0.75, 1.0, (2, 300, 6))
    neuron = snn.Leaky(torch.tensor(0.75), reset_delay=False)
    network = read(nn.Sequential(nn.Identity(), snn.Leaky(0.75, init_hidden=True, reset_delay=False)), (6,))
    trace, membrane = run_network(network, {"input": x}, states=True)["1"], torch.zeros(2, 6, dtype=torch.float64)
    assert trace.v is not None
    held = 0
    for step in range(x.shape[1]):
        spike, membrane = neuron(torch.tensor(x[:, step]), membrane)
        np.testing.assert_array_equal(trace.output[:, step], spike.numpy())
        np.testing.assert_allclose(trace.v[:, step], membrane.numpy(), rtol=0, atol=1e-12)
        held += int((membrane > 1.0).sum())
    assert held > 100


@pytest.mark.parametrize("size", [0.75, 0.125], ids=["held", "never held"])
def test_without_delay_a_check_agrees_whether_a_membrane_is_ever_held_or_not(size: float) -> None:
    made = weights(nn.Sequential(nn.Linear(6, 20), snn.Leaky(0.75, init_hidden=True, reset_delay=False)), size=size)
    report = nd.check(
        read(made, (6,)), targets=["fixed"], stimulus=spikes((6,), rate=0.5), options={"numerics": "int32"}
    )
    program = report.rungs[1].nodes
    assert (program["1_held"].expected_spikes > 0) == (size > 0.5)
    assert [rung.verdict for rung in report.rungs] == ["agree"] * len(report.rungs)


def test_without_delay_its_spikes_may_return() -> None:
    recurrent = snn.RLeaky(0.75, linear_features=20, init_hidden=True, reset_delay=False)
    network = agrees(weights(nn.Sequential(nn.Linear(6, 20), recurrent)), (6,))
    with pytest.raises(RefusedError, match="its spikes return to it") as error:
        quantize(network, INT32)
    assert "leave reset_delay at True" in error.value.remedy
    late = snn.RLeaky(0.75, linear_features=20, init_hidden=True)
    quantize(agrees(weights(nn.Sequential(nn.Linear(6, 20), late)), (6,)), INT32)


def test_the_reset_that_runs_counts_not_the_one_that_is_stated() -> None:
    net = hidden(snn.Leaky, 0.75)
    net[1].reset_mechanism = "zero"
    agrees(weights(net), (6,))


FOLLOWED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Synaptic": ({"reset_mechanism": "zero"}, {"reset_mechanism": "subtract"}),
    "RLeaky": ({"reset_mechanism": "zero", "linear_features": 20}, {"linear_features": 20}),
    "RSynaptic": ({"reset_delay": False, "linear_features": 20}, {"linear_features": 20}),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_remedy_for_a_reset_that_no_contract_says_leads_to_integers(name: str) -> None:
    """A late reset to zero drops an input; the remedy is the default, whose late subtraction integers carry."""
    refused, followed = FOLLOWED[name]
    factors = (0.5, 0.75) if "Synaptic" in name else (0.5,)
    neuron = lambda options: getattr(snn, name)(*factors, init_hidden=True, **options)  # noqa: E731
    with pytest.raises(RefusedError) as error:
        read(nn.Sequential(nn.Linear(6, 20), neuron(refused)), (6,))
    assert "reset_mechanism='subtract'" in error.value.remedy or "reset_delay at True" in error.value.remedy
    network = agrees(weights(nn.Sequential(nn.Linear(6, 20), neuron(followed)), size=0.5), (6,))
    expected = run_network(network, spikes((6,)))["1"].output
    actual = run_program(quantize(network, INT32).program, spikes((6,)))["1"].output
    assert np.count_nonzero(expected != actual) <= 0.01 * np.count_nonzero(expected)


REFUSED: dict[str, tuple[Any, str]] = {
    "dropped input": (lambda: snn.Synaptic(0.5, 0.5, reset_mechanism="zero", init_hidden=True), "drops the input"),
    "recurrent": (lambda: snn.RLeaky(0.5, linear_features=20, reset_mechanism="zero", init_hidden=True), "drops the"),
    "not run": (lambda: snn.RSynaptic(0.5, 0.5, linear_features=20, init_hidden=True, reset_delay=False), "cannot run"),
    "inhibition": (lambda: snn.Leaky(0.5, inhibition=True, init_hidden=True), "inhibition"),
    "quantized": (lambda: snn.Leaky(0.5, state_quant=torch.round, init_hidden=True), "state_quant"),
    "graded": (lambda: snn.Leaky(0.5, graded_spikes_factor=2.0, init_hidden=True), "graded_spikes_factor"),
    "no step": (lambda: snn.Leaky(0.5, spike_grad=lambda x: x, init_hidden=True), "spike_grad is no step"),
    "unknown": (lambda: snn.Alpha(0.9, 0.5, init_hidden=True), "layer 1: Alpha"),
    "changed": (
        lambda: snn.Leaky(0.5, init_hidden=True, reset_delay=False),
        "it runs reset 'subtract' and states 'zero'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(name: str) -> None:
    make, what = REFUSED[name]
    neuron = make()
    if name == "changed":
        neuron.reset_mechanism = "zero"
    with pytest.raises(RefusedError, match=what):
        read(nn.Sequential(nn.Linear(6, 20), neuron), (6,))


def test_a_step_function_of_ones_own_is_taken_where_it_is_one() -> None:
    agrees(weights(hidden(snn.Leaky, 0.5, spike_grad=surrogate.fast_sigmoid(slope=25))), (6,))


class Changed(nn.Module):
    """Spikes to which something is added where the neuron remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 6), snn.RLeaky(0.5, linear_features=6, init_hidden=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.lif(self.fc(x))
        y += x
        return y


def test_spikes_changed_where_a_neuron_remembers_them_are_refused() -> None:
    with pytest.raises(RefusedError, match="another state than it returned"):
        read(Changed(), (6,))


class Own(snn.Leaky):
    """A neuron with a forward pass of its own."""

    def forward(self, x: torch.Tensor, mem: Any = None) -> Any:
        return super().forward(2 * x, mem)


def test_a_subclass_that_changes_a_method_is_not_taken_for_its_base() -> None:
    with pytest.raises(RefusedError, match="layer 1: "):
        read(nn.Sequential(nn.Linear(6, 20), Own(0.5, init_hidden=True)), (6,))
