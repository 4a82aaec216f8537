"""The nets' weights as PyTorch layers, and networks stepped layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from nets import Layer, Net


def linear(layer: Layer) -> Any:
    """Its dense or convolutional layer."""
    if layer.conv:
        out, into = layer.weight.shape[:2]
        made: Any = torch.nn.Conv2d(into, out, 3, stride=layer.stride, padding=1)
    else:
        made = torch.nn.Linear(layer.weight.shape[1], layer.weight.shape[0])
    made.weight.data, made.bias.data = torch.tensor(layer.weight), torch.tensor(layer.bias)
    return made


def modules(net: Net, neuron: Callable[[Layer, int], Any], pool: Callable[[], Any] | None = None) -> list[Any]:
    """Layers and neurons in order."""
    made: list[Any] = []
    for index, layer in enumerate(net.layers):
        made += [torch.nn.Flatten()] if layer.flatten else []
        made += [pool()] if layer.pool and pool is not None else []
        made += [linear(layer), neuron(layer, index)]
    return made


def step_through(x: Any, made: list[Any], spiking: list[Any]) -> list[Any]:
    """What each of the ``spiking`` modules sent, ``(B, T, *shape)``, stepped one after the other; states are theirs."""
    sent: list[list[Any]] = [[] for _ in spiking]
    with torch.no_grad():
        for frame in torch.tensor(x).unbind(1):
            out = frame
            for module in made:
                out = module(out)
                if module in spiking:
                    sent[spiking.index(module)].append(out.numpy().copy())
    return [np.stack(each, 1) for each in sent]
