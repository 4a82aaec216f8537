"""Populations cut into blocks that each fit an empty core, as few as an even cut gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.placement.block import Block
from neurodeploy.placement.demand import Needs, over

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """The blocks of every population, the axons that every neuron needs out of its core, and who fits no core.

    - ``out``: by population, how many blocks a message of each neuron goes to, counted per projection: as many output
      axons it needs at most.
    - ``impossible``: blocks whose first neuron alone an empty core cannot hold, with the resources it exceeds.
    """

    blocks: Mapping[str, tuple[Block, ...]]
    out: Mapping[str, IntArray]
    impossible: Mapping[Block, tuple[str, ...]]

    def demand(self, needs: Needs, block: Block) -> dict[str, int]:
        """What a block needs of every resource."""
        return {**needs.of(block), "out_axons": int(self.out[block.population][block.part].sum())}


def split(needs: Needs) -> Split:
    """Cut every population until all blocks fit; further cuts follow where targets make sources need more axons."""
    program = needs.program
    blocks = {p.name: (Block.whole(p.name, p.shape),) for p in program.populations}
    silent = {p.name: np.zeros(p.shape, np.int64) for p in program.populations}
    impossible: dict[Block, tuple[str, ...]] = {}
    out = silent
    while True:
        cut = {
            name: tuple(inner for block in parts for inner in _cut(needs, block, out[name], impossible))
            for name, parts in blocks.items()
        }
        axons = _axons(needs, cut)
        if cut == blocks and all(np.array_equal(axons[name], out[name]) for name in out):
            return Split(blocks, out, impossible)
        blocks, out = cut, axons


def _axons(needs: Needs, blocks: Mapping[str, tuple[Block, ...]]) -> dict[str, IntArray]:
    axons = {p.name: np.zeros(p.shape, np.int64) for p in needs.program.populations}
    for projection in needs.program.projections:
        if projection.source in axons:
            for block in blocks[projection.target]:
                reach = needs.reached(projection, block)
                axons[projection.source][reach.part] += reach.mask
    return axons


def _cut(needs: Needs, block: Block, out: IntArray, impossible: dict[Block, tuple[str, ...]]) -> tuple[Block, ...]:
    """The block itself where it fits, else its parts: the fewest even ones along one axis, else along several."""
    if _exceeded(needs, block, out) == ():
        return (block,)
    alone = _exceeded(needs, block.first, out)
    if alone:
        impossible[block] = alone
        return (block,)
    best: tuple[int, int, tuple[Block, ...]] | None = None
    for axis, length in enumerate(block.shape):
        parts = _along(needs, block, axis, out, best[0] if best else length)
        if parts is not None:
            crossing = sum(needs.of(part)["in_axons"] for part in parts)
            if best is None or (len(parts), crossing) < best[:2]:
                best = len(parts), crossing, parts
    if best is not None:
        return best[2]
    axis = int(np.argmax(block.shape))
    return tuple(inner for part in block.cut(axis, block.shape[axis]) for inner in _cut(needs, part, out, impossible))


def _along(needs: Needs, block: Block, axis: int, out: IntArray, most: int) -> tuple[Block, ...] | None:
    """The fewest even parts along an axis that all fit, at most so many; None where there are none."""
    room = needs.chip.limit("neurons")
    least = 2 if room is None else max(2, -(-block.size // room))
    for count in range(least, min(most, block.shape[axis]) + 1):
        parts = tuple(block.cut(axis, count))
        if all(_exceeded(needs, part, out) == () for part in parts):
            return parts
    return None


def _exceeded(needs: Needs, block: Block, out: IntArray) -> tuple[str, ...]:
    room = needs.chip.limit("neurons")
    if room is not None and block.size > room and block.size > 1:
        return ("neurons",)
    return over({**needs.of(block), "out_axons": int(out[block.part].sum())}, needs.chip)
