"""What every core of a placement uses, counted from the blocks that stand on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.chip import RESOURCES
from neurodeploy.placement.demand import Needs
from neurodeploy.placement.packing import Cores
from neurodeploy.program.projection import Projection


def usage(needs: Needs, cores: Cores) -> tuple[dict[str, int], ...]:
    """Every resource that each core uses; blocks of one population on a core share axons and thresholds."""
    used: list[dict[str, int]] = [dict.fromkeys(RESOURCES, 0) for _ in cores]
    home, out = homes(needs, cores), np.zeros(len(cores), np.int64)
    for core, blocks in enumerate(cores):
        used[core]["neurons"] = sum(block.size for block in blocks)
        used[core]["synapse_bits"] = sum(needs.of(block)["synapse_bits"] for block in blocks)
        used[core]["thresholds"] = len(frozenset[int]().union(*(needs.thresholds(block) for block in blocks)))
    for projection, core, reached in arrivals(needs, cores):
        used[core]["in_axons"] += int(np.count_nonzero(reached))
        used[core]["synapse_formats"] += 1
        if projection.source in home:
            np.add.at(out, home[projection.source][reached], 1)
    for core, axons in enumerate(out):
        used[core]["out_axons"] = int(axons)
    return tuple(used)


def homes(needs: Needs, cores: Cores) -> dict[str, NDArray[np.int64]]:
    """The core of every neuron, by population: arrays of their shapes."""
    home = {p.name: np.full(p.shape, -1, np.int64) for p in needs.program.populations}
    for core, blocks in enumerate(cores):
        for block in blocks:
            home[block.population][block.part] = core
    return home


def arrivals(needs: Needs, cores: Cores) -> Iterator[tuple[Projection, int, NDArray[np.bool_]]]:
    """Every projection and core it ends on, with the neurons of its source that have a synapse there."""
    for core, blocks in enumerate(cores):
        for population in dict.fromkeys(block.population for block in blocks):
            ours = [block for block in blocks if block.population == population]
            for projection in needs.program.into(population):
                masks = [needs.reached(projection, block) for block in ours]
                yield projection, core, np.logical_or.reduce(masks)
