"""Whether a node did the right thing in the wrong place: in other neurons, or for other samples."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.values import Cause
from neurodeploy.trace import Entry

if TYPE_CHECKING:
    from neurodeploy.causes.search import Observed

Array = NDArray[Any]


def orders(observed: Observed, guilty: NDArray[np.int64]) -> Iterator[Cause]:
    """The causes of that kind. ``guilty``: neurons that differ, flat."""
    yield from _samples(observed.actual, observed.expected)
    yield from _neurons(observed.actual, observed.arrived, guilty)


def _samples(actual: Entry, expected: Entry) -> Iterator[Cause]:
    ours, theirs = ([_key(entry, sample) for sample in range(len(entry.output))] for entry in (expected, actual))
    if len(ours) > 1 and ours != theirs and sorted(ours) == sorted(theirs) and len(set(ours)) > 1:
        order = ", ".join(str(ours.index(key)) for key in theirs)
        yield Cause("samples", f"they came back in another order: {order}", 1.0)


def _key(entry: Entry, sample: int) -> bytes:
    arrays = [entry.output, *([] if entry.v is None or entry.u is None else [entry.v, entry.u])]
    return b"".join(np.ascontiguousarray(array[sample]).astype(np.int64).tobytes() for array in arrays)


def _neurons(actual: Entry, arrived: Entry, guilty: NDArray[np.int64]) -> Iterator[Cause]:
    """Neurons whose outputs are those of others, their states with them or not."""
    if len(guilty) < 2:
        return
    ours, theirs = (_columns(entry.output) for entry in (arrived, actual))
    by_output = {ours[:, j].tobytes(): j for j in guilty}
    came = {int(i): by_output.get(theirs[:, i].tobytes()) for i in guilty}
    if len(set(came.values())) != len(guilty) or None in came.values():
        return
    sources = np.array([came[int(i)] for i in guilty])
    for quantity in ("v", "u"):
        mine, their = getattr(arrived, quantity), getattr(actual, quantity)
        if mine is None or their is None:
            continue
        mine, their = _columns(mine), _columns(their)
        if not (
            np.array_equal(their[:, guilty], mine[:, sources]) or np.array_equal(their[:, guilty], mine[:, guilty])
        ):
            return
    pairs = ", ".join(f"{i} does what {j} should" for i, j in list(came.items())[:4])
    yield Cause("channels", f"neurons stand in each other's place: {pairs}", log2(max(2, ours.shape[1])))


def _columns(array: Array) -> NDArray[np.int64]:
    return array.reshape(array.shape[0] * array.shape[1], -1).astype(np.int64)
