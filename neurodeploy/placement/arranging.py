"""The traffic-aware strategy: cores whose groups exchange messages come close to each other, so that these cross less.

All is linear in the pairs of cores that exchange messages, and the same input gives the same arrangement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.demand import Needs
from neurodeploy.placement.exchanging import Exchanges
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.traffic import Events, tiles, traffic
from neurodeploy.placement.wires import Wires

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
ROUNDS = 15
"""How often all groups move to the mean place of those that they exchange messages with."""
PASSES = 20
"""How often every group may change places with another."""
ALLOWED, ALLOWED_PER_PAIR = 20_000_000, 100
"""Pairs of groups that exchanges may look at: so many, and so many for each that exchanges messages."""
FEWEST_TRIED, MOST_TRIED = 16, 64
"""Places that a group tries in its turn: those where its own messages would cross fewest tiles."""


def arranged(needs: Needs, cores: Cores, events: Events, room: int) -> Cores:
    """The same groups of blocks on ``room`` cores, some of them empty, so that messages cross fewer tiles.

    Groups stand in a row, in the order of first fit or all populations beside each other, and move toward those that
    they exchange messages with; then each in turn changes places with the one of some that saves most, until none does
    or as many were tried as are allowed. Of all that came about, first fit included, the one with the fewest hops.
    """
    wires = Wires(traffic(needs, cores, events), tiles(needs.chip, max(room, len(cores))))
    best = np.arange(wires.count)
    allowed = ALLOWED + ALLOWED_PER_PAIR * wires.pairs
    tried = int(np.clip(allowed // (8 * max(wires.pairs, 1)), FEWEST_TRIED, MOST_TRIED))
    starts = sorted((_settled(wires, start) for start in _starts(cores, wires.count)), key=wires.hops)
    for start in (*starts, best):
        search = Exchanges(wires, start, tried)
        for _ in range(PASSES):
            if search.looked >= allowed or not search.turns(allowed):
                break
        allowed -= search.looked
        best = min(best, search.place, key=wires.hops)
    groups = dict(zip(map(int, best), cores, strict=False))
    moved = [groups.get(place, ()) for place in range(wires.count)]
    while moved and not moved[-1]:
        moved.pop()
    return tuple(moved)


def _starts(cores: Cores, count: int) -> Iterator[FloatArray]:
    """Keys by which groups may stand in a row: their numbers, and how far on in its population each is."""
    yield np.arange(count, dtype=np.float64)
    blocks = Counter(block.population for group in cores for block in group)
    passed = Counter[str]()
    keys = np.ones(count)
    for number, group in enumerate(cores):
        shares = [passed[block.population] / blocks[block.population] for block in group]
        keys[number] = sum(shares) / len(shares)
        passed.update(block.population for block in group)
    yield keys


def _settled(wires: Wires, keys: FloatArray) -> IntArray:
    """The best of the places that groups come to, in a row, while all move toward those they exchange messages with."""
    best = place = _in_a_row(keys)
    for _ in range(ROUNDS):
        place = _in_a_row(np.where(wires.messages > 0, place + wires.means(place), 2 * wires.count))
        best = min(best, place, key=wires.hops)
    return best


def _in_a_row(keys: FloatArray) -> IntArray:
    """The place of every group, in the order of its key."""
    place = np.empty(len(keys), np.int64)
    place[np.argsort(keys, kind="stable")] = np.arange(len(keys))
    return place
