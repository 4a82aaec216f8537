"""Readouts and still images: what classification tutorials return, read as their framework runs it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import snntorch as snn
import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.heads import apply_head
from neurodeploy.network import InputRange, Network
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.reference.network_runner import run_network
from tests.frontends.live import agrees, read, spikes, weights

STEPS = 8


class Still(nn.Module):
    """The tutorial's loop: a still image is shown for some steps, and the spikes of every step are returned."""

    steps = STEPS

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.lif1 = nn.Linear(6, 12), snn.Leaky(0.9)
        self.fc2, self.lif2 = nn.Linear(12, 4), snn.Leaky(0.75)

    def forward(self, x: torch.Tensor) -> Any:
        membrane1, membrane2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        sent, membranes = [], []
        for _ in range(self.steps):
            spikes1, membrane1 = self.lif1(self.fc1(x), membrane1)
            spikes2, membrane2 = self.lif2(self.fc2(spikes1), membrane2)
            sent.append(spikes2)
            membranes.append(membrane2)
        return self.result(sent, membranes)

    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        return torch.stack(sent), torch.stack(membranes)


class StillSum(Still):
    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        return torch.stack(sent).sum(0)


class StillMean(Still):
    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        return torch.stack(sent, 1).mean(1)


class StillSoftmax(Still):
    """Probabilities of the classes: the largest stays the largest."""

    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        return torch.softmax(torch.stack(sent).mean(0) * 2, dim=1)


class StillLogSoftmax(Still):
    def __init__(self) -> None:
        super().__init__()
        self.classes = nn.LogSoftmax(dim=-1)

    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        return self.classes(torch.stack(sent).sum(0))


class SoftmaxOfSteps(Still):
    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        return torch.stack([torch.softmax(spike, 1) for spike in sent]).sum(0)


class StillAdded(Still):
    """Spikes are added up one after the other, to a tensor of zeros, and divided."""

    def result(self, sent: list[torch.Tensor], membranes: list[torch.Tensor]) -> Any:
        total = torch.zeros_like(sent[0])
        for spike in sent:
            total = total + spike
        return total / STEPS


class DrivenOnce(Still):
    """The first layer runs once, before the loop."""

    def forward(self, x: torch.Tensor) -> Any:
        membrane1, membrane2, sent = self.lif1.reset_mem(), self.lif2.reset_mem(), []
        drive = self.fc1(x)
        for _ in range(STEPS):
            spikes1, membrane1 = self.lif1(drive, membrane1)
            spikes2, membrane2 = self.lif2(self.fc2(spikes1), membrane2)
            sent.append(spikes2)
        return torch.stack(sent)


