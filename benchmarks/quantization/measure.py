"""How much of a network a program keeps: worst-layer Jaccard index, cascaded and isolated, and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quantization.networks import COMPARED, Shown, Trained
from neurodeploy.engine.run import run_compiled
from neurodeploy.errors import UnavailableError
from neurodeploy.floats.kernels import kernels
from neurodeploy.floats.run import NetworkRun
from neurodeploy.program import Program
from neurodeploy.rasters import jaccard
from neurodeploy.reference.network_runner import run_network
from neurodeploy.trace import Entry, Trace

Array = NDArray[np.float64]
POINTS = 100


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
        """Of counts ``(N, classes)``."""
        return Accuracy(float(right(counts, labels).mean()), float(first_right(counts, labels).mean()))


def first_right(counts: Array, labels: NDArray[np.int64]) -> Array:
    """Whether the first class that sent most is the right one ``(N,)``, of counts ``(N, classes)``."""
    return (counts.argmax(axis=1) == labels).astype(np.float64)


def right(counts: Array, labels: NDArray[np.int64]) -> Array:
    """The share ``(N,)`` that the right class has of those that sent most, of counts ``(N, classes)``."""
    most = counts == counts.max(axis=1, keepdims=True)
    return most[np.arange(len(counts)), labels] / most.sum(axis=1)


@dataclass(frozen=True)
class Loss:
    """What accuracy loses, in points of a hundred, and its standard ``error``: 0 where no presentation differs."""

    points: float
    error: float

    @staticmethod
    def of(before: Array, after: Array, samples: NDArray[np.int64]) -> Loss:
        """Of how right each presentation was ``(N,)`` before and after, and which sample it showed.

        Presentations are paired, and those of one sample depend on each other: the error is that of a ratio of sums
        over samples, ``sqrt(C / (C - 1) * sum_c(sum_i(d_ci - mean))**2) / N`` with C samples (Cochran, Sampling
        Techniques, 3rd edition, section 9A.2, without the correction for finite populations).
        """
        lost = before - after
        mean = lost.mean()
        _, which = np.unique(samples, return_inverse=True)
        sums = np.bincount(which, lost - mean)
        count = len(sums)
        error = np.sqrt(count / max(count - 1, 1) * (sums**2).sum()) / len(lost)
        return Loss(float(POINTS * mean), float(POINTS * error))


@dataclass(frozen=True)
class Kept:
    """What a program keeps of the network on samples that nothing was chosen on.

    - ``cascaded``, ``isolated``: Jaccard index of each spiking node; isolated where every node is fed what the network
      sent to it.
    - ``loss``: what accuracy of the output's spike counts loses beside the network, in the presentations that it saw.
    - ``accuracy``: the network's in all presentations less that, so that programs which saw fewer compare.
    """

    cascaded: dict[str, float]
    isolated: dict[str, float]
    accuracy: Accuracy
    loss: Loss

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
    """A trained network with what it does itself.

    ``compared``: the samples on which spikes are compared; ``network``: its trace of them.
    """

    trained: Trained
    compared: Shown
    network: Trace

    @staticmethod
    def of(trained: Trained) -> Bench:
        """Runs the network once."""
        compared = trained.held_out.first(COMPARED).as_floats()
        return Bench(trained, compared, run_network(trained.network, compared.stimulus))

    @cached_property
    def counts(self) -> Array:
        """The network's spikes ``(N, classes)`` in every presentation, by the kernels that equal ``run_network``."""
        library = kernels()
        if library is None:
            raise UnavailableError("there is no C compiler", "quantization", "install one, such as gcc")
        return np.concatenate([self._counted(library, chunk) for chunk in self.trained.held_out.chunks()])

    def _counted(self, library: Any, chunk: dict[str, NDArray[Any]]) -> Array:
        samples = len(next(iter(chunk.values())))
        return _sums(NetworkRun(self.trained.network, samples, library).feed(chunk), self.trained.output)

    @property
    def accuracy(self) -> Accuracy:
        """Of the network itself."""
        return Accuracy.of(self.counts, self.trained.held_out.labels)

    def kept(self, program: Program, shown: Shown | None = None) -> Kept:
        """Runs the program, as it is and with every node fed what the network sent, by the compiled engine.

        ``shown``: the first of the presentations, on which accuracy is measured (default: all of them).
        """
        stimulus, output, shown = self.compared.stimulus, self.trained.output, shown or self.trained.held_out
        cascaded = run_compiled(program, stimulus, threads=1)
        isolated = run_compiled(program, stimulus, drive=_as_integers(program, self.network), threads=1)
        runs = (run_compiled(program, chunk, threads=1, record=[output]) for chunk in shown.chunks())
        counts, before = np.concatenate([_sums(trace, output) for trace in runs]), self.counts[: len(shown.labels)]
        loss = Loss.of(right(before, shown.labels), right(counts, shown.labels), shown.samples)
        first = (first_right(before, shown.labels) - first_right(counts, shown.labels)).mean()
        accuracy = Accuracy(self.accuracy.shared - loss.points / POINTS, self.accuracy.first - float(first))
        return Kept(self._indices(program, cascaded), self._indices(program, isolated), accuracy, loss)

    def _indices(self, program: Program, trace: Trace) -> dict[str, float]:
        spiking = [name for name, entry in self.network.entries.items() if name in program.by_name and not entry.graded]
        return {name: jaccard(self.network[name].values, trace[name].values) for name in spiking}


def _sums(trace: Trace, output: str) -> Array:
    return trace[output].values.sum(axis=1, dtype=np.float64)


def _as_integers(program: Program, trace: Trace) -> Trace:
    """The network's messages as the program's integers."""
    entries = {}
    for name in [entry.name for entry in (*program.inputs, *program.populations) if entry.name in trace.entries]:
        output = program.node(name).output
        integers = np.clip(np.rint(trace[name].values * 2.0**output.scale), output.low, output.high)
        entries[name] = Entry(integers.astype(np.int64), trace[name].graded, output.scale)
    return Trace(entries)
