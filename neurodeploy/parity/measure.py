"""Counts over two aligned traces of one node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import NeurodeployError
from neurodeploy.parity.report import NodeResult
from neurodeploy.trace import Entry, Trace

Array = NDArray[Any]
Cell = tuple[int, ...]


def jaccard(expected: Array, actual: Array) -> float:
    """Sum of minima over sum of maxima, over all cells; 1 when both sides are silent."""
    most = float(np.maximum(expected, actual).sum())
    return float(np.minimum(expected, actual).sum()) / most if most else 1.0


def relative_rms(expected: Array, actual: Array) -> float:
    """Root mean square of the difference over that of the expected values; 0 when both are silent."""
    norm = float(np.sqrt(np.mean(np.square(expected))))
    error = float(np.sqrt(np.mean(np.square(actual - expected))))
    return error / norm if norm else error


def first_cell(different: NDArray[np.bool_]) -> Cell | None:
    """(step, sample, neuron...) of the first differing cell of a (B, T, *shape) mask, in that precedence."""
    by_time = np.moveaxis(different, 1, 0)
    index = int(by_time.argmax()) if by_time.size else 0
    if not by_time.size or not by_time.flat[index]:
        return None
    return tuple(int(i) for i in np.unravel_index(index, by_time.shape))


def check_aligned(
    names: Iterable[str], trace: Trace, shapes: Mapping[str, tuple[int, ...]], lead: tuple[int, ...], rung: str
) -> None:
    """Every node's record has the shape ``(*lead, *shape)``. Raises NeurodeployError naming the rung and the node.

    Else numpy would stretch one record over another and compare what does not belong together.
    """
    for name in names:
        found, wanted = trace[name].output.shape, (*lead, *shapes[name])
        if found != wanted:
            what = f"its record of node {name} has shape {found}, not {wanted}"
            raise NeurodeployError(what, f"rung {rung}", "its runner must return (B, T, *shape), latency removed")


def node_result(expected: Entry, actual: Entry, different: NDArray[np.bool_], **more: Any) -> NodeResult:
    """Counts of one node; ``different`` marks the cells that count as mismatches."""
    a, b = expected.values, actual.values
    graded = expected.graded or actual.graded
    return NodeResult(
        expected_spikes=0 if graded else _count(a),
        actual_spikes=0 if graded else _count(b),
        mismatches=int(different.sum()),
        cells=different.size,
        jaccard=None if graded else jaccard(a, b),
        graded=graded,
        relative_rms=relative_rms(a, b) if graded else None,
        inserted=expected.inserted or actual.inserted,
        first=more.pop("first", None),
        **more,
    )


def _count(spikes: Array) -> int:
    return int(spikes[np.isfinite(spikes)].sum())
