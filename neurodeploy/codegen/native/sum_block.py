"""Where a population's sums lie while a step is computed: a block of a few rows, small enough for the first cache.

A stage makes the sums of one block, updates its neurons, and goes on to the next block in the same memory. So sums are
never written to memory that is far away, and an accumulator needs no array of the population's size.
"""

from __future__ import annotations

from dataclasses import dataclass

ALIGN = 32
"""Sums that a row starts at a multiple of."""
BUDGET = 20 << 10
"""Bytes of sums that a block may have: less than a first cache holds."""


@dataclass(frozen=True)
class SumBlock:
    """``height`` of the map's ``rows`` rows; a row has ``lead`` sums of margin, then ``length`` sums of neurons.

    Rows start ``stride`` sums apart. A message adds a run of fixed length, whatever its column: what falls outside the
    map lands in the margins, which nobody reads.
    """

    rows: int
    length: int
    lead: int
    stride: int
    height: int

    @property
    def size(self) -> int:
        """Sums of a block, with the margin in which the last row's runs end."""
        return self.height * self.stride + ALIGN


def sum_block(rows: int, length: int, before: int, after: int, bits: int) -> SumBlock:
    """The block for a map of ``rows`` rows of ``length`` neurons, with sums of ``bits``.

    ``before``, ``after``: how many sums a run reaches beyond the first and beyond the last neuron of a row.
    """
    lead = -(-before // ALIGN) * ALIGN
    stride = -(-(lead + length + after) // ALIGN) * ALIGN
    height = max(1, min(rows, BUDGET // (stride * bits // 8)))
    return SumBlock(rows, length, lead, stride, height)
