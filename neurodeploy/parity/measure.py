"""Counts and distances over two aligned records of one node."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.rung import NodeResult
from neurodeploy.rasters import jaccard, relative_rms
from neurodeploy.trace import Entry

Array = NDArray[Any]


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
