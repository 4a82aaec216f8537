"""A connection as the counts see it: the weights a message meets, in a program or a float network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.operations import fan_out
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Connection:
    """Weights between two nodes.

    - ``reaches``, ``dense``: how many weights that are not 0, and how many at all, a message of each source neuron
      meets, by its place in the flattened source.
    - ``delay``: steps between a message and its arrival.
    """

    name: str
    kind: str
    weights: int
    zero_weights: int
    footprint: int
    reaches: IntArray
    dense: int
    delay: int
    counted: bool


def connection(name: str, projection: Projection, source: tuple[int, ...], footprint: int, counted: bool) -> Connection:
    """The connection that a projection makes of a source of a shape; of its weights only counts which are 0."""
    every = replace(projection, weights=np.ones_like(projection.weights))
    return Connection(
        name,
        projection.kind,
        projection.weights.size,
        int(np.count_nonzero(projection.weights == 0)),
        footprint,
        fan_out(projection, source).reshape(-1),
        int(fan_out(every, source).sum()),
        projection.delay,
        counted,
    )
