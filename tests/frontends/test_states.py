"""What a module does with the states of its neurons is read as it runs: kept, reset in every step, or handed on."""

from collections.abc import Callable
from typing import Any

import pytest
import snntorch as snn
import torch
from spikingjelly.activation_based import functional, neuron
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.torch_module import module_network
from neurodeploy.frontends.user_module import live_network
from neurodeploy.network import InputRange
from neurodeploy.reference.network_runner import run_network
from tests.frontends.live import agrees, read, weights


class Hidden(nn.Module):
    """A snnTorch neuron with a hidden state, reset before it takes its step."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 9), snn.Leaky(0.9, init_hidden=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.lif.reset_mem()
        return self.lif(self.fc(x))


class Initialized(nn.Module):
    """A snnTorch neuron that is handed a new state in every step."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 9), snn.Synaptic(0.5, 0.9, reset_mechanism="none")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lif(self.fc(x), *self.lif.reset_mem())[0]


class ResetAfter(nn.Module):
    """SpikingJelly's ``reset_net`` at the end of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.neuron = nn.Linear(6, 9), neuron.LIFNode(tau=2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spikes = self.neuron(self.fc(x))
        functional.reset_net(self)
        return spikes


class ResetInLoop(nn.Module):
    """A loop over the steps that forgets the state in every one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 9), snn.Leaky(0.9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([self.lif(self.fc(frame), self.lif.reset_mem())[0] for frame in x])


@pytest.mark.parametrize("kind", [Hidden, Initialized, ResetAfter, ResetInLoop])
def test_a_neuron_that_is_reset_in_every_step_keeps_nothing(kind: Callable[[], nn.Module]) -> None:
    network = agrees(weights(kind(), size=1.5), (6,))
    (name,) = network.populations
    assert network.contract.of(name).reset_timing == "every-step"
    assert [(finding.slug, finding.severity, finding.node) for finding in network.findings] == [
        ("reset-every-step", "warning", name)
    ]


def test_a_drive_below_the_threshold_never_adds_up_where_the_state_is_reset() -> None:
    class Weak(Hidden):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(1, 1, bias=False)
            self.fc.weight.data.fill_(0.6)

    network = read(Weak(), (1,))
    spikes = run_network(network, {"input": torch.ones(1, 6, 1).numpy()})["lif"].output
    assert spikes.sum() == 0


def test_the_remedy_for_a_reset_in_every_step_lets_the_neuron_integrate() -> None:
    class ResetOutside(Hidden):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lif(self.fc(x))

    network = agrees(weights(ResetOutside(), size=0.5), (6,))
    assert network.contract.of("lif").reset_timing != "every-step"
    assert not network.findings


def test_a_recurrent_neuron_reset_in_every_step_is_refused() -> None:
    class Recurrent(Hidden):
        def __init__(self) -> None:
            super().__init__()
            self.lif = snn.RLeaky(0.9, linear_features=9, init_hidden=True)

    with pytest.raises(RefusedError, match="reset in every step"):
        read(weights(Recurrent()), (6,))


def test_a_state_that_does_not_start_at_rest_is_refused_and_one_at_zero_is_not() -> None:
    class Charged(nn.Module):
        def __init__(self, start: float) -> None:
            super().__init__()
            self.fc, self.lif, self.start = nn.Linear(6, 9), snn.Leaky(0.9), start

        def forward(self, x: torch.Tensor, membrane: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
            drive = self.fc(x)
            return self.lif(drive, torch.full_like(drive, self.start) if membrane is None else membrane)

    with pytest.raises(RefusedError, match="not at rest") as refusal:
        read(weights(Charged(0.5)), (6,))
    assert "zero" in refusal.value.remedy
    agrees(weights(Charged(0.0), size=0.5), (6,))


@pytest.mark.parametrize(
    "make",
    [
        lambda: snn.RLeaky(0.5, linear_features=9),
        lambda: snn.RSynaptic(0.5, 0.5, linear_features=9, reset_mechanism="none"),
        lambda: snn.Leaky(0.5),
        lambda: snn.Synaptic(0.5, 0.5, reset_mechanism="none"),
    ],
)
def test_states_are_handed_on_as_any_number_of_arguments(make: Callable[[], nn.Module]) -> None:
    class Star(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.lif = nn.Linear(6, 9), make()

        def forward(self, x: torch.Tensor, *states: torch.Tensor) -> torch.Tensor:
            return self.lif(self.fc(x), *states)

    agrees(weights(Star(), size=0.4), (6,))


class Stateful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop, self.lif = nn.Linear(6, 9), nn.Dropout(0.5), snn.Leaky(0.9, init_hidden=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lif(self.drop(self.fc(x)))


def test_a_module_in_training_is_read_and_left_as_it_was() -> None:
    module: Any = weights(Stateful(), size=0.5).train()
    module(torch.rand(2, 6))
    membrane, modes = module.lif.mem, [part.training for part in module.modules()]
    assert membrane.grad_fn is not None
    network = live_network(module, (6,), 1e-3, InputRange())
    assert module.lif.mem is membrane
    assert [part.training for part in module.modules()] == modes == [True] * 4
    same = module_network(weights(Stateful(), size=0.5), (6,), InputRange(), 1e-3)
    assert network.contract == same.contract


def test_a_live_module_that_cannot_be_copied_is_refused_untouched() -> None:
    module: Any = weights(Stateful(), size=0.5).train()
    module.generator = (number for number in range(3))
    with pytest.raises(RefusedError, match="cannot be copied") as refusal:
        live_network(module, (6,), 1e-3, InputRange())
    assert module.training
    assert "of the module" in refusal.value.remedy
    del module.generator
    live_network(module, (6,), 1e-3, InputRange())
    assert module.training
