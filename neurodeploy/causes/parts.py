"""Which neurons may share a fault while others are right: lines of the map, ends of the list, or these alone."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2, prod

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Part = tuple[str, float | None, IntArray]
"""In words; bits that it takes to say which part it is, None where every neuron has to be said; its neurons, flat."""


def parts(shape: tuple[int, ...], guilty: IntArray) -> Iterator[Part]:
    """The parts of a map that hold all neurons that differ, flat indices, the simplest first.

    A neuron of a part that does not differ must be as it is under the fault too, so that a part is a claim about all.
    """
    size = prod(shape)
    index = np.arange(size).reshape(shape)
    where = np.unravel_index(guilty, shape)
    for axis, places in enumerate(where) if len(shape) > 1 else ():
        if (places == places[0]).all():
            place = int(places[0])
            yield f"place {place} of axis {axis}", log2(sum(shape)), index.take(place, axis).ravel()
    first, last = int(guilty.min()), int(guilty.max())
    if len(guilty) > 1:
        yield f"neurons from {first} on", log2(2 * size), np.arange(first, size)
        yield f"neurons up to {last}", log2(2 * size), np.arange(last + 1)
    words = "this neuron" if len(guilty) == 1 else "these neurons"
    yield words, None, np.sort(guilty)
