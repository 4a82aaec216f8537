"""Counts equal those of the installed neurobench package, on networks that snnTorch runs for it."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import snntorch as snn
import torch
from snntorch import utils
from torch import nn

import neurodeploy as nd
from neurodeploy.costs.of_network import network_costs
from neurodeploy.costs.of_program import program_costs
from neurodeploy.network import Network
from neurodeploy.stimulus import Stimulus

SAMPLES, STEPS = 3, 16


def leaky(**how: Any) -> nn.Module:
    return snn.Leaky(0.5, init_hidden=True, **how)


def dense() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 20), leaky(), nn.Linear(20, 10), leaky())


def convolution() -> nn.Module:
    first = nn.Conv2d(2, 4, 3, padding=1), leaky(reset_mechanism="zero")
    second = nn.Conv2d(4, 6, 3, stride=2), leaky(), nn.Flatten()
    return nn.Sequential(*first, *second, nn.Linear(6 * 3 * 5, 5), leaky())


def pooled() -> nn.Module:
    """A pooling makes quarters of spikes: the layer after it multiplies."""
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), leaky(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4 * 3 * 5, 5), leaky(threshold=0.5)
    )


def recurrent() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 12), snn.RLeaky(0.5, linear_features=12, init_hidden=True), nn.Linear(12, 4), leaky()
    )


def graded() -> nn.Module:
    return dense()


NETWORKS: dict[Callable[[], nn.Module], tuple[int, ...]] = {
    dense: (6,),
    convolution: (2, 8, 12),
    pooled: (2, 8, 12),
    recurrent: (6,),
    graded: (6,),
}


class Run(nn.Module):
    """All steps of some samples, as NeuroBench calls a model."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        utils.reset(self.inner)
        return torch.stack([self.inner(x[:, t]) for t in range(x.shape[1])], 1)


@cache
def case(make: Callable[[], nn.Module]) -> tuple[Network, Stimulus, dict[str, Any]]:
    """A network with dyadic weights, a third of them 0, its stimulus, and what NeuroBench says of it."""
    torch.manual_seed(3)
    net, shape = make(), NETWORKS[make]
    with torch.no_grad():
        for values in net.parameters():
            values.copy_(torch.randint(-8, 9, values.shape) / 8 * (torch.rand(values.shape) > 0.3))
    drawn = torch.rand(SAMPLES, STEPS, *shape)
    x = torch.floor(drawn * 4) / 4 if make is graded else (drawn < 0.3).float()
    figures = neurobench_figures(net, x)
    how: dict[str, Any] = {"input_range": (0, 0.75, 0.25)} if make is graded else {}
    network = nd.load(net, input_shape=shape, **how)
    return network, Stimulus({network.input_names[0]: x.numpy()}), figures


def neurobench_figures(net: nn.Module, x: torch.Tensor) -> dict[str, Any]:
    pytest.importorskip("neurobench", reason="neurobench is not installed (make setup)")
    from neurobench.metrics.static import ConnectionSparsity, Footprint
    from neurobench.metrics.workload import ActivationSparsity, MembraneUpdates, SynapticOperations
    from neurobench.models import TorchModel

    model = TorchModel(Run(net))
    model.add_activation_module(snn.SpikingNeuron)
    figures: dict[str, Any] = {"footprint": Footprint()(model), "connection_sparsity": ConnectionSparsity()(model)}
    model.register_hooks()
    operations, updates, sparsities = SynapticOperations(), MembraneUpdates(), []
    for sample in x:
        data = sample[None], None
        sent = model(data[0])
        figures["synaptic_operations"] = operations(model, sent, data)
        figures["membrane_updates"] = updates(model, sent, data)
        sparsities.append(ActivationSparsity()(model, sent, data))
        model.reset_hooks()
    model.cleanup_hooks()
    return {**figures, "activation_sparsity": float(np.mean(sparsities))}


@pytest.mark.parametrize("make", NETWORKS)
def test_a_float_network_has_the_figures_of_neurobench(make: Callable[[], nn.Module]) -> None:
    network, stimulus, figures = case(make)
    costs = network_costs(network, stimulus)
    assert costs.synaptic_operations == pytest.approx(figures["synaptic_operations"], rel=1e-12)
    assert costs.membrane_updates == pytest.approx(figures["membrane_updates"], rel=1e-12)
    assert costs.activation_sparsity == pytest.approx(figures["activation_sparsity"], rel=1e-12)
    assert round(costs.connection_sparsity, 4) == figures["connection_sparsity"]
    assert costs.footprint == figures["footprint"]
    assert costs.synaptic_operations["Effective_ACs"] + costs.synaptic_operations["Effective_MACs"] > 0
    assert 0 < costs.activation_sparsity < 1


@pytest.mark.parametrize("make", [dense, convolution, recurrent, graded])
def test_its_integers_have_them_too_where_they_send_the_same_spikes(make: Callable[[], nn.Module]) -> None:
    """Membranes are not compared: integers come to rest where floats still decay."""
    network, stimulus, figures = case(make)
    costs = program_costs(nd.quantize(network, "int32").program, stimulus)
    assert costs.synaptic_operations == pytest.approx(figures["synaptic_operations"], rel=1e-12)
    assert costs.activation_sparsity == pytest.approx(figures["activation_sparsity"], rel=1e-12)
    assert round(costs.connection_sparsity, 4) == figures["connection_sparsity"]


def test_multiplications_are_told_from_additions() -> None:
    for make in (pooled, graded):
        network, stimulus, _ = case(make)
        operations = network_costs(network, stimulus).synaptic_operations
        assert operations["Effective_MACs"] > 0 and operations["Effective_ACs"] > 0
