"""The first divergence of every sample of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodeploy.parity.compare import compare_entries
from neurodeploy.parity.rung import Quantity
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace


@dataclass(frozen=True)
class First:
    """Where a sample first differs: the earliest step, in it the node nearest to the inputs, then the neuron, flat."""

    node: str
    quantity: Quantity
    step: int
    neuron: int

    def like(self, first: First | None) -> bool:
        """Whether another sample, perhaps of a smaller program, differs in the same way: same node, same quantity."""
        return first is not None and (self.node, self.quantity) == (first.node, first.quantity)


def firsts(program: Program, expected: Trace, actual: Trace) -> list[First | None]:
    """The first divergence of every sample; None where it has none."""
    best: list[First | None] = [None] * expected.batch
    for node in program.order:
        for quantity, mask in compare_entries(expected[node], actual[node]).items():
            cells = mask.reshape(*mask.shape[:2], -1)
            for sample in np.flatnonzero(cells.any(axis=(1, 2))):
                step = int(cells[sample].any(axis=1).argmax())
                first, earlier = First(node, quantity, step, int(cells[sample, step].argmax())), best[sample]
                if earlier is None or step < earlier.step:
                    best[sample] = first
    return best
