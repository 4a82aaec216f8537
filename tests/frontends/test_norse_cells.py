"""Norse cells stepped by Norse itself equal the network, from their own starting points."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from norse.torch import IAFCell, LIFBoxCell, LIFBoxParameters, LIFCell, LIFParameters
from norse.torch.functional.iaf import IAFParameters
from norse.torch.functional.reset import reset_subtract
from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.torch_chain import chain_network, run_chain
from neurodeploy.network import InputRange
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.reference.network_runner import run_network


def tensors(**values: float) -> dict[str, torch.Tensor]:
    return {key: torch.tensor(value) for key, value in values.items()}


CELLS = {
    "box": LIFBoxCell(LIFBoxParameters(**tensors(tau_mem_inv=250.0))),
    "box from a leak and to a reset potential": LIFBoxCell(
        LIFBoxParameters(**tensors(tau_mem_inv=250.0, v_leak=0.5, v_reset=-0.25))
    ),
    "box, soft reset": LIFBoxCell(LIFBoxParameters(**tensors(tau_mem_inv=250.0), reset_method=reset_subtract)),
    "current-based": LIFCell(LIFParameters(**tensors(tau_mem_inv=250.0, tau_syn_inv=500.0))),
    "current-based from a leak potential": LIFCell(
        LIFParameters(**tensors(tau_mem_inv=250.0, tau_syn_inv=500.0, v_leak=0.25))
    ),
    "integrate and fire": IAFCell(IAFParameters(**tensors(v_th=2.0))),
    "integrate and fire from its reset potential": IAFCell(IAFParameters(**tensors(v_th=2.0, v_reset=0.5))),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_a_cell_fires_as_norse_does(cell: nn.Module) -> None:
    torch.manual_seed(0)
    chain = nn.Sequential(OrderedDict(fc=nn.Linear(6, 20), cell=cell))
    with torch.no_grad():
        weight = torch.randn(20, 6) * 2
        chain.fc.weight.copy_((weight * 16).round() / 16)
        chain.fc.bias.copy_((torch.randn(20) * 16).round() / 16)
    network = chain_network(chain, (6,), InputRange(), 1e-3)
    stimulus = {"input": (np.random.default_rng(1).random((2, 120, 6)) < 0.3).astype(np.float32)}
    source = run_chain(chain, stimulus)
    rung = float_rung(network, stimulus, source, ())
    assert rung.verdict == "agree", rung.reasons
    assert 0.01 < source["cell"].output.mean() < 0.9
    assert np.mean(source["cell"].output != run_network(network, stimulus)["cell"].output) < 0.01


def test_different_starting_points_are_refused_by_name() -> None:
    cell = LIFBoxCell(LIFBoxParameters(v_leak=torch.linspace(0, 1, 4)))
    chain = nn.Sequential(OrderedDict(fc=nn.Linear(6, 4), cell=cell))
    with pytest.raises(RefusedError, match="node cell"):
        chain_network(chain, (6,), InputRange(), 1e-3)
