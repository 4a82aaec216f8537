"""The synapses of some neurons of a population, written out as rows, and the same as wrong windows would read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import FanIn
from neurodeploy.causes.fan_in import fan_in as synapses
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Fan:
    """What one projection brings to some neurons.

    - ``columns``: elements of the source that are read, flat, ``(M,)``; ``rows``: their weights, ``(K, M)``.
    - ``wrong``: the rows under every mistake of geometry or channels, by its name.
    """

    projection: Projection
    columns: IntArray
    rows: IntArray
    wrong: Mapping[str, IntArray]


def fan_in(projection: Projection, source: Shape, target: Shape, neurons: IntArray) -> Fan:
    """The fan of flat ``neurons`` of a population of shape ``target``, which read a source of shape ``source``."""
    named = {"": projection, **dict(_mistaken(projection, source))}
    reached = {name: synapses(mistaken, source, target, neurons) for name, mistaken in named.items()}
    columns = np.unique(np.concatenate([fan.lines[fan.matrix.any(axis=0)] for fan in reached.values()]))
    rows = {name: _rows(fan, columns) for name, fan in reached.items()}
    right = rows.pop("")
    return Fan(projection, columns, right, {name: wrong for name, wrong in rows.items() if np.any(wrong != right)})


def _rows(reached: FanIn, columns: IntArray) -> IntArray:
    rows = np.zeros((len(reached.matrix), len(columns)), np.int64)
    kept = reached.matrix.any(axis=0)
    rows[:, np.searchsorted(columns, reached.lines[kept])] = reached.matrix[:, kept]
    return rows


def _mistaken(projection: Projection, source: Shape) -> Iterator[tuple[str, Projection]]:
    """The projection with its windows or channels in the wrong place."""
    weights = projection.weights
    if projection.kind in ("dense", "sparse"):
        if weights.shape[1] > 1:
            yield "sources moved by one", replace(projection, weights=np.roll(weights, 1, 1))
        return
    space = tuple(range(weights.ndim - len(source) + 1, weights.ndim))
    if projection.kind != "sum-pool":
        yield "kernel turned around", replace(projection, weights=np.flip(weights, space))
        if len(space) == 2 and weights.shape[-1] == weights.shape[-2]:
            yield "kernel transposed", replace(projection, weights=np.swapaxes(weights, -1, -2))
        if weights.shape[1] > 1:
            yield "channels of the source moved by one", replace(projection, weights=np.roll(weights, 1, 1))
        if weights.shape[0] > 1:
            yield "channels of the target moved by one", replace(projection, weights=np.roll(weights, 1, 0))
    padding = projection.padding[: len(space)]
    yield "windows one element further", replace(projection, padding=tuple(p - 1 for p in padding))
    yield "windows one element earlier", replace(projection, padding=tuple(p + 1 for p in padding))
