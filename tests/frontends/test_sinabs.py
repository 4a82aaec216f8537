"""sinabs neurons run by sinabs itself equal the network: spikes, resets, gains, clamps, synapses, recurrence."""

import re
from typing import Any

import numpy as np
import pytest
import sinabs.layers as sl
import torch
from sinabs.activation import MaxSpike, MembraneReset, MembraneSubtract, MultiSpike, SingleSpike
from sinabs.from_torch import from_model
from torch import nn

import neurodeploy as nd
from neurodeploy.errors import CannotRepresentError, RefusedError
from neurodeploy.frontends.state_dict import state_for
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.frontends.live import agrees, read, spikes, weights


def dense(make: Any) -> nn.Module:
    return nn.Sequential(nn.Linear(6, 20), make(), nn.Linear(20, 10, bias=False), make())


def eager(**options: Any) -> nn.Module:
    """Neurons of a threshold so low that they send thousands of spikes in a step."""
    low = sl.IAF(spike_threshold=torch.tensor(1e-4), **options)
    return nn.Sequential(nn.Linear(6, 20), low, nn.Linear(20, 10, bias=False), sl.IAF(**options))


def dyadic(neuron: nn.Module, mem: float = 0.75, syn: float = 0.5) -> nn.Module:
    """A neuron whose trained factors are dyadic."""
    with torch.no_grad():
        neuron.alpha_mem.fill_(mem)
        if neuron.alpha_syn is not None:
            neuron.alpha_syn.fill_(syn)
    return neuron


def lif(**options: Any) -> nn.Module:
    return dyadic(sl.LIF(tau_mem=10.0, train_alphas=True, **options))


NEURONS: dict[str, Any] = {
    "IAF": lambda: sl.IAF(),
    "IAF, one spike": lambda: sl.IAF(spike_fn=SingleSpike),
    "IAF, reset": lambda: sl.IAF(reset_fn=MembraneReset()),
    "IAF, one spike, reset": lambda: sl.IAF(spike_fn=SingleSpike, reset_fn=MembraneReset()),
    "IAF, at most two spikes": lambda: sl.IAF(spike_fn=MaxSpike(2)),
    "IAF, clamped": lambda: sl.IAF(min_v_mem=-0.5, spike_threshold=torch.tensor(1.5)),
    "LIF": lambda: lif(),
    "LIF, input as it is": lambda: lif(norm_input=False),
    "LIF, one spike, reset, clamped": lambda: lif(spike_fn=SingleSpike, reset_fn=MembraneReset(), min_v_mem=-1.0),
    "LIF, stated subtraction": lambda: lif(reset_fn=MembraneSubtract(1.0)),
    "LIF with a current": lambda: lif(tau_syn=5.0),
    "LIF with a current, input as it is": lambda: lif(tau_syn=5.0, norm_input=False, spike_fn=SingleSpike),
}


def test_a_check_keeps_to_the_spikes_per_step_that_were_asked_for() -> None:
    network = read(weights(dense(sl.IAF), size=0.5), (6,))
    chosen = {"numerics": "int32", "spikes-per-step": 15}
    report = nd.check(network, spikes((6,)), targets=["fixed"], options=chosen)
    assert [rung.verdict for rung in report.rungs] == ["agree"] * len(report.rungs)


@pytest.mark.parametrize("name", NEURONS)
def test_a_neuron_fires_as_sinabs_does(name: str) -> None:
    network = agrees(weights(dense(NEURONS[name]), size=1.5 if name.startswith("IAF") else 3.0), (6,))
    if name == "IAF":
        assert network.contract.of("1").max_spikes_per_step > 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: sl.LIF(tau_mem=20.0),
        lambda: sl.LIF(tau_mem=20.0, tau_syn=5.0, norm_input=False),
        lambda: sl.IAF(tau_syn=5.0),
    ],
)
def test_exponential_decays_and_random_weights_agree_up_to_ties(make: Any) -> None:
    size = 8 if make().norm_input else 0.5
    agrees(weights(dense(make), grain=0, size=size), (6,), exact=False)


def test_every_neuron_its_own_decay() -> None:
    neuron = sl.LIF(tau_mem=torch.linspace(2.0, 30.0, 20))
    agrees(weights(nn.Sequential(nn.Linear(6, 20), neuron), size=4, grain=0), (6,), exact=False)


def test_squeezed_layers_and_pooling_by_sums() -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, bias=False), sl.IAFSqueeze(batch_size=1, min_v_mem=-1.0), sl.SumPool2d(2), nn.Flatten(),
        nn.Linear(16, 5), sl.LIFSqueeze(tau_mem=20.0, num_timesteps=100, norm_input=False),
    )  # fmt: skip
    agrees(weights(net, size=0.5), (2, 6, 6), exact=False)


def test_a_pool_before_a_convolution_stays_a_window_and_counts_stay_exact() -> None:
    """As sinabs converts an image classifier: a pooling between a neuron and the next convolution."""
    layers = (nn.Conv2d(1, 4, 5, bias=False), nn.ReLU(), nn.AvgPool2d(2, 2), nn.Conv2d(4, 3, 3, bias=False), nn.ReLU())
    net = from_model(weights(nn.Sequential(*layers), grain=4, size=0.5), batch_size=1).spiking_model
    network = agrees(net, (1, 12, 12))
    with pytest.raises(CannotRepresentError, match="need messages of 17 bits") as refusal:
        quantize(network, INT32)
    assert "-O spikes-per-step=65535 or fewer" in refusal.value.remedy
    program = quantize(network, INT32, spikes_per_step=255).program
    assert [(each.kind, each.stride, each.weights.shape) for each in program.projections] == [
        ("conv2d", (1, 1), (4, 1, 5, 5)),
        ("conv2d", (2, 2), (3, 4, 6, 6)),
    ]
    shown = spikes((1, 12, 12), samples=1)
    expected, actual = run_network(network, shown), run_program(program, shown)
    for name in network.populations:
        np.testing.assert_array_equal(expected[name].output, actual[name].output)


