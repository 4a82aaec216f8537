"""What the frameworks on PyTorch share: a chain of layers as modules."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.workers.protocol import Array, Work

MakeModule = Callable[[dict[str, Any], dict[str, Any]], torch.nn.Module]


def chain(work: Work, neuron: MakeModule) -> Iterator[torch.nn.Module]:
    """The modules of a network whose nodes stand one behind another. Raises ValueError for any other."""
    last = "input"
    for node in work.net["nodes"]:
        if len(node["edges"]) != 1 or node["edges"][0]["source"] != last:
            raise ValueError("its container holds chains of layers, and this network branches")
        (edge,), last = node["edges"], node["name"]
        if edge["kind"] == "or":
            yield torch.nn.MaxPool2d(edge["size"])
            continue
        weights = torch.from_numpy(work.weights[edge["weights"]].astype(np.float32))
        layer = torch.nn.Conv2d(*weights.shape[1::-1], weights.shape[2:], padding=edge["padding"], bias=False)
        layer.weight = torch.nn.Parameter(weights)
        yield layer
        yield neuron(node, work.net)


class Chain:
    """A module stepped on the stimulus; it shows no raster, as its equations are its own."""

    def __init__(self, module: torch.nn.Module, work: Work, threads: int, version: str) -> None:
        torch.set_num_threads(threads)
        self.module, self.version = module.eval(), version
        self.stimulus = torch.from_numpy(work.stimulus.astype(np.float32))[:, None]
        self.reset()

    def reset(self) -> None:
        """To the initial state."""

    def advance(self, times: Sequence[int]) -> None:
        """One step for each time."""
        raise NotImplementedError

    def sent(self) -> dict[str, Array]:
        """Nothing that could be compared."""
        return {}
