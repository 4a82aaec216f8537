"""PyTorch, eager, float32: what one writes by hand, in place and without gradients."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import torch

from benchmarks.workers.protocol import Work, serve
from benchmarks.workers.torch_net import Neuron, TorchNet


def lif(node: dict[str, Any], net: dict[str, Any]) -> Neuron:
    """A LIF population in float32."""
    one = 1 << net["decay_bits"]
    keep_u, keep_v, threshold = node["keep_current"] / one, node["keep_membrane"] / one, float(node["threshold"])
    u, v = torch.zeros(1, *node["shape"]), torch.zeros(1, *node["shape"])

    def step(x: torch.Tensor) -> torch.Tensor:
        u.mul_(keep_u).add_(x)
        v.mul_(keep_v).add_(u)
        spikes = v > threshold
        v.masked_fill_(spikes, 0.0)
        return spikes.float()

    return step


def make(work: Work, threads: int) -> TorchNet:
    """The network in float32."""
    return TorchNet(work, threads, lif, exact=False)


if __name__ == "__main__":
    serve(make)
