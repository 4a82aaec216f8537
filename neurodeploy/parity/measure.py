"""Counts and distances over two aligned records of one node."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.rung import NodeResult
from neurodeploy.trace import Entry

Array = NDArray[Any]


def jaccard(expected: Array, actual: Array) -> float:
    """Sum of minima over sum of maxima, over all cells; 1 when both sides are silent."""
    union = float(np.maximum(expected, actual).sum())
    return float(np.minimum(expected, actual).sum()) / union if union else 1.0


def relative_rms(expected: Array, actual: Array) -> float:
    """Root mean square of the difference over that of the expected values; 0 when both are silent."""
    norm = float(np.sqrt(np.mean(np.square(expected))))
    error = float(np.sqrt(np.mean(np.square(actual - expected))))
    return error / norm if norm else error


def node_result(expected: Entry, actual: Entry, different: NDArray[np.bool_], **fields: Any) -> NodeResult:
    """Counts of one node; ``different`` marks the cells that count as mismatches, ``fields`` are further ones."""
    values, others = expected.values, actual.values
    graded = expected.graded or actual.graded
    return NodeResult(
        expected_spikes=0 if graded else _count(values),
        actual_spikes=0 if graded else _count(others),
        mismatches=int(different.sum()),
        cells=different.size,
        jaccard=None if graded else jaccard(values, others),
        graded=graded,
        relative_rms=relative_rms(values, others) if graded else None,
        inserted=expected.inserted or actual.inserted,
        first=fields.pop("first", None),
        **fields,
    )


def _count(spikes: Array) -> int:
    return int(spikes[np.isfinite(spikes)].sum())
