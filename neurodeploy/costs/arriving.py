"""What arrives at the layers of a float network, step by step, from a trace of its neurons alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.floats.rows import Ring
from neurodeploy.network.network import Network
from neurodeploy.reference.arrival import Arrivals
from neurodeploy.reference.linear import apply_linear
from neurodeploy.trace import Trace

FOREVER = 1 << 62


class Arriving:
    """``batch`` samples of a run, fed the traces of its chunks in their order.

    Nodes without memory between neurons and layers, such as poolings, are computed again; no others.
    """

    def __init__(self, network: Network, layers: Sequence[str], batch: int) -> None:
        memory = max((network.contract.of(name).recurrent_delay for _, name in network.recurrent_edges), default=0)
        self._network, self._layers, self._t = network, layers, 0
        self._rings = {name: Ring(batch, network.shapes[name], memory) for name in network.order}
        self._arrivals = Arrivals(network, self._rings, batch, FOREVER)
        self._between = _ancestors(network, layers)

    def feed(self, trace: Trace) -> dict[str, NDArray[Any]]:
        """Values ``(B, T, *shape)`` that arrive at each layer in the steps of a chunk."""
        rows: dict[str, list[NDArray[Any]]] = {name: [] for name in self._layers}
        for t in range(trace.steps):
            for name in self._network.order:
                row = self._rings[name][:, self._t]
                if name in trace.entries:
                    row[...] = trace[name].values[:, t]
                elif name in self._between:
                    x = self._arrivals.into(name, self._t)
                    delays = isinstance(self._network.nodes[name], nir.Delay)
                    row[...] = (
                        self._arrivals.delayed(name, self._t) if delays else apply_linear(self._network.nodes[name], x)
                    )
            for name in self._layers:
                rows[name].append(np.array(self._arrivals.into(name, self._t)))
            self._t += 1
        return {name: np.stack(arrived, axis=1) for name, arrived in rows.items()}


def _ancestors(network: Network, layers: Sequence[str]) -> frozenset[str]:
    """Nodes without a record of their own on a way from neurons into one of the layers."""
    recorded = {*network.populations, *network.input_names}
    waiting, reached = list(layers), set[str]()
    while waiting:
        for source in network.sources(waiting.pop()):
            if source not in recorded and source not in reached:
                reached.add(source)
                waiting.append(source)
    return frozenset(reached)
