"""Seeded modules on dyadic or random weights, and the comparison of a network with its own module."""

from typing import Any

import numpy as np
import torch
from torch import nn

from neurodeploy.frontends.torch_module import module_network
from neurodeploy.network import InputRange, Network
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.reference.network_runner import run_network

STEPS = 120


def weights(module: nn.Module, seed: int = 0, grain: int = 16, size: float = 1.0, names: str = "") -> nn.Module:
    """Normal weights of layers, on multiples of ``1 / grain`` (0: as they are), so that ties are common."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
                for parameter in (layer.weight, layer.bias):
                    if parameter is not None:
                        drawn = torch.randn(parameter.shape, generator=generator) * size
                        drawn *= 1.0 if parameter is layer.weight else 0.25
                        parameter.copy_((drawn * grain).round() / grain if grain else drawn)
    return module.eval()


def spikes(shape: tuple[int, ...], seed: int = 1, rate: float = 0.3, samples: int = 2) -> dict[str, Any]:
    """Seeded binary input, ``(B, T, *shape)``."""
    frames = np.random.default_rng(seed).random((samples, STEPS, *shape)) < rate
    return {"input": frames.astype(np.float32)}


def read(module: nn.Module, shape: tuple[int, ...], dt: float = 1e-3) -> Network:
    return module_network(module, shape, InputRange(), dt)


def agrees(module: nn.Module, shape: tuple[int, ...], exact: bool = True, dt: float = 1e-3, seed: int = 1) -> Network:
    """The network of a module fires as the module does, exactly or up to ties; every neuron is active."""
    network, stimulus = read(module, shape, dt), spikes(shape, seed)
    assert network.source is not None
    assert network.source.run is not None
    source = network.source.run(stimulus)
    rung = float_rung(network, stimulus, source, ())
    assert rung.verdict == "agree", (rung.reasons, rung.first_divergence)
    own = run_network(network, stimulus)
    assert network.populations
    for name in network.populations:
        if not source[name].graded:
            assert 0.005 < np.mean(source[name].output > 0) < 0.97, name
        if exact and not source[name].graded:
            np.testing.assert_array_equal(source[name].output, own[name].output, err_msg=name)
    return network
