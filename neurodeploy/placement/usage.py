"""What every core of a placement uses, counted from the blocks that stand on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.block import Part
from neurodeploy.placement.chip import RESOURCES
from neurodeploy.placement.demand import Mask, Needs, Reach
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
    for projection, core, part, reached in arrivals(needs, cores):
        used[core]["in_axons"] += int(np.count_nonzero(reached))
        used[core]["synapse_formats"] += 1
        if projection.source in home:
            np.add.at(out, home[projection.source][part][reached], 1)
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


def arrivals(needs: Needs, cores: Cores) -> Iterator[tuple[Projection, int, Part, Mask]]:
    """Every projection and core it ends on, with a part of its source, and who there has a synapse on the core."""
    for core, blocks in enumerate(cores):
        for population in dict.fromkeys(block.population for block in blocks):
            ours = [block for block in blocks if block.population == population]
            for projection in needs.program.into(population):
                yield projection, core, *_together([needs.reached(projection, block) for block in ours])


def _together(reaches: Sequence[Reach]) -> tuple[Part, Mask]:
    """The neurons that any of several reaches."""
    if len(reaches) == 1:
        return reaches[0].part, reaches[0].mask
    axes = list(zip(*(reach.part for reach in reaches), strict=True))
    starts = [min(part.start for part in axis) for axis in axes]
    stops = [max(part.stop for part in axis) for axis in axes]
    mask = np.zeros([stop - start for start, stop in zip(starts, stops, strict=True)], np.bool_)
    for reach in reaches:
        parts = zip(reach.part, starts, strict=True)
        mask[tuple(slice(part.start - start, part.stop - start) for part, start in parts)] |= reach.mask
    return tuple(map(slice, starts, stops)), mask
