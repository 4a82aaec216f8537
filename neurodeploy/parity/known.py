"""What is known of the records of one block: every one is counted, and every two compared, once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.counting.kernels import Kernels, comparable
from neurodeploy.counting.lying import in_rows
from neurodeploy.memory import Pool
from neurodeploy.parity.masks import Mask, differing, is_nowhere, nowhere
from neurodeploy.parity.sent import Sent

Array = NDArray[Any]


class Known:
    """Records ``(B, T, *shape)`` of a block. Integers that are equal count as one, whatever their types and layouts.

    ``library``: kernels that compare and copy faster; ``pool``: where copies lie. Records must not change meanwhile.
    """

    def __init__(self, library: Kernels | None = None, pool: Pool | None = None) -> None:
        self._library, self._pool = library, pool
        self._records: dict[int, Array] = {}
        self._group: dict[int, int] = {}
        self._sent: dict[int, Sent] = {}
        self._masks: dict[tuple[int, int], Mask] = {}

    def sent(self, record: Array) -> Sent:
        """Its counts."""
        group = self._of(record)
        if group not in self._sent:
            self._sent[group] = Sent(record)
        return self._sent[group]

    def note_equal(self, first: Array, second: Array) -> None:
        """Two records hold the same integers, as whoever made one of the other knows."""
        ours, theirs = self._of(first), self._of(second)
        if ours == theirs:
            return
        self._group.update({key: ours for key, group in self._group.items() if group == theirs})
        if ours not in self._sent and theirs in self._sent:
            self._sent[ours] = self._sent[theirs]

    def equal(self, first: Array, second: Array) -> bool:
        """Whether two records of one shape differ in no cell."""
        return is_nowhere(self.different(first, second))

    def different(self, first: Array, second: Array) -> Mask:
        """The cells in which two records of one shape differ; ``nowhere`` where none does."""
        if not _integers(first, second):
            return differing(first, second)
        ours, theirs = self._of(first), self._of(second)
        if ours == theirs:
            return nowhere(first.shape)
        if (ours, theirs) not in self._masks:
            alike = self._same(first, second) or self._both_silent(first, second)
            mask = nowhere(first.shape) if alike else differing(first, second)
            if is_nowhere(mask):
                self.note_equal(first, second)
                return mask
            self._masks[ours, theirs] = self._masks[theirs, ours] = mask
        return self._masks[ours, theirs]

    def states_differ(self, first: Array, second: Array) -> Mask:
        """The same of two records that nobody else compares."""
        return nowhere(first.shape) if self._same(first, second) else differing(first, second)

    def in_rows(self, record: Array) -> Array:
        """The same record in row-major order."""
        if record.flags.c_contiguous:
            return record
        if _integers(record) and self.sent(record).range == (0, 0):
            rows = np.zeros(record.shape, record.dtype)
        else:
            rows = in_rows(record, self._pool)
        if _integers(record):
            self.note_equal(rows, record)
        return rows

    def _of(self, record: Array) -> int:
        """The group of a record, which is kept, so that nothing else gets its identity."""
        key = id(record)
        if key not in self._group:
            self._records[key], self._group[key] = record, key
        return self._group[key]

    def _same(self, first: Array, second: Array) -> bool:
        """Whether both are one record, or integers that lie alike and are the same, where kernels tell that fast."""
        if first is second and _integers(first, second):
            return True
        if self._library is None:
            return False
        if first.dtype != second.dtype and first.itemsize == second.itemsize == 1 and _integers(first, second):
            ours, theirs = first.view(np.uint8), second.view(np.uint8)
            same = comparable(ours, theirs) and self._library.same(ours, theirs)
            return same and all(self.sent(record).range[0] >= 0 for record in (first, second))
        return comparable(first, second) and self._library.same(first, second)

    def _both_silent(self, first: Array, second: Array) -> bool:
        """Whether both are bytes of which none is set, which is told faster than whether they are equal."""
        bytewise = first.itemsize == second.itemsize == 1
        return bytewise and self.sent(first).range == self.sent(second).range == (0, 0)


def _integers(*records: Array) -> bool:
    return all(record.dtype.kind in "biu" for record in records)
