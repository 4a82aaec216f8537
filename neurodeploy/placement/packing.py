"""Blocks put on cores: first fit, in the order in which populations are updated."""

from __future__ import annotations

import numpy as np

from neurodeploy.placement.block import Block
from neurodeploy.placement.chip import RESOURCES
from neurodeploy.placement.demand import Needs
from neurodeploy.placement.splitting import Split

Cores = tuple[tuple[Block, ...], ...]


def first_fit(needs: Needs, split: Split) -> Cores:
    """The blocks of every core: each block stands on the first core that has room for it, else on a new one.

    A block counts as if it shared nothing with its neighbors, so that no core holds more than it can.
    """
    blocks = [block for name in needs.program.order for block in split.blocks[name]]
    limits = np.array([_most(needs.chip.limit(name)) for name in RESOURCES], np.int64)
    cores: list[list[Block]] = []
    free = np.tile(limits[:, None], len(blocks))
    first: dict[tuple[int, ...], int] = {}
    for block in blocks:
        demand = split.demand(needs, block)
        amounts = tuple(demand.get(name, 0) for name in RESOURCES)
        begin = first.get(amounts, 0)  # cores only fill up: none before the one that took as much has room for it
        fits = (free[:, begin : len(cores)] >= np.array(amounts)[:, None]).all(axis=0)
        core = begin + int(np.argmax(fits)) if fits.any() else len(cores)
        if core == len(cores):
            cores.append([])
        cores[core].append(block)
        free[:, core] -= amounts
        first[amounts] = core
    return tuple(map(tuple, cores))


def _most(limit: int | None) -> int:
    return np.iinfo(np.int64).max if limit is None else limit
