"""The traffic-aware strategy: what first fit put together changes places with others until no exchange saves hops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.demand import Needs
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.traffic import Events, Traffic, tiles, traffic

IntArray = NDArray[np.int64]
PASSES = 20
TRIED = 64
"""Places that a group tries in its turn: those where its own messages would cross fewest tiles."""


def arranged(needs: Needs, cores: Cores, events: Events, room: int) -> Cores:
    """The same groups of blocks on ``room`` cores, some of them empty, so that messages cross fewer tiles.

    Every group in turn changes places with the one of ``TRIED`` that saves most, the first of equals, until none does.
    """
    places = max(room, len(cores))
    search = _Exchanges(traffic(needs, cores, events), tiles(needs.chip, places))
    for _ in range(PASSES):
        if sum(search.turn(place) for place in range(places)) == 0:
            break
    groups = [*cores, *[()] * (places - len(cores))]
    moved = [groups[int(group)] for group in search.at]
    while moved and not moved[-1]:
        moved.pop()
    return tuple(moved)


class _Exchanges:
    """Groups on places. ``at``: by place, the group that stands there."""

    def __init__(self, flow: Traffic, tiles: IntArray) -> None:
        self._tiles = tiles
        count = len(tiles)
        self.at, self._place = np.arange(count), np.arange(count)
        apart = flow.sources != flow.targets
        ends = flow.sources[apart], flow.targets[apart]
        rows, self._others = np.concatenate(ends), np.concatenate(ends[::-1])
        order = np.argsort(rows, kind="stable")
        self._others, self._messages = self._others[order], np.tile(flow.counts[apart], 2)[order]
        self._starts = np.searchsorted(rows[order], np.arange(count + 1))

    def turn(self, here: int) -> bool:
        """Let the group at a place change it for a better one; whether it did."""
        group = int(self.at[here])
        costs = self._costs(group)
        tried = np.sort(np.argsort(costs, kind="stable")[:TRIED])
        changes = costs[tried] - costs[here] + self._changes(tried, group, here)
        best = int(np.argmin(changes))
        if changes[best] >= 0:
            return False
        there = int(tried[best])
        self.at[here], self.at[there] = self.at[there], group
        self._place[self.at[here]], self._place[group] = here, there
        return True

    def _costs(self, group: int) -> IntArray:
        """Tiles that the messages of a group would cross from every place, all others staying where they are."""
        others, messages = self._edges(group)
        places = self._tiles[self._place[others]]
        total = np.zeros(len(self._tiles), np.int64)
        for axis in range(2):
            along = np.zeros(int(self._tiles[:, axis].max()) + 1, np.int64)
            np.add.at(along, places[:, axis], messages)
            total += _distances(along)[self._tiles[:, axis]]
        return total

    def _changes(self, tried: IntArray, group: int, here: int) -> IntArray:
        """What it costs that the group of every tried place moves ``here``, where ``group`` moves the other way."""
        movers = self.at[tried]
        first, counts = self._starts[movers], self._starts[movers + 1] - self._starts[movers]
        which = np.repeat(np.arange(len(tried)), counts)
        edges = np.arange(len(which)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
        places, there = self._tiles[self._place[self._others[edges]]], self._tiles[tried[which]]
        change = np.abs(places - self._tiles[here]).sum(axis=1) - np.abs(places - there).sum(axis=1)
        change += 2 * (self._others[edges] == group) * np.abs(there - self._tiles[here]).sum(axis=1)
        total = np.zeros(len(tried), np.int64)
        np.add.at(total, which, self._messages[edges] * change)
        return total

    def _edges(self, group: int) -> tuple[IntArray, IntArray]:
        """The groups that a group exchanges messages with, and how many with each."""
        ours = slice(int(self._starts[group]), int(self._starts[group + 1]))
        return self._others[ours], self._messages[ours]


def _distances(messages: IntArray) -> IntArray:
    """From every coordinate, the sum of distances to ``messages``, which lie at theirs."""
    at = np.arange(len(messages))
    until, before = np.cumsum(messages), np.cumsum(messages * at)
    return at * until - before + (before[-1] - before) - at * (until[-1] - until)
