"""Norse cells and layers stepped by Norse itself equal the network, from their own starting points."""

from collections import OrderedDict
from typing import Any

import norse.torch as norse
import numpy as np
import pytest
import torch
from norse.torch import IAFCell, LIFBoxCell, LIFBoxParameters, LIFCell, LIFParameters
from norse.torch.functional.iaf import IAFParameters
from norse.torch.functional.leaky_integrator import LIParameters
from norse.torch.functional.leaky_integrator_box import LIBoxParameters
from norse.torch.functional.reset import reset_subtract
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.parity.float_rung import float_rung
from tests.frontends.live import agrees, read, spikes, weights


def tensors(**values: float) -> dict[str, torch.Tensor]:
    return {key: torch.tensor(value) for key, value in values.items()}


FAST = tensors(tau_mem_inv=250.0, tau_syn_inv=500.0)
CELLS = {
    "box": LIFBoxCell(LIFBoxParameters(**tensors(tau_mem_inv=250.0))),
    "box from a leak and to a reset potential": LIFBoxCell(
        LIFBoxParameters(**tensors(tau_mem_inv=250.0, v_leak=0.5, v_reset=-0.25))
    ),
    "box, soft reset": LIFBoxCell(LIFBoxParameters(**tensors(tau_mem_inv=250.0), reset_method=reset_subtract)),
    "current-based": LIFCell(LIFParameters(**FAST)),
    "current-based from a leak potential": LIFCell(LIFParameters(**FAST, **tensors(v_leak=0.25))),
    "integrate and fire": IAFCell(IAFParameters(**tensors(v_th=2.0))),
    "integrate and fire from its reset potential": IAFCell(IAFParameters(**tensors(v_th=2.0, v_reset=0.5))),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_a_cell_fires_as_norse_does(cell: nn.Module) -> None:
    agrees(weights(nn.Sequential(OrderedDict(fc=nn.Linear(6, 20), cell=cell)), size=2), (6,))


@pytest.mark.parametrize("cell", [LIFBoxCell(dt=0.003), LIFCell(dt=0.003)], ids=["box", "current-based"])
def test_a_decay_that_is_not_dyadic_agrees_up_to_ties(cell: nn.Module) -> None:
    network = norse.SequentialState(nn.Linear(6, 20), cell)
    agrees(weights(network, grain=0, size=2), (6,), exact=False, dt=0.003)


ALL_STEPS: dict[str, Any] = {
    "LIF": lambda: norse.LIF(LIFParameters(**FAST)),
    "IAF": lambda: norse.module.iaf.IAF(IAFParameters(**tensors(v_th=2.0))),
    "recurrent LIF": lambda: norse.LIFRecurrent(20, 20, LIFParameters(**FAST)),
}


def recurrent_weights(module: nn.Module) -> nn.Module:
    """Dyadic weights for Norse's own weighted cells."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith(("input_weights", "recurrent_weights")):
                parameter.copy_((torch.randn(parameter.shape, generator=generator) * 8).round() / 16)
    return module


@pytest.mark.parametrize("name", ALL_STEPS)
def test_a_layer_that_takes_all_steps_at_once(name: str) -> None:
    torch.manual_seed(0)
    module = norse.SequentialState(nn.Linear(6, 20), ALL_STEPS[name]())
    agrees(recurrent_weights(weights(module, size=2)), (6,))


def test_lifted_layers() -> None:
    lifted = norse.Lift(
        norse.SequentialState(
            nn.Conv2d(2, 3, 3, bias=False), LIFBoxCell(LIFBoxParameters(**tensors(tau_mem_inv=500.0)))
        )
    )
    agrees(weights(lifted, size=2), (2, 6, 6))


def test_a_recurrent_cell() -> None:
    torch.manual_seed(0)
    cell = norse.LIFRecurrentCell(20, 12, LIFParameters(**FAST))
    network = agrees(recurrent_weights(weights(norse.SequentialState(nn.Linear(6, 20), cell), size=3)), (6,))
    assert ("1.recurrent_weights", "1") in network.recurrent_edges


READOUTS: dict[str, Any] = {
    "LI": lambda: norse.LICell(LIParameters(**FAST)),
    "LIBox": lambda: norse.LIBoxCell(LIBoxParameters(**tensors(tau_mem_inv=250.0, v_leak=0.5))),
    "LILinear": lambda: norse.LILinearCell(20, 4, LIParameters(**FAST)),
}


@pytest.mark.parametrize("name", READOUTS)
def test_a_readout_sends_its_membrane(name: str) -> None:
    torch.manual_seed(0)
    module = weights(norse.SequentialState(nn.Linear(6, 20), IAFCell(), READOUTS[name]()), size=2)
    network = read(module, (6,))
    stimulus = spikes((6,))
    source = network.source.run(stimulus)
    assert source["2"].graded
    assert np.ptp(source["2"].output) > 0.5
    assert float_rung(network, stimulus, source, ()).verdict == "agree"


def test_different_starting_points_are_refused_by_name() -> None:
    cell = LIFBoxCell(LIFBoxParameters(v_leak=torch.linspace(0, 1, 4)))
    chain = nn.Sequential(OrderedDict(fc=nn.Linear(6, 4), cell=cell))
    with pytest.raises(RefusedError, match="node cell"):
        read(chain, (6,))


def test_a_time_constant_below_a_step_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"node 1: dt \* tau_mem_inv is not within 0 to 1"):
        read(norse.SequentialState(nn.Linear(6, 4), LIFBoxCell(LIFBoxParameters(**tensors(tau_mem_inv=2000.0)))), (6,))


def test_a_cell_that_nir_cannot_say_is_refused_by_name() -> None:
    with pytest.raises(RefusedError, match="layer 1: LIFAdExCell"):
        read(norse.SequentialState(nn.Linear(6, 4), norse.LIFAdExCell()), (6,))


class Forgetful(nn.Module):
    """A neuron that starts afresh in every step."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 4), LIFBoxCell()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z, _ = self.lif(self.fc(x))
        return z


def test_a_state_that_is_dropped_between_steps_is_refused() -> None:
    with pytest.raises(RefusedError, match="layer lif: is not given its state in the second step"):
        read(Forgetful(), (6,))
