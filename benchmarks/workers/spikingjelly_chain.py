"""SpikingJelly in single-step mode on PyTorch: convolutions, CUBALIFNodes and max-pooling; its own equations."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch
from spikingjelly.activation_based import functional, neuron

from benchmarks.workers.protocol import Work, serve
from benchmarks.workers.torch_chain import Chain, chain


def node_of(node: dict[str, Any], net: dict[str, Any]) -> torch.nn.Module:
    """A current-based LIF node."""
    unit = 1 << net["decay_bits"]
    keep_u, keep_v = node["keep_current"] / unit, node["keep_membrane"] / unit
    return neuron.CUBALIFNode(c_decay=keep_u, v_decay=keep_v, v_threshold=float(node["threshold"]))


class Stateful(Chain):
    """The nodes keep their state."""

    @torch.inference_mode()
    def advance(self, times: Sequence[int]) -> None:
        """One step for each time."""
        for t in times:
            self.module(self.stimulus[t])

    def reset(self) -> None:
        """Every node to its initial state."""
        functional.reset_net(self.module)


def make(work: Work, threads: int) -> Stateful:
    """The chain."""
    modules = torch.nn.Sequential(*chain(work, node_of))
    functional.set_step_mode(modules, "s")
    return Stateful(modules, work, threads, f"spikingjelly {version('spikingjelly')}")


if __name__ == "__main__":
    serve(make)
