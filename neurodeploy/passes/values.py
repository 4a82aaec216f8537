"""The range and the grid of the real values every node can send, whatever the stimulus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import weighted_range
from neurodeploy.errors import RefusedError
from neurodeploy.network.network import Network, is_junction
from neurodeploy.network.shapes import SPIKING
from neurodeploy.passes.paths import Synapse
from neurodeploy.reference.neuron import terms_of

Array = NDArray[np.float64]
FINEST_GRID = 12


@dataclass(frozen=True, eq=False)
class Values:
    """Per-element bounds; ``grid`` g means every value is a multiple of ``2**-g`` (None: no such grid)."""

    low: Array
    high: Array
    grid: int | None

    @property
    def largest(self) -> float:
        """Largest magnitude."""
        return float(max(np.abs(self.low).max(initial=0), np.abs(self.high).max(initial=0)))

    @property
    def signed(self) -> bool:
        """Whether a value can be negative."""
        return bool(np.any(self.low < 0))


def sent_values(network: Network, paths: Sequence[Synapse]) -> dict[str, Values]:
    """Values of every input, spiking neuron and junction; membranes of non-spiking neurons are left out.

    Raises RefusedError where such a membrane feeds another node, and for a sum that feeds itself.
    """
    values: dict[str, Values] = {}
    for name in network.input_names:
        declared, shape = network.input_range(name), network.shapes[name]
        low, high = np.full(shape, declared.low), np.full(shape, declared.high)
        values[name] = Values(low, high, None if declared.grid is None else grid_of(np.array([declared.grid])))
    for name in network.populations:
        if isinstance(network.nodes[name], SPIKING):
            most = terms_of(network.nodes[name], network.contract.of(name)).max_spikes_per_step
            shape = network.shapes[name]
            values[name] = Values(np.zeros(shape), np.full(shape, float(most)), 0)
    membranes = [path for path in paths if isinstance(network.nodes[path.source], nir.I | nir.LI | nir.CubaLI)]
    if membranes:
        raise RefusedError(
            f"its membrane feeds {membranes[0].target}, and integers bound no membrane that is sent",
            f"node {membranes[0].source}",
            "let it feed an Output only, or give it a threshold",
        )
    waiting = [name for name in network.populations if is_junction(network.nodes[name])]
    while waiting:
        entering = {name: [path for path in paths if path.target == name] for name in waiting}
        ready = [name for name in waiting if all(path.source in values for path in entering[name])]
        if not ready:
            raise RefusedError(
                f"a loop of sums through {', '.join(waiting)} has no bound",
                f"node {waiting[0]}",
                "put a neuron into the loop",
            )
        values |= {name: _sum(network, name, entering[name], values) for name in ready}
        waiting = [name for name in waiting if name not in ready]
    return values


def received_range(
    paths: Sequence[Synapse], values: Mapping[str, Values], shape: tuple[int, ...]
) -> tuple[Array, Array]:
    """Worst-case weighted sum of real values over ``paths`` into one population, without constants."""
    low, high = np.zeros(shape), np.zeros(shape)
    for path in paths:
        sent = values[path.source]
        least, most = weighted_range(path.kind, path.weights, (sent.low, sent.high), shape, path)
        low, high = low + least, high + most
    return low, high


def grid_of(weights: Array) -> int | None:
    """The smallest g >= 0 for which all weights are multiples of ``2**-g``, up to ``FINEST_GRID``."""
    for g in range(FINEST_GRID + 1):
        scaled = weights * 2.0**g
        if np.all(scaled == np.rint(scaled)):
            return g
    return None


def _sum(network: Network, name: str, paths: Sequence[Synapse], values: Mapping[str, Values]) -> Values:
    constant = sum((path.constant for path in paths), start=np.zeros(network.shapes[name]))
    low, high = received_range(paths, values, network.shapes[name])
    grids = [_product_grid(values[path.source].grid, grid_of(path.weights)) for path in paths]
    grids.append(grid_of(constant))
    known = [grid for grid in grids if grid is not None]
    return Values(low + constant, high + constant, max(known) if len(known) == len(grids) else None)


def _product_grid(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b
