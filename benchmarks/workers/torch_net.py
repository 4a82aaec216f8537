"""A network in eager PyTorch, in one of two arithmetics: float32, or the machine's integers exactly."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.workers.protocol import Array, Work

Neuron = Callable[[torch.Tensor], torch.Tensor]
"""One step of a LIF population: its spikes for its input."""


def lif(node: dict[str, Any], net: dict[str, Any], exact: bool) -> Neuron:
    """A LIF population, stepped in place.

    ``exact``: its states are the machine's integers held in float64, whose products are truncated toward zero; the
    current must not overflow. Else it is in float32.
    """
    scale, unit = float(1 << net["decay_bits"]), float(1 << net["state_shift"]) if exact else 1.0
    keep_u, keep_v, threshold = node["keep_current"] / scale, node["keep_membrane"] / scale, node["threshold"] * unit
    largest = float((1 << (net["membrane_bits"] - 1)) - 1)
    u = torch.zeros(1, *node["shape"], dtype=torch.float64 if exact else torch.float32)
    v = torch.zeros_like(u)

    def integrate_exact(x: torch.Tensor) -> None:
        u.mul_(keep_u).trunc_().add_(x, alpha=unit)
        v.mul_(keep_v).trunc_().add_(u).clamp_(-largest, largest)

    def integrate(x: torch.Tensor) -> None:
        u.mul_(keep_u).add_(x)
        v.mul_(keep_v).add_(u)

    integrated = integrate_exact if exact else integrate

    def step(x: torch.Tensor) -> torch.Tensor:
        integrated(x)
        spikes = v > threshold
        v.masked_fill_(spikes, 0.0)
        return spikes.float()

    return step


class TorchNet:
    """Steps every node in order on tensors of one sample; ``exact`` as in ``lif``."""

    version = f"torch {torch.__version__}"

    def __init__(self, work: Work, threads: int, exact: bool) -> None:
        torch.set_num_threads(threads)
        self.work, self.exact = work, exact
        self.stimulus = torch.from_numpy(work.stimulus.astype(np.float32))[:, None]
        self.weights = {name: torch.from_numpy(a.astype(np.float32)) for name, a in work.weights.items()}
        self.reset()

    def reset(self) -> None:
        """Neurons afresh, and nothing sent."""
        nodes = self.work.net["nodes"]
        self.now: dict[str, torch.Tensor] = {n["name"]: torch.zeros(1, *n["shape"]) for n in nodes}
        self.neurons = {n["name"]: lif(n, self.work.net, self.exact) for n in nodes if n["kind"] == "lif"}

    @torch.inference_mode()
    def advance(self, times: Sequence[int]) -> None:
        """Every node once for each time."""
        for t in times:
            self.step(t)

    def step(self, t: int) -> None:
        """Every node once."""
        self.now["input"] = self.stimulus[t]
        for node in self.work.net["nodes"]:
            name = node["name"]
            arrived = [self.arrive(edge) for edge in node["edges"]]
            total = arrived[0] if len(arrived) == 1 else arrived[0] + arrived[1]
            self.now[name] = self.neurons[name](total) if node["kind"] == "lif" else total

    def arrive(self, edge: dict[str, Any]) -> torch.Tensor:
        """What one edge adds; a delayed one is read before its source steps, so it has the last step's messages."""
        x = self.now[edge["source"]]
        if edge["kind"] == "conv":
            return F.conv2d(x, self.weights[edge["weights"]], padding=edge["padding"])
        if edge["kind"] == "dense":
            return F.linear(x, self.weights[edge["weights"]])
        return F.max_pool2d(x, edge["size"]) if edge["kind"] == "or" else x

    def sent(self) -> dict[str, Array]:
        """Every node's messages, where they are those of the machine."""
        return {n["name"]: self.now[n["name"]][0].numpy() for n in self.work.net["nodes"]} if self.exact else {}
