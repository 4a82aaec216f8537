"""Messages between cores: every event of a neuron is one message to each core with a synapse of it, per projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.chip import Chip
from neurodeploy.placement.demand import Needs
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.usage import arrivals

IntArray = NDArray[np.int64]
Events = Mapping[str, IntArray]
"""How often each neuron and input line sent something, by node, arrays of its shape."""


@dataclass(frozen=True, eq=False)
class Traffic:
    """Messages of a run.

    - ``between``: ``(cores, cores)``, from row to column. ``host``: from the inputs into each core.
    - ``hops``: tiles that the messages between cores cross, summed.
    """

    between: IntArray
    host: IntArray
    hops: int

    @property
    def messages(self) -> int:
        """Messages between neurons, those within a core included."""
        return int(self.between.sum())

    @property
    def within(self) -> int:
        """Messages that stay on their core."""
        return int(np.trace(self.between))

    def to_json(self) -> dict[str, Any]:
        """Plain data: totals."""
        return {"messages": self.messages, "within": self.within, "host": int(self.host.sum()), "hops": self.hops}


def one_each(needs: Needs) -> dict[str, IntArray]:
    """Events of a run in which every neuron and input line sends once: what traffic is without a stimulus."""
    program = needs.program
    return {node.name: np.ones(node.shape, np.int64) for node in (*program.inputs, *program.populations)}


def traffic(needs: Needs, cores: Cores, events: Events) -> Traffic:
    """The messages that ``events`` make, on cores that stand where their number says."""
    between, host = np.zeros((len(cores), len(cores)), np.int64), np.zeros(len(cores), np.int64)
    blocks = [(core, block) for core, ours in enumerate(cores) for block in ours]
    for projection, core, reached in arrivals(needs, cores):
        sent = events[projection.source] * reached
        if projection.source in needs.program.input_by_name:
            host[core] += int(sent.sum())
            continue
        for source, block in blocks:
            if block.population == projection.source:
                between[source, core] += int(sent[block.part].sum())
    return Traffic(between, host, int((between * distances(needs.chip, len(cores))).sum()))


def distances(chip: Chip, cores: int) -> IntArray:
    """Hops between cores: columns plus rows between their tiles."""
    tiles = np.array([chip.tile(core) for core in range(cores)], np.int64).reshape(cores, 2)
    return np.abs(tiles[:, None] - tiles[None]).sum(axis=2)
