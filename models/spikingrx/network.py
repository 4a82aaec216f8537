"""The receiver as a Network: folded convolutions, soft-reset LIF nodes, named sums, and the LLR head on the host."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from neurodeploy.contract import Terms
from neurodeploy.errors import RefusedError
from neurodeploy.host import Head, Host
from neurodeploy.network import InputRange, Network, NetworkBuilder
from neurodeploy.network.fold import fold_batch_norm

from .layers import Readout, SpikeNorm
from .model import SpikingRx
from .neurons import IF, LIF
from .sew import SEWBlock, SpikingShortcut


def network(module: SpikingRx, config: Mapping[str, Any]) -> Network:
    """NIR graph, contract and host head of a receiver built from ``config``.

    A stateless block is a LIF reset every step; ADD is a named sum; AND and IAND are thresholds and need binary
    operands. Raises RefusedError by name for a connect function that NIR cannot say exactly.
    """
    limits = config["input"]
    build = NetworkBuilder(Terms(dt=float(limits["dt"]), fires_at=">=", reset="subtract"))
    values = InputRange(float(limits["low"]), float(limits["high"]), limits.get("grid"), declared=True)
    at = build.input("input", tuple(limits["shape"]), values)
    at = _spiking(build, "stem", at, module.stem.conv.conv, module.stem.norm, module.stem.lif, stateful=True)
    for number, block in enumerate(module.blocks):
        at = _block(build, f"stages.{number}", at, block)
    build.output("output", at)
    return build.build(Host(_head(at, module.readout)))


def _block(build: NetworkBuilder, name: str, source: str, block: SEWBlock) -> str:
    spikes = _spiking(build, name, source, block.conv.conv, block.norm, block.lif, block.stateful)
    bypass = _shortcut(build, name, source, block)
    if block.connect == "ADD":
        return build.add(f"{name}.add", (spikes, bypass))
    if block.connect == "AND":
        return build.both(f"{name}.add", spikes, bypass)
    if block.connect == "IAND":
        return build.only_second(f"{name}.add", spikes, bypass)
    raise RefusedError(
        f"connect function {block.connect} halves a sum of spikes",
        f"node {name}.add",
        "use ADD, AND or IAND",
    )


def _shortcut(build: NetworkBuilder, name: str, source: str, block: SEWBlock) -> str:
    shortcut = block.shortcut
    if isinstance(shortcut, SpikingShortcut):
        weight, bias = _folded(shortcut.conv, shortcut.norm)
        at = build.conv(f"{name}.shortcut.conv", source, weight, bias, stride=shortcut.conv.stride)
        theta = shortcut.lif.theta.double().numpy()
        return build.integrate(f"{name}.shortcut.lif", at, theta, reset="zero", **_grid(shortcut.lif))
    if isinstance(shortcut, nn.Conv2d):
        weight, bias = _numbers(shortcut.weight), None if shortcut.bias is None else _numbers(shortcut.bias)
        return build.conv(f"{name}.shortcut", source, weight, bias, stride=shortcut.stride)
    return source


def _spiking(
    build: NetworkBuilder, name: str, source: str, conv: nn.Conv2d, norm: nn.Module, lif: LIF, stateful: bool
) -> str:
    weight, bias = _folded(conv, norm)
    at = build.conv(f"{name}.conv", source, weight, bias, conv.stride, padding=1)
    tau = build.dt / (1.0 - float(lif.beta.detach().double()))
    terms: dict[str, Any] = {} if stateful else {"reset_timing": "every-step"}
    return build.lif(f"{name}.lif", at, tau, lif.theta.double().numpy(), **terms, **_grid(lif))


def _grid(neuron: LIF | IF) -> dict[str, float]:
    if neuron.grid is None or neuron.floor is None:
        return {}
    return {"state_grid": float(neuron.grid.double()), "v_min": float(neuron.floor.double())}


def _folded(conv: nn.Conv2d, norm: nn.Module) -> tuple[Any, Any]:
    bias = None if conv.bias is None else _numbers(conv.bias)
    if not isinstance(norm, SpikeNorm):
        return _numbers(conv.weight), bias
    bn = norm.bn
    statistics = (bn.weight, bn.bias, bn.running_mean, bn.running_var)
    gamma, beta, mean, variance = map(_numbers, statistics)
    return fold_batch_norm(_numbers(conv.weight), bias, gamma, beta, mean, variance, bn.eps)


def _head(node: str, readout: Readout) -> Head:
    weights = {
        f"{name}_{key}": np.asarray(value, np.float32)
        for name, layer in (("fc1", readout.fc1), ("fc2", readout.fc2))
        for key, value in (("weight", _numbers(layer.weight)[:, :, 0, 0]), ("bias", _numbers(layer.bias)))
    }
    return Head("llr", node, {"temperature": float(readout.temperature)}, weights)


def _numbers(tensor: Any) -> Any:
    return tensor.detach().double().numpy()
