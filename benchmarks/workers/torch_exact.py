"""PyTorch with the machine's integers: float32 sums, which are exact here, and float64 products truncated to zero."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import torch

from benchmarks.workers.protocol import Work, serve
from benchmarks.workers.torch_net import Neuron, TorchNet


def lif(node: dict[str, Any], net: dict[str, Any]) -> Neuron:
    """A LIF population whose states are integers held in float64; the current must not overflow."""
    one, unit = float(1 << net["decay_bits"]), float(1 << net["state_shift"])
    keep_u, keep_v, threshold = node["keep_current"] / one, node["keep_membrane"] / one, node["threshold"] * unit
    most = float((1 << (net["membrane_bits"] - 1)) - 1)
    u = torch.zeros(1, *node["shape"], dtype=torch.float64)
    v = torch.zeros_like(u)

    def step(x: torch.Tensor) -> torch.Tensor:
        u.mul_(keep_u).trunc_().add_(x, alpha=unit)
        v.mul_(keep_v).trunc_().add_(u).clamp_(-most, most)
        spikes = v > threshold
        v.masked_fill_(spikes, 0.0)
        return spikes.float()

    return step


def make(work: Work, threads: int) -> TorchNet:
    """The network in exact integers."""
    return TorchNet(work, threads, lif, exact=True)


if __name__ == "__main__":
    serve(make)
