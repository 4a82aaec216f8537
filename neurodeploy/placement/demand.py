"""What a block needs of a core: computed from the program alone, synapse by synapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.operations import Part, reach
from neurodeploy.placement.block import Block
from neurodeploy.placement.chip import Chip
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
Demand = Mapping[str, int]
WINDOWED = ("conv1d", "conv2d", "sum-pool")


@dataclass(frozen=True, eq=False)
class Reach:
    """The neurons of a projection's source that have a synapse onto something: a ``part`` of its shape, and the
    ``counts`` of synapses there."""

    part: Part
    counts: IntArray

    @property
    def mask(self) -> Mask:
        """Which neurons of the part have any."""
        return self.counts > 0


@dataclass(frozen=True, eq=False)
class Needs:
    """Answers what blocks of ``program`` need on ``chip``; each is computed once."""

    program: Program
    chip: Chip
    _reached: dict[tuple[str, Block], Reach] = field(default_factory=dict[tuple[str, Block], Reach])
    _own: dict[Block, dict[str, int]] = field(default_factory=dict[Block, dict[str, int]])

    def reached(self, projection: Projection, block: Block) -> Reach:
        """Which neurons of the source have synapses onto the block, and how many."""
        key = projection.name, block
        if key not in self._reached:
            source = self.program.node(projection.source).shape
            target = self.program.by_name[block.population].shape
            self._reached[key] = Reach(*reach(projection, source, target, block.part))
        return self._reached[key]

    def of(self, block: Block) -> dict[str, int]:
        """What the block needs of every resource but output axons."""
        if block not in self._own:
            into = self.program.into(block.population)
            axons = {p.name: self.reached(p, block).counts for p in into}
            self._own[block] = {
                "neurons": block.size,
                "synapse_bits": sum(self._bits(p, block, axons[p.name]) for p in into),
                "in_axons": sum(int(np.count_nonzero(counts)) for counts in axons.values()),
                "thresholds": len(self.thresholds(block)),
                "synapse_formats": len(into),
            }
        return self._own[block]

    def thresholds(self, block: Block) -> frozenset[int]:
        """The thresholds of a block's neurons; a relay has none."""
        population = self.program.by_name[block.population]
        if population.kind != "cuba-lif":
            return frozenset()
        values = np.broadcast_to(np.asarray(population.threshold), population.shape)[block.part]
        return frozenset(map(int, np.unique(values)))

    def _bits(self, projection: Projection, block: Block, counts: IntArray) -> int:
        """Synapse memory: a kernel once where the chip shares them; else rows of weights, or weights with an index."""
        width = self.program.numerics.weight_bits
        if projection.kind in WINDOWED and self.chip.shared_kernels.value:
            weights = projection.weights
            return width * (weights.size if projection.kind == "sum-pool" else weights[block.part[0]].size)
        rows = int(np.count_nonzero(counts)) * block.size * width
        return min(rows, int(counts.sum()) * (width + self.chip.index_bits.value))


def over(demand: Demand, chip: Chip) -> tuple[str, ...]:
    """The resources of which a demand exceeds what one core has."""
    limits = {name: chip.limit(name) for name in demand}
    return tuple(name for name, limit in limits.items() if limit is not None and demand[name] > limit)
