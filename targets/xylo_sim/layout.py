"""Where a Program's nodes lie on Xylo: input channels, hidden neurons and output neurons, each counted in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program import Population, Program, Projection
from neurodeploy.program.pipelined import pipelined_latencies

IntArray = NDArray[np.int64]
INPUT, RECURRENT, OUTPUT = "in", "rec", "out"


@dataclass(frozen=True, eq=False)
class Layout:
    """A Program on the chip.

    A population is of output neurons where it feeds nothing, no input feeds it and it sends at most one spike; all
    others are hidden neurons.
    """

    program: Program

    @cached_property
    def output(self) -> tuple[Population, ...]:
        """Populations of output neurons."""
        feeding = {p.source for p in self.program.projections}
        fed = {p.target for p in self.program.projections if p.source in self.program.input_by_name}
        inner = feeding | fed
        return tuple(p for p in self.program.populations if p.name not in inner and p.max_spikes_per_step == 1)

    @cached_property
    def hidden(self) -> tuple[Population, ...]:
        """Populations of hidden neurons."""
        names = {p.name for p in self.output}
        return tuple(p for p in self.program.populations if p.name not in names)

    @cached_property
    def first(self) -> Mapping[str, int]:
        """The number of each node's first channel or neuron, among those of its kind."""
        numbers: dict[str, int] = {}
        for nodes in (self.program.inputs, self.hidden, self.output):
            count = 0
            for node in nodes:
                numbers[node.name] = count
                count += node.size
        return numbers

    @cached_property
    def late(self) -> Mapping[str, int]:
        """By how many steps each node acts late."""
        return pipelined_latencies(self.program)[0]

    @property
    def sizes(self) -> dict[str, int]:
        """How many channels and neurons there are, by the kind of weights that end there."""
        nodes = {INPUT: self.program.inputs, RECURRENT: self.hidden, OUTPUT: self.output}
        return {kind: sum(node.size for node in group) for kind, group in nodes.items()}

    def kind(self, projection: Projection) -> str:
        """Which of the chip's three weight matrices holds a projection."""
        if projection.source in self.program.input_by_name:
            return INPUT
        return OUTPUT if projection.target in {p.name for p in self.output} else RECURRENT

    def weights(self, kind: str) -> IntArray:
        """One of the chip's weight matrices, ``(sources, targets)``."""
        sizes = self.sizes
        rows = sizes[INPUT if kind == INPUT else RECURRENT]
        matrix = np.zeros((rows, sizes[OUTPUT if kind == OUTPUT else RECURRENT]), np.int64)
        for p in self.program.projections:
            if self.kind(p) == kind:
                source, target = self.first[p.source], self.first[p.target]
                matrix[source : source + p.weights.shape[1], target : target + p.weights.shape[0]] += p.weights.T
        return matrix
