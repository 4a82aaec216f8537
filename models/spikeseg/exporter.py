"""The rule by which the original's exporter rounds an encoder, run on the same input: a baseline to stand beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .encoder import SpikeSEGEncoder

WEIGHT_BITS, STATE_BITS, ACCUMULATOR_BITS = 16, 11, 24
"""Fractional bits: unsigned Q0.16 weights, Q5.11 membranes, thresholds and leaks, Q8.24 sums."""
HIGHEST = 2**15 - 1
"""Where a membrane saturates; below, at 0."""


def exported(
    module: SpikeSEGEncoder, stimulus: Mapping[str, NDArray[np.float32]], signed: bool = False
) -> dict[str, NDArray[np.float32]]:
    """Spikes of all layers, as :func:`.reference.run` gives them, under the exporter's specification.

    Weights are unsigned Q0.16: what is below 0 becomes 0 (unless ``signed``). A step adds the sum of its messages,
    shifted from Q8.24 to Q5.11, to the membrane, takes the leak off, limits the result to [0, 32767] and fires at the
    threshold. Thresholds beyond Q5.11 saturate. Source: measured behaviour of the original's exporter; the scaling of
    its circuit, which silences every layer, is left out.
    """
    frames = torch.from_numpy(np.asarray(stimulus["input"], np.float32)).double().transpose(0, 1)
    layers = ((module.conv1, module.lif1, module.pool1), (module.conv2, module.lif2, module.pool2))
    nodes: dict[str, Tensor] = {"input": frames}
    sent = frames
    for number, (conv, neuron, pool) in enumerate(layers, 1):
        nodes[f"lif{number}"] = _layer(conv, neuron, sent, signed)
        sent = pool(nodes[f"lif{number}"].flatten(0, 1))[0].unflatten(0, sent.shape[:2])
        nodes[f"pool{number}"] = sent
    nodes["lif3"] = _layer(module.conv3, module.lif3, sent, signed)
    return {name: values.transpose(0, 1).float().numpy() for name, values in nodes.items()}


def _layer(conv: nn.Conv2d, neuron: Any, sent: Tensor, signed: bool) -> Tensor:
    """Integer spikes (T, B, C, H, W) of one layer; all integers are below 2^53, so that doubles hold them."""
    with torch.no_grad():
        lowest = -(2**WEIGHT_BITS - 1) if signed else 0
        weight = torch.round(conv.weight.double() * 2**WEIGHT_BITS).clamp(lowest, 2**WEIGHT_BITS - 1)
        theta, leak = (
            torch.round(value.double() * 2**STATE_BITS).clamp(max=HIGHEST) for value in (neuron.threshold, neuron.leak)
        )
        sums = nn.functional.conv2d(sent.flatten(0, 1), weight, padding=conv.padding)
        sums = sums * 2 ** (ACCUMULATOR_BITS - WEIGHT_BITS)
        drive = torch.floor(sums / 2 ** (ACCUMULATOR_BITS - STATE_BITS)).unflatten(0, sent.shape[:2])
        membrane, spikes = torch.zeros_like(drive[0]), torch.zeros_like(drive)
        for step in range(len(drive)):
            membrane = (membrane + drive[step] - leak).clamp(0, HIGHEST)
            spikes[step] = (membrane >= theta).double()
            membrane = membrane * (1.0 - spikes[step])
    return spikes
