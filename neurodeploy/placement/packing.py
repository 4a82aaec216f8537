"""Blocks put on cores: first fit, in the order in which populations are updated."""

from __future__ import annotations

from neurodeploy.placement.block import Block
from neurodeploy.placement.demand import Needs, over
from neurodeploy.placement.splitting import Split

Cores = tuple[tuple[Block, ...], ...]


def first_fit(needs: Needs, split: Split) -> Cores:
    """The blocks of every core: each block stands on the first core that has room for it, else on a new one.

    A block counts as if it shared nothing with its neighbors, so that no core holds more than it can.
    """
    cores: list[list[Block]] = []
    used: list[dict[str, int]] = []
    for name in needs.program.order:
        for block in split.blocks[name]:
            demand = split.demand(needs, block)
            for core, sums in enumerate(used):
                together = {resource: sums[resource] + amount for resource, amount in demand.items()}
                if not over(together, needs.chip):
                    cores[core].append(block)
                    used[core] = together
                    break
            else:
                cores.append([block])
                used.append(demand)
    return tuple(map(tuple, cores))
