"""The encoder as a Network: plain NIR nodes and the contract terms that make them SpikeSEG's neurons."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from neurodeploy.contract import Terms
from neurodeploy.network import InputRange, Network, NetworkBuilder

from .encoder import SpikeSEGEncoder
from .neurons import IFNeuron, LIFNeuron


def network(module: SpikeSEGEncoder, config: Mapping[str, Any]) -> Network:
    """NIR graph and contract of an encoder built from ``config``.

    A subtractive leak is a constant bias of the convolution, a multiplicative one a LIF with tau = dt / (1 - beta)
    whose drive is added as it is; the clamp at zero is ``v_min``; equality fires; a max pool of spikes is a sum pool
    and a threshold at one half.
    """
    limits = config["input"]
    build = NetworkBuilder(Terms(dt=float(limits["dt"]), fires_at=">=", fire_once=bool(config["fire_once"])))
    values = InputRange(float(limits["low"]), float(limits["high"]), limits.get("grid"), declared=True)
    at = build.input("input", tuple(limits["shape"]), values)
    layers = ((module.conv1, module.lif1, module.pool1), (module.conv2, module.lif2, module.pool2))
    for number, (conv, neuron, pool) in enumerate(layers, start=1):
        at = _layer(build, number, at, conv, neuron)
        at = build.max_pool(f"pool{number}", at, pool.kernel_size, pool.stride, pool.padding)
    at = _layer(build, 3, at, module.conv3, module.lif3)
    build.output("output", at)
    return build.build()


def _layer(build: NetworkBuilder, number: int, source: str, conv: nn.Conv2d, neuron: IFNeuron | LIFNeuron) -> str:
    subtractive = isinstance(neuron, LIFNeuron) and neuron.leak_mode == "subtractive"
    channels = conv.out_channels
    leak = np.broadcast_to(_numbers(neuron.leak), (channels,)) if subtractive else None
    bias = None if leak is None or not np.any(leak) else -leak
    at = build.conv(f"conv{number}", source, _numbers(conv.weight), bias, padding=conv.kernel_size[0] // 2)
    threshold = _numbers(neuron.threshold)
    terms: dict[str, Any] = {"v_min": 0.0} if isinstance(neuron, LIFNeuron) and neuron.clamp else {}
    if isinstance(neuron, LIFNeuron) and not subtractive:
        tau = build.dt / (1.0 - _numbers(neuron.beta))
        return build.lif(f"lif{number}", at, tau, threshold, input_gain="unit", **terms)
    return build.integrate(f"lif{number}", at, threshold, **terms)


def _numbers(tensor: Any) -> Any:
    return tensor.detach().double().numpy()
