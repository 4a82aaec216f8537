"""Groups that change places one by one, as long as that saves hops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.wires import Wires

IntArray = NDArray[np.int64]


class Exchanges:
    """Groups on places. ``place``: that of every group; ``looked``: pairs of groups that were looked at."""

    def __init__(self, wires: Wires, place: IntArray, tried: int) -> None:
        self._wires, self._tried = wires, tried
        self.place, self.looked = place.copy(), 0
        self._at = np.empty_like(place)
        self._at[place] = np.arange(wires.count)
        self._column, self._row = wires.columns[place], wires.rows[place]
        self._width, self._height = (int(along.max(initial=0)) + 1 for along in (wires.columns, wires.rows))

    def turns(self, allowed: int) -> bool:
        """Let the groups of all places change them, one after the other, until it has looked at ``allowed`` pairs.

        Whether any did.
        """
        moved = False
        for here in range(self._wires.count):
            if self.looked >= allowed:
                break
            moved |= self._turn(here)
        return moved

    def _turn(self, here: int) -> bool:
        """Let the group at a place change it for the one of those it tries that saves most, the first of equals."""
        group = int(self._at[here])
        costs = self._costs(group)
        tried = _cheapest(costs, self._tried, int(costs[here]))
        if not len(tried):
            return False
        changes = costs[tried] - costs[here] + self._changes(tried, group, here)
        best = int(np.argmin(changes))
        if changes[best] >= 0:
            return False
        there = int(tried[best])
        self._stand(int(self._at[there]), here)
        self._stand(group, there)
        return True

    def _stand(self, group: int, place: int) -> None:
        self._at[place], self.place[group] = group, place
        self._column[group], self._row[group] = self._wires.columns[place], self._wires.rows[place]

    def _costs(self, group: int) -> IntArray:
        """Tiles that the messages of a group would cross from every place, all others staying where they are."""
        ours = slice(int(self._wires.starts[group]), int(self._wires.starts[group + 1]))
        others, weights = self._wires.others[ours], self._wires.weights[ours]
        self.looked += len(others)
        columns = _distances(self._column[others], weights, self._width)
        rows = _distances(self._row[others], weights, self._height)
        return columns[self._wires.columns] + rows[self._wires.rows]

    def _changes(self, tried: IntArray, group: int, here: int) -> IntArray:
        """What it costs that the group of every tried place moves ``here``, where ``group`` moves the other way."""
        wires, movers = self._wires, self._at[tried]
        first, counts = wires.starts[movers], wires.starts[movers + 1] - wires.starts[movers]
        ends = np.cumsum(counts)
        edges = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
        self.looked += len(edges)
        others, weights = wires.others[edges], wires.weights[edges]
        change = np.zeros(len(edges), np.int64)
        apart = np.zeros(len(tried), np.int64)
        for along, at in ((wires.columns, self._column[others]), (wires.rows, self._row[others])):
            change += np.abs(at - along[here]) - np.abs(at - np.repeat(along[tried], counts))
            apart += np.abs(along[tried] - along[here])
        change += 2 * (others == group) * np.repeat(apart, counts)
        total = np.append(0, np.cumsum(weights * change))
        return total[ends] - total[ends - counts]


def _cheapest(costs: IntArray, most: int, limit: int) -> IntArray:
    """The places that cost least, at most so many and less than ``limit``; of equal ones the first, in their order."""
    chosen = costs < limit
    if most < len(costs):
        last = np.partition(costs, most - 1)[most - 1]  # a value, and no order of places, which machines differ in
        among = costs < last
        among[np.flatnonzero(costs == last)[: most - np.count_nonzero(among)]] = True
        chosen &= among
    return np.flatnonzero(chosen)


def _distances(at: IntArray, weights: IntArray, size: int) -> IntArray:
    """From every coordinate below ``size``, the sum of distances to the ``weights``, which lie at theirs."""
    lying = np.zeros(size, np.int64)
    np.add.at(lying, at, weights)
    place = np.arange(size)
    until, before = np.cumsum(lying), np.cumsum(lying * place)
    return place * until - before + (before[-1] - before) - place * (until[-1] - until)