class Repeated(nn.Module):
    """SpikingJelly's form: the image is repeated, all steps run at once, and their mean is returned."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(layer.Linear(6, 12), neuron.IFNode(), layer.Linear(12, 4), neuron.LIFNode(2.0))
        functional.set_step_mode(self, "m")

    steps = STEPS

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x.unsqueeze(0).repeat(self.steps, 1, 1)).mean(0)


def images(samples: int = 40, steps: int = STEPS) -> dict[str, Any]:
    frames = np.random.default_rng(2).random((samples, 1, 6)) < 0.5
    return {"input": np.repeat(frames.astype(np.float32), steps, axis=1)}


def source_of(network: Network) -> Any:
    assert network.source is not None
    assert network.source.run is not None
    return network.source


@pytest.mark.parametrize("kind", [Still, StillSum, StillSoftmax, StillAdded, DrivenOnce, Repeated])
def test_a_still_image_is_shown_as_the_module_shows_it(kind: Callable[[], nn.Module]) -> None:
    network, stimulus = read(weights(kind(), size=0.8), (6,)), images()
    source = source_of(network).run(stimulus)
    rung = float_rung(network, stimulus, source, ())
    assert rung.verdict == "agree", rung.reasons
    own = run_network(network, stimulus)
    for name in network.populations:
        np.testing.assert_array_equal(source[name].output, own[name].output, err_msg=name)
        assert source[name].output.any(), name


@pytest.mark.parametrize("kind", [StillSum, StillMean, StillSoftmax, StillLogSoftmax, StillAdded, Repeated])
def test_a_sum_over_time_is_a_head_on_the_host(kind: Callable[[], nn.Module]) -> None:
    module = weights(kind(), size=0.8)
    network, stimulus = read(module, (6,)), images()
    assert network.host.post is not None
    assert network.host.post.kind == "spike-count-argmax"
    with torch.no_grad():
        functional.reset_net(module)
        rates = module(torch.from_numpy(stimulus["input"][:, 0]))
    classes = apply_head(network.host.post, run_network(network, stimulus))
    np.testing.assert_array_equal(classes, rates.argmax(1).numpy())


@pytest.mark.parametrize("steps", [2, 3])
@pytest.mark.parametrize("kind", [StillSum, Repeated])
def test_few_steps_of_a_still_image_are_not_taken_for_a_batch_or_for_the_steps_of_a_trial(
    kind: Callable[[], nn.Module], steps: int
) -> None:
    module: Any = weights(kind(), size=0.8)
    module.steps = steps
    network, stimulus = read(module, (6,)), images(steps=steps)
    source = source_of(network).run(stimulus)
    assert source_of(network).stimulus(None, 3, 0)["input"].shape == (3, steps, 6)
    assert network.host.post is not None
    own = run_network(network, stimulus)
    for name in network.populations:
        np.testing.assert_array_equal(source[name].output, own[name].output, err_msg=name)
    assert sum(int(own[name].output.sum()) for name in network.populations)


def test_a_stimulus_that_no_still_image_makes_is_refused_and_the_maker_gives_one_that_does() -> None:
    network = read(weights(Still(), size=0.8), (6,))
    source = source_of(network)
    with pytest.raises(InputError, match="frames of the stimulus differ"):
        source.run({"input": spikes((6,))["input"][:, :STEPS]})
    with pytest.raises(InputError, match=f"for {STEPS} steps") as refusal:
        source.run(images(steps=STEPS + 1))
    assert refusal.value.remedy == f"give {STEPS} steps or fewer"
    assert source.run(images(steps=STEPS - 1))["lif2"].output.shape == (40, STEPS - 1, 4)
    made = source.stimulus(None, 3, 0)
    assert made["input"].shape == (3, STEPS, 6)
    source.run(made)


class Loop(nn.Module):
    """A loop over the steps of a sequence, and a result of their spikes."""

    def __init__(self, result: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.fc, self.lif, self.result = nn.Linear(6, 4), snn.Leaky(0.9), result

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        membrane, sent = self.lif.reset_mem(), []
        for frame in x:
            spikes, membrane = self.lif(self.fc(frame), membrane)
            sent.append(spikes)
        return self.result(torch.stack(sent))


@pytest.mark.parametrize("result", [lambda s: s.sum(0), lambda s: s.mean(dim=0), lambda s: torch.sum(s, 0) / 7])
def test_rates_of_a_sequence_are_a_head_on_the_host(result: Callable[[torch.Tensor], torch.Tensor]) -> None:
    network = agrees(weights(Loop(result), size=0.6), (6,))
    assert network.host.post is not None
    assert network.host.post.node == "lif"


def test_the_spikes_of_the_last_step_have_no_head() -> None:
    assert agrees(weights(Loop(lambda s: s[-1]), size=0.6), (6,)).host.post is None


def test_a_softmax_of_every_step_is_refused_and_behind_the_sum_it_is_read() -> None:
    with pytest.raises(RefusedError, match="softmax of the values of a step") as refusal:
        read(weights(SoftmaxOfSteps(), size=0.6), (6,))
    assert "sum over time with it" in refusal.value.remedy
    read(weights(StillSoftmax(), size=0.6), (6,))


class AfterTheMean(Loop):
    def __init__(self, first: bool) -> None:
        super().__init__(lambda s: s)
        self.out, self.first = nn.Linear(4, 3), first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sent = super().forward(x)
        return self.out(sent).mean(0) if self.first else self.out(sent.sum(0))


def test_a_layer_behind_a_sum_over_time_is_refused_and_before_it_it_is_read() -> None:
    with pytest.raises(RefusedError, match="over time") as refusal:
        read(weights(AfterTheMean(first=False)), (6,))
    assert "before" in refusal.value.remedy
    agrees(weights(AfterTheMean(first=True), size=0.6), (6,))


class Membrane(nn.Module):
    """The membrane of a neuron without a reset is the output."""

    def __init__(self, out: nn.Module, hidden: bool) -> None:
        super().__init__()
        self.fc1, self.lif = nn.Linear(6, 9), snn.Leaky(0.9, init_hidden=True)
        self.fc2, self.out, self.hidden = nn.Linear(9, 2), out, hidden

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> Any:
        returned = self.out(self.fc2(self.lif(self.fc1(x))), *states)
        return returned[-1] if self.hidden else (returned[-1], *returned[1:])


MEMBRANES: dict[str, Callable[[], nn.Module]] = {
    "hidden Leaky": lambda: Membrane(snn.Leaky(0.5, reset_mechanism="none", init_hidden=True, output=True), True),
    "hidden Synaptic": lambda: Membrane(
        snn.Synaptic(0.5, 0.75, reset_mechanism="none", init_hidden=True, output=True), True
    ),
    "Leaky": lambda: Membrane(snn.Leaky(0.5, reset_mechanism="none"), False),
    "Synaptic": lambda: Membrane(snn.Synaptic(0.5, 0.75, reset_mechanism="none"), False),
}


@pytest.mark.parametrize("name", MEMBRANES)
def test_a_membrane_without_reset_is_a_leaky_integrator(name: str) -> None:
    network = agrees(weights(MEMBRANES[name](), size=0.6), (6,))
    stimulus = spikes((6,))
    source = source_of(network).run(stimulus)["out"].values
    np.testing.assert_allclose(source, run_network(network, stimulus)["out"].values, atol=1e-5)
    assert np.abs(source).max() > 0.1


def test_a_membrane_that_is_reset_is_refused_and_one_that_is_not_is_read() -> None:
    with pytest.raises(RefusedError, match="state first") as refusal:
        read(weights(Membrane(snn.Leaky(0.5, init_hidden=True, output=True), True)), (6,))
    assert "reset_mechanism='none'" in refusal.value.remedy
    read(weights(MEMBRANES["hidden Leaky"]()), (6,))


def test_a_dense_layer_may_end_a_network() -> None:
    net = nn.Sequential(nn.Linear(6, 9), snn.Leaky(0.9, init_hidden=True), nn.Linear(9, 3))
    network, stimulus = agrees(weights(net, size=0.6), (6,)), spikes((6,))
    assert network.populations[-1] == "readout"
    source = source_of(network).run(stimulus)["readout"].values
    np.testing.assert_allclose(source, run_network(network, stimulus)["readout"].values, atol=1e-5)


def test_a_range_of_images_is_kept_by_the_maker() -> None:
    from neurodeploy.frontends.torch_module import module_network

    values = InputRange(-1.0, 1.0, 0.25, declared=True)
    network = module_network(weights(Still()), (6,), values, 1e-3)
    made = source_of(network).stimulus(None, 50, 0)["input"]
    assert made.min() == -1
    assert made.max() == 1
    assert not np.any(made * 4 % 1)
