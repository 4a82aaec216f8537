"""xylosim's XyloLayer of the second generation: event by event, in C++."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from xylosim.v2 import XyloLayer, XyloSynapse

from benchmarks.workers.protocol import Array, Work, serve


class Layer:
    """One layer; it records every step of its last call, and only points at the synapses it is given."""

    def __init__(self, work: Work, threads: int) -> None:
        hidden, out = work.net["nodes"]
        edges = {"in": hidden["edges"][0], "rec": hidden["edges"][1], "out": out["edges"][0]}
        self.synapses = {name: synapses(work.weights[edge["weights"]]) for name, edge in edges.items()}
        self.spikes: list[list[int]] = work.stimulus.tolist()
        self.version = f"xylosim {version('xylosim')}"
        counts = hidden["shape"][0], out["shape"][0]
        self.layer: Any = XyloLayer(
            synapses_in=self.synapses["in"],
            synapses_rec=self.synapses["rec"],
            synapses_out=self.synapses["out"],
            aliases=[[] for _ in range(counts[0])],
            threshold=[hidden["threshold"]] * counts[0],
            threshold_out=[out["threshold"]] * counts[1],
            has_bias=False,
            bias=[0] * counts[0],
            bias_out=[0] * counts[1],
            weight_shift_inp=edges["in"]["shift"],
            weight_shift_rec=edges["rec"]["shift"],
            weight_shift_out=edges["out"]["shift"],
            dash_mem=[hidden["membrane_decay"]] * counts[0],
            dash_mem_out=[out["membrane_decay"]] * counts[1],
            dash_syns=[[hidden["current_decay"]]] * counts[0],
            dash_syns_out=[[out["current_decay"]]] * counts[1],
            name="net",
        )

    def reset(self) -> None:
        """Back to the initial state."""
        self.layer.reset_all()

    def advance(self, times: Sequence[int]) -> None:
        """All steps in one call."""
        self.layer.evolve([self.spikes[t] for t in times])

    def sent(self) -> dict[str, Array]:
        """Spikes of the last step."""
        return {"hidden": np.array(self.layer.rec_recurrent_spikes[-1])}


def synapses(weights: Array) -> list[list[Any]]:
    """Per source the synapses to its targets, of weights ``(targets, sources)``."""
    return [[XyloSynapse(int(i), 0, int(row[i])) for i in np.flatnonzero(row)] for row in weights.T]


if __name__ == "__main__":
    serve(Layer)
