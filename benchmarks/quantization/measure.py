"""How much of a network a program keeps: worst-layer Jaccard index, cascaded and isolated, and accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.quantization.networks import Trained
from neurodeploy.engine.run import run_compiled
from neurodeploy.program import Program
from neurodeploy.rasters import jaccard
from neurodeploy.reference.network_runner import run_network
from neurodeploy.trace import Entry, Trace

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Accuracy:
    """The share of labels that spike counts give.

    - ``shared``: where several classes sent most, a sample counts as the share of it that the right one has. Their
      order decides nothing then; in few steps, ties are as frequent as what rounding changes.
    - ``first``: the first of those classes counts.
    """

    shared: float
    first: float

    @staticmethod
    def of(counts: Array, labels: NDArray[np.int64]) -> Accuracy:
        """Of counts ``(samples, classes)``."""
        most = counts == counts.max(axis=1, keepdims=True)
        right = most[np.arange(len(counts)), labels] / most.sum(axis=1)
        return Accuracy(float(right.mean()), float((counts.argmax(axis=1) == labels).mean()))


@dataclass(frozen=True)
class Kept:
    """What a program keeps of the network on samples that nothing was chosen on.

    - ``cascaded``, ``isolated``: Jaccard index of each spiking node; isolated where every node is fed what the network
      sent to it.
    - ``accuracy``: of the output's spike counts.
    """

    cascaded: dict[str, float]
    isolated: dict[str, float]
    accuracy: Accuracy

    @property
    def worst(self) -> float:
        """The smallest index of a node."""
        return min(self.cascaded.values())

    @property
    def worst_isolated(self) -> float:
        """The smallest index of a node that is fed what the network sent to it."""
        return min(self.isolated.values())


@dataclass(frozen=True, eq=False)
class Bench:
    """A trained network with its own trace of the held-out samples."""

    trained: Trained
    network: Trace

    @staticmethod
    def of(trained: Trained) -> Bench:
        """Runs the network once."""
        return Bench(trained, run_network(trained.network, trained.held_out))

    @property
    def accuracy(self) -> Accuracy:
        """Of the network itself."""
        return self._accuracy(self.network)

    def kept(self, program: Program) -> Kept:
        """Runs the program, as it is and with every node fed what the network sent, by the compiled engine."""
        shown = self.trained.held_out
        cascaded = run_compiled(program, shown)
        isolated = run_compiled(program, shown, drive=_as_integers(program, self.network))
        return Kept(self._indices(program, cascaded), self._indices(program, isolated), self._accuracy(cascaded))

    def _indices(self, program: Program, trace: Trace) -> dict[str, float]:
        spiking = [name for name, entry in self.network.entries.items() if name in program.by_name and not entry.graded]
        return {name: jaccard(self.network[name].values, trace[name].values) for name in spiking}

    def _accuracy(self, trace: Trace) -> Accuracy:
        return Accuracy.of(trace[self.trained.output].values.sum(axis=1), self.trained.labels)


def _as_integers(program: Program, trace: Trace) -> Trace:
    """The network's messages as the program's integers."""
    entries = {}
    for name in [entry.name for entry in (*program.inputs, *program.populations) if entry.name in trace.entries]:
        output = program.node(name).output
        integers = np.clip(np.rint(trace[name].values * 2.0**output.scale), output.low, output.high)
        entries[name] = Entry(integers.astype(np.int64), trace[name].graded, output.scale)
    return Trace(entries)
