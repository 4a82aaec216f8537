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
MakeNeuron = Callable[[dict[str, Any], dict[str, Any]], Neuron]


class TorchNet:
    """Steps every node in order on tensors of one sample."""

    version = f"torch {torch.__version__}"

    def __init__(self, work: Work, threads: int, make_neuron: MakeNeuron, exact: bool) -> None:
        torch.set_num_threads(threads)
        self.work, self.make_neuron, self.exact = work, make_neuron, exact
        self.stimulus = torch.from_numpy(work.stimulus.astype(np.float32))[:, None]
        self.weights = {name: torch.from_numpy(a.astype(np.float32)) for name, a in work.weights.items()}
        self.reset()

    def reset(self) -> None:
        """Neurons afresh, and nothing sent."""
        nodes = self.work.net["nodes"]
        self.now: dict[str, torch.Tensor] = {n["name"]: torch.zeros(1, *n["shape"]) for n in nodes}
        self.neurons = {n["name"]: self.make_neuron(n, self.work.net) for n in nodes if n["kind"] == "lif"}

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
        """What one edge adds; a delayed one comes from its own node or a later one, which has last step's messages."""
        x = self.now[edge["source"]]
        if edge["kind"] == "conv":
            return F.conv2d(x, self.weights[edge["weights"]], padding=edge["padding"])
        if edge["kind"] == "dense":
            return F.linear(x, self.weights[edge["weights"]])
        return F.max_pool2d(x, edge["size"]) if edge["kind"] == "or" else x

    def sent(self) -> dict[str, Array]:
        """Every node's messages, where they are those of the machine."""
        return {n["name"]: self.now[n["name"]][0].numpy() for n in self.work.net["nodes"]} if self.exact else {}
