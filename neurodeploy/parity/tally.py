"""Counts and distances of one node, added up block by block."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.compare import Cell
from neurodeploy.parity.rung import Divergence, NodeResult
from neurodeploy.trace import Entry

Mask = NDArray[np.bool_]


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

    def add(self, expected: Entry, actual: Entry, same: bool = False) -> Amounts:
        """Count a block, and return what was counted. ``same``: it is known that no cell differs."""
        amounts = _amounts(expected, actual, same)
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


def _amounts(expected: Entry, actual: Entry, same: bool) -> Amounts:
    if expected.graded or actual.graded:
        values, error = expected.values, actual.values - expected.values
        return Amounts(0.0, 0.0, float(np.square(values).sum()), float(np.square(error).sum()), error.size)
    first, second = _alike(expected, actual)
    if same:
        sent = float(first.sum(dtype=_wide(first)))
        return Amounts(sent, sent)
    least = float(np.minimum(first, second).sum(dtype=_wide(first)))
    return Amounts(least, float(np.maximum(first, second).sum(dtype=_wide(first))))


def _alike(expected: Entry, actual: Entry) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both outputs in one unit: as they are where both are integers of the same scale."""
    integers = expected.output.dtype.kind in "biu" and actual.output.dtype.kind in "biu"
    if integers and expected.scale == actual.scale:
        return expected.output, actual.output
    return expected.values, actual.values


def _wide(array: NDArray[Any]) -> type[np.int64] | type[np.float64]:
    return np.int64 if array.dtype.kind in "biu" else np.float64


class Tally:
    """What one node did on both sides, over all blocks that were added."""

    def __init__(self) -> None:
        self.distance = Distance()
        self.first: Divergence | None = None
        self.different = 0
        self.graded = self._inserted = False
        self._expected = self._actual = 0
        self._cells = 0

    def add(self, expected: Entry, actual: Entry, different: Mask, ties: int = 0) -> Amounts:
        """Count a block, and return what its distance counted.

        ``different`` marks the cells that count as mismatches; ``ties`` differ too and are excused.
        """
        self.graded |= expected.graded or actual.graded
        self._inserted |= expected.inserted or actual.inserted
        differ = int(np.count_nonzero(different))
        amounts = self.distance.add(expected, actual, same=differ == ties == 0)
        self.different += differ
        self._cells += different.size
        if not self.graded:
            expected_spikes = _spikes(expected)
            self._expected += expected_spikes
            self._actual += expected_spikes if differ == ties == 0 else _spikes(actual)
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


def _spikes(entry: Entry) -> int:
    if entry.output.dtype.kind in "biu" and entry.scale == 0:
        return int(entry.output.sum(dtype=np.int64))
    values = entry.values
    return int(values[np.isfinite(values)].sum())
