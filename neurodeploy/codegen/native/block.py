"""Where a population's sums stand while they are made: a few rows at a time, so that they stay in the first cache."""

from __future__ import annotations

from dataclasses import dataclass

ALIGN = 32
"""Sums that a row starts at a multiple of."""
BUDGET = 20 << 10
"""Bytes of sums made at a time."""


@dataclass(frozen=True)
class Block:
    """``height`` of ``rows`` rows, each of ``length`` neurons after ``lead`` sums and before others that nobody reads.

    Every message adds a run of fixed length, whatever its column: what falls outside the map lands in the margins.
    """

    rows: int
    length: int
    lead: int
    stride: int
    height: int

    @property
    def size(self) -> int:
        """Sums of a block, with the margin that the last row's runs end in."""
        return self.height * self.stride + ALIGN


def block(rows: int, length: int, before: int, after: int, bits: int) -> Block:
    """``before``, ``after``: how far a run reaches to the left of the first and to the right of the last neuron."""
    lead = -(-before // ALIGN) * ALIGN
    stride = -(-(lead + length + after) // ALIGN) * ALIGN
    height = max(1, min(rows, BUDGET // (stride * bits // 8)))
    return Block(rows, length, lead, stride, height)
