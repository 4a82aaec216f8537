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
from neurodeploy.placement.usage import arrivals, homes

IntArray = NDArray[np.int64]
Events = Mapping[str, IntArray]
"""How often each neuron and input line sent something, by node, arrays of its shape."""


@dataclass(frozen=True, eq=False)
class Traffic:
    """Messages of a run.

    - ``counts``: messages from cores ``sources`` to cores ``targets``; every pair with any stands there once.
    - ``host``: from the inputs into each core.
    - ``hops``: tiles that the messages between cores cross, summed.
    """

    sources: IntArray
    targets: IntArray
    counts: IntArray
    host: IntArray
    hops: int

    @property
    def between(self) -> IntArray:
        """The messages as ``(cores, cores)``, from row to column."""
        matrix = np.zeros((len(self.host), len(self.host)), np.int64)
        matrix[self.sources, self.targets] = self.counts
        return matrix

    @property
    def messages(self) -> int:
        """Messages between neurons, those within a core included."""
        return int(self.counts.sum())

    @property
    def within(self) -> int:
        """Messages that stay on their core."""
        return int(self.counts[self.sources == self.targets].sum())

    def to_json(self) -> dict[str, Any]:
        """Plain data: totals."""
        return {"messages": self.messages, "within": self.within, "host": int(self.host.sum()), "hops": self.hops}


def one_each(needs: Needs) -> dict[str, IntArray]:
    """Events of a run in which every neuron and input line sends once: what traffic is without a stimulus."""
    program = needs.program
    return {node.name: np.ones(node.shape, np.int64) for node in (*program.inputs, *program.populations)}


def traffic(needs: Needs, cores: Cores, events: Events) -> Traffic:
    """The messages that ``events`` make, on cores that stand where their number says."""
    count, home = len(cores), homes(needs, cores)
    host = np.zeros(count, np.int64)
    keys, amounts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for projection, core, part, reached in arrivals(needs, cores):
        sent = events[projection.source][part][reached]
        if projection.source in needs.program.input_by_name:
            host[core] += int(sent.sum())
            continue
        sources, which = np.unique(home[projection.source][part][reached], return_inverse=True)
        total = np.zeros(len(sources), np.int64)
        np.add.at(total, which, sent)
        keys.append(sources * count + core)
        amounts.append(total)
    pairs, which = np.unique(np.concatenate(keys), return_inverse=True)
    counts = np.zeros(len(pairs), np.int64)
    np.add.at(counts, which, np.concatenate(amounts))
    pairs, counts = pairs[counts > 0], counts[counts > 0]
    sources, targets = np.divmod(pairs, max(count, 1))
    places = tiles(needs.chip, count)
    hops = np.abs(places[sources] - places[targets]).sum(axis=1)
    return Traffic(sources, targets, counts, host, int((counts * hops).sum()))


def tiles(chip: Chip, cores: int) -> IntArray:
    """Column and row of the tile of every core, ``(cores, 2)``; messages cross columns plus rows between two."""
    return np.array([chip.tile(core) for core in range(cores)], np.int64).reshape(cores, 2)
