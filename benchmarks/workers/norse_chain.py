"""Norse's SequentialState of convolutions, LIFCells and max-pooling; its own equations, with like time constants."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import norse.torch as norse
import torch

from benchmarks.workers.protocol import Work, serve
from benchmarks.workers.torch_chain import Chain, chain

DT = 0.001


def neuron(node: dict[str, Any], net: dict[str, Any]) -> torch.nn.Module:
    """A LIFCell: its membrane takes the share of the current that it loses of itself."""
    unit = 1 << net["decay_bits"]
    lost_u, lost_v = 1 - node["keep_current"] / unit, 1 - node["keep_membrane"] / unit
    parameters = norse.LIFParameters(
        tau_syn_inv=torch.tensor(lost_u / DT),
        tau_mem_inv=torch.tensor(lost_v / DT),
        v_th=torch.tensor(node["threshold"] * lost_v),
    )
    return norse.LIFCell(parameters, dt=DT)


class Stateful(Chain):
    """The state is handed from step to step."""

    @torch.inference_mode()
    def advance(self, times: Sequence[int]) -> None:
        """One step for each time."""
        for t in times:
            _, self.state = self.module(self.stimulus[t], self.state)

    def reset(self) -> None:
        """No state: the initial one."""
        self.state: Any = None


def make(work: Work, threads: int) -> Stateful:
    """The chain."""
    return Stateful(norse.SequentialState(*chain(work, neuron)), work, threads, f"norse {version('norse')}")


if __name__ == "__main__":
    serve(make)
