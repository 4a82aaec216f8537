"""A part of a run on one side: some samples, some steps, and what was sent in the steps just before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.compare import Cell, Mask, first_cell
from neurodeploy.trace import Trace

Array = NDArray[Any]


@dataclass(frozen=True)
class Place:
    """Where a block lies in a run: the sample and the step of its first cell."""

    sample: int = 0
    step: int = 0

    def cell(self, different: Mask) -> Cell | None:
        """(step, sample, neuron...) in the run of a mask's first cell, in that precedence; None where it has none."""
        first = first_cell(different)
        return None if first is None else (first[0] + self.step, first[1] + self.sample, *first[2:])


@dataclass(frozen=True, eq=False)
class Block:
    """The trace of a part of a run, and where it lies.

    ``past``: what every node sent in the steps just before, ``(B, steps, *shape)``; without it, nothing was sent.
    """

    trace: Trace
    place: Place = field(default_factory=Place)
    past: Mapping[str, Array] = field(default_factory=dict[str, Array])

    def sent(self, node: str, sample: int, step: int) -> Array | None:
        """What a node sent in a step of the run, ``shape``; None where the block does not reach that far back."""
        local, row = step - self.place.step, sample - self.place.sample
        if local >= 0:
            return self.trace[node].output[row, local]
        line = self.past.get(node)
        return None if step < 0 or line is None or line.shape[1] < -local else line[row, local]

    def holds(self, sample: int, step: int) -> bool:
        """Whether it has that sample and step of the run."""
        row, local = sample - self.place.sample, step - self.place.step
        return 0 <= row < self.trace.batch and 0 <= local < self.trace.steps


class Past:
    """Keeps the outputs of the last steps of a run while it goes on, block by block."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._lines: dict[str, Array] = {}

    def block(self, trace: Trace, place: Place) -> Block:
        """The next block; from now on its end is the past."""
        block = Block(trace, place, dict(self._lines))
        for name, entry in trace.entries.items() if self._steps else ():
            last = self._lines.get(name)
            line = entry.output if last is None else np.concatenate([last, entry.output], axis=1)
            self._lines[name] = line[:, -self._steps :].copy()
        return block
