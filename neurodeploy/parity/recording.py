"""What a check keeps of its runs to be looked at: some neurons of every node, in a window of steps, on every rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class RungRecord:
    """What some neurons of a node did on one rung.

    - ``output``: ``(neurons, steps)``: spikes, or real values after scaling.
    - ``membrane``: the same at the end of the step, after the reset, in the rung's own numbers: integers, or real
      values of the network; None where the rung records none. ``unit``: how many of them make 1 in the unit of the
      network, ``(neurons,)``.
    - ``sent``: by step, how many of *all* neurons of the node sent something. ``differing``: how many of all sent
      something else than on the rung before; None where there is none before, or values are real.
    """

    output: Array
    membrane: Array | None
    unit: Array
    sent: NDArray[np.int64]
    differing: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class NodeRecord:
    """What was kept of one node.

    - ``shape``: of the node. ``neurons``: flat indices of those that were kept, ascending.
    - ``since``: the step of the window from which on each of them is recorded: one that was chosen because it differs
      is recorded from the block of steps in which it first did.
    - ``threshold``: in the unit of the network, ``(neurons,)``; None where nothing is compared.
    - ``rungs``: by name, from the source up.
    """

    shape: tuple[int, ...]
    graded: bool
    neurons: NDArray[np.int64]
    since: NDArray[np.int64]
    threshold: Array | None
    rungs: Mapping[str, RungRecord]

    @property
    def complete(self) -> bool:
        """Whether all neurons of the node were kept."""
        return len(self.neurons) == int(np.prod(self.shape))

    def row(self, neuron: tuple[int, ...]) -> int | None:
        """The row of a neuron; None where it was not kept."""
        if len(neuron) != len(self.shape) or any(i >= n for i, n in zip(neuron, self.shape, strict=True)):
            return None
        place = int(np.ravel_multi_index(neuron, self.shape))
        row = int(np.searchsorted(self.neurons, place))
        return row if row < len(self.neurons) and self.neurons[row] == place else None


@dataclass(frozen=True, eq=False)
class Window:
    """Some steps of one sample: ``nodes`` by name, in the order of the network."""

    sample: int
    start: int
    steps: int
    nodes: Mapping[str, NodeRecord]


@dataclass(frozen=True, eq=False)
class Recording:
    """What was kept of a check: the first steps of the first sample and, where it lies elsewhere, a first divergence.

    ``before``: by rung, the one that it is compared with.
    """

    windows: tuple[Window, ...]
    before: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def rungs(self) -> tuple[str, ...]:
        """All rungs, from the source up."""
        nodes = [record for window in self.windows for record in window.nodes.values()]
        return tuple(dict.fromkeys(rung for record in nodes for rung in record.rungs))

    def window_of(self, sample: int, step: int) -> int | None:
        """The number of the window that holds a step of a sample; None where none does."""
        for number, window in enumerate(self.windows):
            if window.sample == sample and window.start <= step < window.start + window.steps:
                return number
        return None
