"""Which groups exchange how many messages, by group, and what these cross on given places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.traffic import Traffic

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Wires:
    """The messages between groups, in both directions, as rows of a sparse matrix.

    - ``count``: groups, as many as places, some empty; ``pairs``: of groups that exchange messages.
    - ``starts``: where the row of every group begins in ``others`` and ``weights``; ``messages``: those of every group.
    - ``columns``, ``rows``: of the tile of every place.
    """

    def __init__(self, flow: Traffic, tiles: IntArray) -> None:
        self.count = len(tiles)
        self.columns, self.rows = np.ascontiguousarray(tiles[:, 0]), np.ascontiguousarray(tiles[:, 1])
        apart = flow.sources != flow.targets
        self._ends = flow.sources[apart], flow.targets[apart]
        self._counts = flow.counts[apart]
        self.pairs = len(self._counts)
        groups, others = np.concatenate(self._ends), np.concatenate(self._ends[::-1])
        order = np.argsort(groups, kind="stable")
        self._groups, self.others = groups[order], others[order]
        self.weights = np.tile(self._counts, 2)[order]
        self.starts = np.searchsorted(self._groups, np.arange(self.count + 1))
        self.messages = np.bincount(self._groups, self.weights, self.count)

    def means(self, place: IntArray) -> FloatArray:
        """The mean place of those that each group exchanges messages with, every message counted; 0 without any."""
        sums = np.bincount(self._groups, self.weights * place[self.others], self.count)
        return sums / np.maximum(self.messages, 1)

    def hops(self, place: IntArray) -> int:
        """Tiles that all messages cross with the groups on those places."""
        total = 0
        for along in (self.columns, self.rows):
            at = along[place]
            total += int((np.abs(at[self._ends[0]] - at[self._ends[1]]) * self._counts).sum())
        return total