def test_the_spikes_of_a_step_are_what_a_refusal_offers_to_lower_and_never_one_bit_for_two_signs() -> None:
    network = read(weights(eager(), size=0.5, grain=0), (6,))
    with pytest.raises(CannotRepresentError, match=r"only \d+ weight bits are left beside 15 message bits") as refusal:
        quantize(network, LOIHI2)
    remedy = refusal.value.remedy
    (most,) = (int(number) for number in re.findall(r"-O spikes-per-step=(\d+)", remedy))
    assert f"in sinabs spike_fn=MaxSpike({most})" in remedy
    assert "-O weight-bits=1" not in remedy
    asked = quantize(network, LOIHI2, spikes_per_step=most).program
    built = read(weights(eager(spike_fn=MaxSpike(most)), size=0.5, grain=0), (6,))
    shown = spikes((6,), samples=1)
    for name in network.populations:
        sent = run_program(asked, shown)[name].output
        np.testing.assert_array_equal(sent, run_program(quantize(built, LOIHI2).program, shown)[name].output)


def test_layers_repeated_over_time() -> None:
    net = nn.Sequential(
        sl.Repeat(nn.Conv2d(2, 4, 3)), sl.IAF(), sl.Repeat(nn.Sequential(nn.Flatten(), nn.Linear(64, 5))), sl.IAF()
    )
    agrees(weights(net, size=0.5), (2, 6, 6))


class Merged(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = sl.IAF(), sl.IAF(spike_fn=SingleSpike)
        self.fc1, self.fc2, self.fc3 = nn.Linear(6, 12), nn.Linear(6, 12), nn.Linear(12, 5)
        self.merge, self.last = sl.Merge(), sl.IAF()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.fc3(self.merge(self.left(self.fc1(x)), self.right(self.fc2(x)))))


def test_merged_branches() -> None:
    network = agrees(weights(Merged()), (6,))
    assert set(network.sources("fc3")) == {"left", "right"}


def recurrent(bias: bool) -> nn.Module:
    return sl.IAFRecurrent(rec_connect=nn.Linear(20, 20, bias=bias))


@pytest.mark.parametrize("bias", [True, False])
def test_recurrent_neurons_without_their_bias_in_the_first_step(bias: bool) -> None:
    network = agrees(weights(nn.Sequential(nn.Linear(6, 20), recurrent(bias)), size=0.25), (6,))
    assert network.recurrent_edges == {("1.rec_connect", "1")}


def test_a_recurrent_convolution() -> None:
    inner = nn.Conv2d(4, 4, 3, padding=1, bias=False)
    neuron = dyadic(sl.LIFRecurrent(tau_mem=5.0, rec_connect=inner, train_alphas=True, norm_input=False))
    agrees(weights(nn.Sequential(sl.Repeat(nn.Conv2d(2, 4, 3)), neuron), size=0.25), (2, 6, 6))


@pytest.mark.parametrize("norm", [True, False])
def test_an_exponential_leak_sends_its_membrane(norm: bool) -> None:
    net = weights(nn.Sequential(nn.Linear(6, 10), sl.IAF(), sl.ExpLeak(tau_mem=10.0, norm_input=norm)))
    network, stimulus = read(net, (6,)), spikes((6,))
    source = network.source.run(stimulus)
    assert source["2"].graded
    assert np.ptp(source["2"].output) > 0.5
    assert float_rung(network, stimulus, source, ()).verdict == "agree"


def test_what_neurons_remembered_when_they_were_saved_is_forgotten() -> None:
    net = weights(dense(sl.IAF))
    before = net.state_dict()["1.v_mem"].shape
    net(torch.rand(2, 5, 6))
    state = net.state_dict()
    assert state["1.v_mem"].shape != before
    other = dense(sl.IAF)
    other.load_state_dict(state_for(other, state, "file"))
    assert other.state_dict()["1.v_mem"].shape == before


REFUSED: dict[str, tuple[Any, str]] = {
    "added reset": (lambda: sl.IAF(reset_fn=MembraneReset(0.5)), "node 1: sinabs adds the reset_value"),
    "other subtraction": (lambda: sl.IAF(reset_fn=MembraneSubtract(0.5)), "another value than its threshold"),
    "high clamp": (lambda: sl.IAF(min_v_mem=0.5), "min_v_mem = 0.5 lies above the reset"),
    "clamped leak": (lambda: sl.ExpLeak(5.0, min_v_mem=0.0), "before the clamp"),
    "unknown": (lambda: sl.ALIF(5.0, 5.0), "layer 1: ALIF"),
    "own spikes": (lambda: sl.IAF(spike_fn=type("Own", (MultiSpike,), {})), "its spike_fn Own is unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(name: str) -> None:
    make, what = REFUSED[name]
    with pytest.raises(RefusedError, match=what):
        read(nn.Sequential(nn.Linear(6, 20), make()), (6,))


def test_neurons_that_cannot_send_many_spikes_need_no_limit_of_them() -> None:
    """sinabs allows any number in a step; what these weights and inputs can make is a few."""
    network = read(weights(dense(sl.IAF), size=0.5, grain=4), (6,))
    program, shown = quantize(network, LOIHI2).program, spikes((6,), samples=4)
    assert [population.max_spikes_per_step for population in program.populations] == [4, 26]
    expected, actual = run_network(network, shown), run_program(program, shown)
    for name in network.populations:
        np.testing.assert_array_equal(expected[name].output, actual[name].output)
