"""The synapses of some neurons of a population, written out as rows, and the same as wrong windows would read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import taps
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
    if projection.kind in ("dense", "sparse"):
        rows = projection.weights[neurons]
        named = {"": rows, "sources moved by one": np.roll(rows, 1, 1)}
        columns = np.flatnonzero(np.any([matrix.any(axis=0) for matrix in named.values()], axis=0))
        named = {words: matrix[:, columns] for words, matrix in named.items()}
    else:
        columns, named = _windows(projection, source, target, neurons)
    right = named.pop("")
    return Fan(projection, columns, right, {words: wrong for words, wrong in named.items() if np.any(wrong != right)})


def _windows(
    projection: Projection, source: Shape, target: Shape, neurons: IntArray
) -> tuple[IntArray, dict[str, IntArray]]:
    """The columns, and the rows by mistake; the right ones by an empty name."""
    space, padding = len(source) - 1, projection.padding[: len(source) - 1]
    right, further, earlier = (
        taps(replace(projection, padding=tuple(p + by for p in padding)), source, target, neurons) for by in (0, -1, 1)
    )
    read = np.zeros(1 + int(np.prod(source)), np.bool_)
    for lines, _ in (right, further, earlier):
        read[lines] = True
    read[0] = False
    column, columns = np.cumsum(read), np.flatnonzero(read) - 1

    def rows(taken: tuple[IntArray, IntArray], weights: IntArray) -> IntArray:
        lines, places = taken
        placed = np.zeros((len(neurons), 1 + len(columns)), np.int64)
        placed[np.arange(len(neurons))[:, None], column[lines]] = weights.reshape(-1)[places]
        return placed[:, 1:]

    named = {words: rows(right, weights) for words, weights in _mistaken(projection, space).items()}
    named["windows one element further"] = rows(further, projection.weights)
    named["windows one element earlier"] = rows(earlier, projection.weights)
    return columns, named


def _mistaken(projection: Projection, space: int) -> dict[str, IntArray]:
    """The weights of windows over ``space`` axes in the wrong place; the right ones by an empty name."""
    weights = projection.weights
    named = {"": weights}
    if projection.kind == "sum-pool":
        return named
    named["kernel turned around"] = np.flip(weights, (*range(-space, 0),))
    if space == 2 and weights.shape[-1] == weights.shape[-2]:
        named["kernel transposed"] = np.swapaxes(weights, -1, -2)
    if weights.shape[1] > 1:
        named["channels of the source moved by one"] = np.roll(weights, 1, 1)
    if weights.shape[0] > 1:
        named["channels of the target moved by one"] = np.roll(weights, 1, 0)
    return named
