"""Counts and distances of one node, added up block by block."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurodeploy.parity.compare import Cell
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import Mask, is_nowhere, marked
from neurodeploy.parity.rung import Divergence, NodeResult
from neurodeploy.trace import Entry


class Amounts(NamedTuple):
    """Sums over a block of what two sides sent: of minima and maxima of spikes; of squares, for real values."""

    least: float = 0.0
    most: float = 0.0
    norm: float = 0.0
    error: float = 0.0
    cells: int = 0


class Distance:
    """Jaccard index of spikes, relative RMS error of real values; both sides silent are equal."""

    def __init__(self) -> None:
        self._least = self._most = 0.0
        self._norm = self._error = self._cells = 0.0

    def add(self, expected: Entry, actual: Entry, known: Known | None = None) -> Amounts:
        """Count a block, of which something may be ``known``, and return what was counted."""
        amounts = _amounts(expected, actual, Known() if known is None else known)
        self.count(amounts)
        return amounts

    def count(self, amounts: Amounts) -> None:
        """Count a block that was counted elsewhere."""
        self._least += amounts.least
        self._most += amounts.most
        self._norm += amounts.norm
        self._error += amounts.error
        self._cells += amounts.cells

    @property
    def jaccard(self) -> float:
        """Sum of minima over sum of maxima, over all cells; 1 when both sides are silent."""
        return self._least / self._most if self._most else 1.0

    @property
    def relative_rms(self) -> float:
        """Root mean square of the difference over that of the expected values, or by itself where those are silent."""
        return float(np.sqrt(self._error / (self._norm or self._cells or 1.0)))


def _amounts(expected: Entry, actual: Entry, known: Known) -> Amounts:
    if expected.graded or actual.graded:
        values, error = expected.values, actual.values - expected.values
        return Amounts(0.0, 0.0, float(np.square(values).sum()), float(np.square(error).sum()), error.size)
    first, second = expected.output, actual.output
    if first.dtype.kind not in "biu" or second.dtype.kind not in "biu" or expected.scale != actual.scale:
        ours, theirs = expected.values, actual.values
        return Amounts(float(np.minimum(ours, theirs).sum()), float(np.maximum(ours, theirs).sum()))
    cells = known.different(first, second)
    if is_nowhere(cells):
        sent = float(known.sent(first).total)
        return Amounts(sent, sent)
    ours, theirs = known.sent(first), known.sent(second)
    if ours.ones and theirs.ones:
        both, differ = ours.total + theirs.total, marked(cells)
        return Amounts((both - differ) / 2, (both + differ) / 2)
    places = np.flatnonzero(cells)
    more, less = (record.reshape(-1).take(places).astype(np.int64) for record in (first, second))
    least = ours.total - int(np.maximum(more - less, 0).sum())
    return Amounts(float(least), float(least + int(np.abs(more - less).sum())))


class Tally:
    """What one node did on both sides, over all blocks that were added."""

    def __init__(self) -> None:
        self.distance = Distance()
        self.first: Divergence | None = None
        self.different = 0
        self.graded = self._inserted = False
        self._expected = self._actual = 0
        self._cells = 0

    def add(self, expected: Entry, actual: Entry, different: Mask, known: Known | None = None) -> Amounts:
        """Count a block, and return what its distance counted.

        ``different`` marks the cells that count as mismatches. ``known``: what is known of the block.
        """
        facts = Known() if known is None else known
        self.graded |= expected.graded or actual.graded
        self._inserted |= expected.inserted or actual.inserted
        amounts = self.distance.add(expected, actual, facts)
        self.different += marked(different)
        self._cells += different.size
        if not self.graded:
            self._expected += _spikes(expected, facts)
            self._actual += _spikes(actual, facts)
        return amounts

    def earlier(self, cell: Cell | None) -> bool:
        """Whether a cell ``(step, sample, neuron...)`` comes before the first divergence so far."""
        if cell is None:
            return False
        first = self.first
        return first is None or cell < (first.step, first.sample, *first.neuron)

    def result(self, **fields: Any) -> NodeResult:
        """The counts; ``fields`` are those that only some rungs have."""
        return NodeResult(
            expected_spikes=self._expected,
            actual_spikes=self._actual,
            mismatches=self.different,
            cells=self._cells,
            jaccard=None if self.graded else self.distance.jaccard,
            graded=self.graded,
            relative_rms=self.distance.relative_rms if self.graded else None,
            inserted=self._inserted,
            first=fields.pop("first", self.first),
            **fields,
        )


def _spikes(entry: Entry, known: Known) -> int:
    if entry.output.dtype.kind in "biu" and entry.scale == 0:
        return known.sent(entry.output).total
    values = entry.values
    return int(values[np.isfinite(values)].sum())
