"""The counts of ``Branching`` by compiled kernels: one pass over a block.

Of cells at a limit the kernel decides those that a floor or a ceiling may have clamped where no width of the machine is
near, decays are products and sums are added up once. It collects the others, those that began alike as one, and the
reference's own update tells what becomes of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.branches import limited
from neurodeploy.counting.kernels import STATES, Block, Kernels
from neurodeploy.counting.source import SMALL
from neurodeploy.numerics import Numerics
from neurodeploy.parity.limits import Limits
from neurodeploy.program.population import Population

IntArray = NDArray[np.int64]
COUNTED = "fired", "quiet", "just_below", "at_threshold", "reset", "saturated", "clamped"
PIECE = 512
"""Neurons that the kernel goes through at once."""
FEWEST, MOST = 6, 13
"""Bits that count the groups of cells which the kernel holds before it writes them: an eighth of all cells."""
GROUPS = 1 << MOST
NEVER, SAFE = 1 << 62, 62
"""A ceiling that nothing reaches; bits in which a membrane and its decay must find room together."""
ROOM = "last", "drive", "times", "kinds"
"""What the kernel writes of a group: membrane before the step, current, how many cells, and which constants."""


class CompiledBranching:
    """One spiking population. ``constants``: one value, or one of each neuron as they lie: threshold (in accumulator
    units), decay and bias, and the branches that a neuron without membrane and current takes; ``channels`` of neurons
    that lie channels last, else 1."""

    def __init__(
        self,
        library: Kernels,
        numerics: Numerics,
        population: Population,
        constants: Mapping[str, IntArray],
        at_rest: Mapping[str, NDArray[np.bool_]],
        channels: int,
    ) -> None:
        self._library, self._numerics, self._population = library, numerics, population
        self._unit = 1 << numerics.state_shift
        self._counts, self._table = np.zeros(len(COUNTED), np.int64), np.empty((GROUPS, 4), np.int64)
        clamps = at_rest["floors"] | at_rest["ceilings"]
        decay, bias = constants["membrane_decay"], constants["bias"]
        rows = np.stack(np.broadcast_arrays(constants["threshold"], at_rest["saturations"], clamps, decay, bias))
        period = _period(rows.reshape(len(rows), -1), channels)
        kinds, kind = np.unique(period[3:], axis=1, return_inverse=True)
        self._decay, self._bias = kinds
        repeated = max(1, PIECE // period.shape[1])
        shifts = np.array([[numerics.state_shift], [0], [0], [0]])
        self._tiles = np.tile(period[[0, 1, 2, 4]], repeated).astype(np.int64) << shifts
        keep = numerics.decay_one - self._decay
        self._kinds = np.ascontiguousarray(np.stack([keep, self._bias]), np.int64)
        self._before = np.concatenate([np.zeros((2, 1), np.int64), self._tiles[1:3].cumsum(axis=1)], axis=1)
        self._kind = np.tile(kind.reshape(-1), repeated).astype(np.int32)
        self._room, self._blocks = np.empty((0, 0), np.int64), dict[np.dtype[Any], Block]()

    def add(
        self, sent: NDArray[np.uint8], u: NDArray[Any], v: NDArray[Any], before: NDArray[Any], first: NDArray[Any]
    ) -> dict[str, int]:
        """Cells of a block by what happened in them, of contiguous arrays ``(B, T, neurons)``.

        ``sent``: bytes that are not 0 where something was sent; ``first``: the membranes before the block.
        """
        if v.dtype != np.int64 and self._beyond(v.dtype):
            u, v, before = (array.astype(np.int64) for array in (u, v, before))
        if self._room.shape[1] < v.size + GROUPS:
            self._room, self._blocks = np.empty((4, v.size + GROUPS), np.int64), {}
        if v.dtype not in self._blocks:
            self._blocks[v.dtype] = self._block(v.dtype)
        start, block = np.ascontiguousarray(first, v.dtype), self._blocks[v.dtype]
        for name, array in (("sent", sent), ("u", u), ("v", v), ("before", before), ("first", start)):
            setattr(block, name, array.ctypes.data)
        block.samples, block.steps, block.neurons = v.shape
        block.bits = max(FEWEST, min(MOST, v.size.bit_length() - 3))
        self._counts[:] = 0
        written = self._library.branches[v.dtype](block)
        taken = self._limited(*self._room[:, :written]) if written else {}
        return {name: count + taken.get(name, 0) for name, count in zip(COUNTED, self._counts.tolist(), strict=True)}

    def _block(self, dtype: np.dtype[Any]) -> Block:
        """All that does not change from block to block, for states of a type."""
        kind, limits = np.iinfo(dtype), Limits.of(self._numerics, self._population)
        tiles, plain = self._tiles.astype(dtype), _plain(self._numerics)
        pointers = (*tiles[:3], *self._before, self._kind, self._counts, *self._room, self._table)
        names = ("threshold", "saturates", "clamps", "saturating", "clamping", "kind", "counts")
        shift, floor, ceiling = self._numerics.state_shift, self._population.floor, self._population.ceiling
        block = Block(
            **dict(zip((*names, *ROOM, "table"), (array.ctypes.data for array in pointers), strict=True)),
            span=len(self._kind),
            every_step=self._population.every_step,
            unit=self._unit,
            low=max(limits.low, kind.min),
            high=kind.min if limits.everywhere else min(limits.high, kind.max),
            keep=self._kinds[0].ctypes.data,
            bias=self._kinds[1].ctypes.data,
            decay_bits=self._numerics.decay_bits,
            plain=plain,
            added=tiles[3].ctypes.data if not limits.everywhere and 0 < plain <= SMALL and self._adds() else None,
            floor=-NEVER if floor is None else floor << shift,
            ceiling=NEVER if ceiling is None else ceiling << shift,
        )
        block.kept = pointers, tiles
        return block

    def _adds(self) -> bool:
        """Whether no membrane decays, and all biases are small."""
        keep, bias = self._kinds
        return bool((keep == self._numerics.decay_one).all() and (np.abs(bias) < SMALL).all())

    def _beyond(self, dtype: np.dtype[Any]) -> bool:
        """Whether a threshold, or what lies a unit below it, may leave a type."""
        return int(np.abs(self._tiles[0]).max()) + self._unit > np.iinfo(dtype).max

    def _limited(self, last: IntArray, drive: IntArray, times: IntArray, kinds: IntArray) -> dict[str, int]:
        """How many cells were saturated or clamped, of groups that began alike."""
        driving: dict[str, Any] = {"membrane_decay": self._decay[kinds], "bias": self._bias[kinds]}
        masks = limited(self._numerics, replace(self._population, **driving), last, drive)
        cells = {branch: int(times[mask].sum()) for branch, mask in masks.items()}
        return {"saturated": cells["saturations"], "clamped": cells["floors"] + cells["ceilings"]}


def _plain(numerics: Numerics) -> int:
    """The magnitude below which a membrane's sum is only clamped, and its product with a decay has room; 0: none."""
    if numerics.integration != "sum" or numerics.decay_rule != "product":
        return 0
    return 1 << (min(numerics.membrane_bits, numerics.wide_bits, SAFE - numerics.decay_bits) - 1)


def _period(rows: IntArray, channels: int) -> IntArray:
    """The columns that all others repeat: one, or one of each channel, or all of them."""
    for width in (1, channels):
        if rows.shape[1] % width == 0:
            parts = rows.reshape(len(rows), -1, width)
            if (parts == parts[:, :1]).all():
                return parts[:, 0]
    return rows


def countable(u: NDArray[Any], v: NDArray[Any], before: NDArray[Any]) -> bool:
    """Whether the kernels take states of these types."""
    return u.dtype == v.dtype == before.dtype and v.dtype in STATES
