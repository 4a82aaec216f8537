"""A placement as a bundle keeps it, read back only where it places every neuron of the program exactly once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.placement.block import Block
from neurodeploy.placement.chip import Chip
from neurodeploy.placement.demand import Needs, over
from neurodeploy.placement.packing import Cores
from neurodeploy.placement.usage import usage
from neurodeploy.program.program import Program
from neurodeploy.reading.json import parse_json

FILE = "placement.json"
WHAT, REMEDY = "its placement is damaged", "place the network again: neurodeploy place"


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``placement.json``: the chip as it was, the strategy, and the blocks of every core."""

    format: Literal[1]
    chip: Chip
    chips: int
    strategy: str
    cores: tuple[tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...], ...]

    @property
    def blocks(self) -> Cores:
        """The blocks of every core."""
        return tuple(tuple(Block(*block) for block in blocks) for blocks in self.cores)


def placement_bytes(stored: Mapping[str, Any]) -> bytes:
    """What a file holds; the same placement gives the same bytes."""
    return (json.dumps(stored, indent=1, sort_keys=True) + "\n").encode()


def read_stored(data: bytes, program: Program, where: str) -> Stored:
    """The placement of a file. Raises InputError where it is damaged, or not one of this program on its chips."""
    stored = parse_json(data, Stored, where, WHAT, REMEDY)
    problem = wrong(stored, program)
    if problem:
        raise InputError(f"{WHAT}: {problem}", where, REMEDY)
    return stored


def wrong(stored: Stored, program: Program) -> str:
    """Why it is no placement of the program: neurons left out or placed twice, or a core that holds too much."""
    placed = {p.name: np.zeros(p.shape, np.int64) for p in program.populations}
    for block in (block for blocks in stored.blocks for block in blocks):
        counts = placed.get(block.population)
        ends = zip(block.starts, block.stops, () if counts is None else counts.shape, strict=False)
        if counts is None or not len(block.starts) == len(block.stops) == counts.ndim:
            return f"{block.population!r} is no population of that shape"
        if not all(0 <= start < stop <= size for start, stop, size in ends):
            return f"{block} lies outside of its population"
        counts[block.part] += 1
    for name, counts in placed.items():
        if np.any(counts != 1):
            return f"{int(np.count_nonzero(counts != 1))} neurons of {name} are not placed exactly once"
    if len(stored.cores) > stored.chips * stored.chip.cores.value:
        return f"{len(stored.cores)} cores on {stored.chips} chips"
    for core, used in enumerate(usage(Needs(program, stored.chip), stored.blocks)):
        if exceeded := over(used, stored.chip):
            return f"core {core} holds too much: {exceeded[0].replace('_', ' ')}"
    return ""
