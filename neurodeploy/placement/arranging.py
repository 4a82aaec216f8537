"""The traffic-aware strategy: what first fit put together changes places with others until no exchange saves hops."""

from __future__ import annotations

import numpy as np

from neurodeploy.placement.demand import Needs
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.traffic import Events, distances, traffic

PASSES = 20


def arranged(needs: Needs, cores: Cores, events: Events, room: int) -> Cores:
    """The same groups of blocks on ``room`` cores, some of them empty, so that messages cross fewer tiles.

    Every group in turn changes places with the one that saves most, the first of equals, until none does.
    """
    places = max(room, len(cores))
    hops = distances(needs.chip, places)
    between = np.zeros((places, places), np.int64)
    between[: len(cores), : len(cores)] = traffic(needs, cores, events).between
    flow, order = between + between.T, np.arange(places)
    for _ in range(PASSES):
        changed = False
        for here in range(len(cores) if places == len(cores) else places):
            saved = (flow[here] - flow) * (hops - hops[here])
            change = saved.sum(axis=1) + 2 * flow[here] * hops[here]
            there = int(np.argmin(change))
            if change[there] < 0:
                swap, back = [here, there], [there, here]
                flow[swap] = flow[back]
                flow[:, swap] = flow[:, back]
                order[swap] = order[back]
                changed = True
        if not changed:
            break
    groups = [*cores, *[()] * (places - len(cores))]
    moved = [groups[int(number)] for number in order]
    while moved and not moved[-1]:
        moved.pop()
    return tuple(moved)
