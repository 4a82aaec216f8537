"""Keeps a small part of a check's runs while they go on, in memory that does not grow with steps or neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodeploy.counting.lying import channels_last, lying
from neurodeploy.integers import narrowed
from neurodeploy.parity.block import Place
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import Mask, differing, is_nowhere, nowhere
from neurodeploy.parity.plan import Plan
from neurodeploy.parity.recording import Array, NodeRecord, Recording, RungRecord, Window
from neurodeploy.parity.rung import Divergence
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry, Trace

KEPT = 1 << 18
"""Neurons times steps that the first window keeps on every rung; others keep a quarter."""
STEPS = 1024
"""Steps of the first window; others have a quarter."""
FEWEST, MOST = 8, 1024
"""Neurons that are kept of a node."""
FIRST = "source", "network", "program"
Traces = Mapping[str, Trace]


class Recorder:
    """Keeps windows of a check as its blocks pass.

    Of every node all neurons are kept, or as many as there is room for: half of them evenly spaced, the others as they
    come to differ between rungs.
    """

    def __init__(self, program: Program, plan: Plan) -> None:
        self._program, self._plan = program, plan
        self._first = _Window(program, 0, 0, min(plan.steps, STEPS), KEPT)
        self._others: dict[str, tuple[Divergence, _Window | None]] = {}

    def add(
        self, traces: Traces, place: Place, firsts: Mapping[str, Divergence | None], known: Known | None = None
    ) -> None:
        """Keep what belongs to a window.

        ``firsts``: the first divergences so far, by the kind of rung; ``known``: what is known of the block.
        """
        facts = Known() if known is None else known
        for kind, first in firsts.items():
            earlier = self._others.get(kind)
            if first is not None and (earlier is None or first != earlier[0]):
                self._others[kind] = first, self._opened(first, traces, place)
        for window in self._windows:
            window.add(traces, place, facts)

    def _opened(self, first: Divergence, traces: Traces, place: Place) -> _Window | None:
        """A window around a divergence of this block; None where another one holds it."""
        if any(window.holds(first.sample, first.step) for window in self._windows):
            return None
        steps = min(self._plan.steps - place.step, STEPS // 4)
        start = max(place.step, min(first.step - steps // 2, place.step + _steps(traces) - 1))
        return _Window(self._program, first.sample, start, min(steps, self._plan.steps - start), KEPT // 4)

    @property
    def _windows(self) -> list[_Window]:
        return [self._first, *(window for _, window in self._others.values() if window is not None)]

    def recording(self) -> Recording:
        """What was kept."""
        rungs = tuple(self._first.rungs)
        return Recording(tuple(window.value() for window in self._windows), before_of(rungs))


def before_of(rungs: tuple[str, ...]) -> dict[str, str]:
    """By rung, the one that it is compared with: source, network and program follow each other, targets the program."""
    lower = [rung for rung in FIRST if rung in rungs]
    pairs = dict(zip(lower[1:], lower, strict=False))
    return pairs | {rung: "program" for rung in rungs if rung not in FIRST}


def _steps(traces: Traces) -> int:
    return next(iter(traces.values())).steps


class _Window:
    """One window while its blocks pass."""

    def __init__(self, program: Program, sample: int, start: int, steps: int, room: int) -> None:
        self.sample, self.start, self.steps = sample, start, steps
        populations = program.populations
        most = max(FEWEST, min(MOST, room // max(1, len(populations) * steps)))
        self._nodes = {node.name: _Node(program, node, most) for node in populations}
        self.rungs: dict[str, None] = {}
        self._seen = 0

    def holds(self, sample: int, step: int) -> bool:
        return sample == self.sample and self.start <= step < self.start + self.steps

    def add(self, traces: Traces, place: Place, known: Known) -> None:
        row, skipped = self.sample - place.sample, self.start + self._seen - place.step
        steps = min(_steps(traces) - skipped, self.steps - self._seen)
        if not 0 <= row < next(iter(traces.values())).batch or skipped < 0 or steps <= 0:
            return
        self.rungs |= dict.fromkeys(traces)
        before = before_of(tuple(traces))
        part = _Part(row, slice(skipped, skipped + steps), known)
        for name, node in self._nodes.items():
            entries = {rung: trace[name] for rung, trace in traces.items() if name in trace.entries}
            node.add(entries, part, before, self._seen)
        self._seen += steps

    def value(self) -> Window:
        return Window(self.sample, self.start, self._seen, {name: node.value() for name, node in self._nodes.items()})


class _Part(NamedTuple):
    """Some steps of one sample of a block."""

    row: int
    steps: slice
    known: Known

    def of(self, array: Array) -> Array:
        """``(B, T, *shape)`` as ``(steps, neurons)``."""
        cut = array[self.row, self.steps]
        return cut.reshape(len(cut), -1)

    def sent(self, entry: Entry) -> NDArray[np.int64]:
        """How many neurons sent something, by step."""
        return self.known.sent(entry.output).steps[self.row, self.steps]

    def differing(self, first: Entry, second: Entry) -> Mask:
        """Where two records differ, ``(steps, neurons)``: real values after scaling, spikes as they are."""
        if first.graded == second.graded and (not first.graded or first.scale == second.scale):
            mask = self.known.different(first.output, second.output)
            cells = self.steps.stop - self.steps.start, prod(mask.shape[2:])
            return nowhere(cells) if is_nowhere(mask) else self.of(mask)
        return differing(*(self.of(_values(entry)) for entry in (first, second)))


class _Kept(NamedTuple):
    """What ``RungRecord`` holds, of one block."""

    output: Array
    membrane: Array | None
    sent: NDArray[np.int64]
    differing: NDArray[np.int64] | None


class _Node:
    """The neurons of one node that are kept, block by block."""

    def __init__(self, program: Program, population: Population, most: int) -> None:
        self._program, self._population = program, population
        self._size = population.size
        even = min(self._size, most if self._size <= most else most // 2)
        self._neurons = np.unique(np.linspace(0, self._size - 1, even).astype(np.int64))
        self._since = np.zeros(len(self._neurons), np.int64)
        self._room = min(self._size, most) - len(self._neurons)
        self._graded = False
        self._lying: NDArray[np.int64] | None = None
        self._parts: dict[str, list[_Kept]] = {}
        self._units: dict[str, Array] = {}

    def add(self, entries: Mapping[str, Entry], part: _Part, before: Mapping[str, str], step: int) -> None:
        self._graded |= any(entry.graded for entry in entries.values())
        differ: dict[str, Mask] = {}
        for rung, entry in entries.items():
            other = before.get(rung)
            if other is not None and other in entries and (rung not in FIRST or not self._graded):
                differ[rung] = part.differing(entry, entries[other])
        self._choose({rung: different for rung, different in differ.items() if not is_nowhere(different)}, step)
        for rung, entry in entries.items():
            counts = None if rung not in differ else _by_step(differ[rung])
            if rung not in self._units:
                self._units[rung] = 2.0**entry.state_scale * np.asarray(entry.state_unit)
            self._parts.setdefault(rung, []).append(self._kept(entry, part, counts))

    def _choose(self, differ: Mapping[str, NDArray[np.bool_]], step: int) -> None:
        """Keep neurons that differ too, those that do first before others, while there is room for them."""
        if not self._room:
            return
        strangers = {rung: self._strangers(different) for rung, different in differ.items()}
        rungs = sorted((r for r in differ if len(strangers[r])), key=lambda rung: (rung in FIRST, rung == "program"))
        for number, rung in enumerate(rungs):
            fresh = strangers[rung][~np.isin(strangers[rung], self._neurons)]
            fresh = fresh[: self._room // (len(rungs) - number)]
            self._neurons = np.concatenate([self._neurons, fresh])
            self._since = np.concatenate([self._since, np.full(len(fresh), step, np.int64)])
            self._room -= len(fresh)
        self._lying = None

    def _strangers(self, different: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Neurons that differ and are not kept yet, by the step in which they first do."""
        found = np.setdiff1d(np.nonzero(different.any(axis=0))[0], self._neurons)
        return found[np.argsort(different[:, found].argmax(axis=0), kind="stable")]

    def _kept(self, entry: Entry, part: _Part, differing: NDArray[np.int64] | None) -> _Kept:
        membrane = None
        if entry.v is not None:
            last = channels_last(entry.v)
            membranes = lying(entry.v)[part.row, part.steps]
            membrane = narrowed(membranes.take(self._channels_last if last else self._neurons, axis=1).T.copy())
        output = part.of(entry.output).take(self._neurons, axis=1).T.copy()
        values = _values(replace(entry, output=output)) if entry.graded else output
        return _Kept(narrowed(values), membrane, part.sent(entry), differing)

    @property
    def _channels_last(self) -> NDArray[np.int64]:
        """Where the neurons lie whose channels lie last."""
        if self._lying is None:
            channels, *places = self._population.shape
            channel, place = np.divmod(self._neurons, prod(places))
            self._lying = place * channels + channel
        return self._lying

    def value(self) -> NodeRecord:
        order = np.argsort(self._neurons)
        neurons = self._neurons[order]
        rungs = {
            rung: _joined(parts, order, self._each(unit))
            for (rung, parts), unit in zip(self._parts.items(), self._units.values(), strict=True)
        }
        return NodeRecord(self._population.shape, self._graded, neurons, self._since[order], self._threshold(), rungs)

    def _threshold(self) -> Array | None:
        population = self._population
        if population.kind != "cuba-lif":
            return None
        threshold, unit = self._each(population.threshold), self._each(population.unit)
        return threshold / (2.0**population.scale * unit)

    def _each(self, value: object) -> Array:
        """One number for each of the neurons that were kept, in order."""
        full = np.broadcast_to(np.asarray(value, np.float64), self._population.shape)
        return full.reshape(-1)[np.sort(self._neurons)]


def _by_step(mask: Mask) -> NDArray[np.int64]:
    """How many cells of every step are marked; step by step, which numpy counts many times faster than by axis."""
    if is_nowhere(mask):
        return np.zeros(len(mask), np.int64)
    return np.array([np.count_nonzero(row) for row in mask], np.int64)


def _values(entry: Entry) -> Array:
    """Real values after scaling; spikes as they are."""
    return entry.values if entry.graded else entry.output


def _joined(parts: list[_Kept], order: Array, unit: Array) -> RungRecord:
    """Blocks after each other, in the order of the neurons; what was not recorded yet is 0."""

    def joined(arrays: list[Array]) -> Array:
        later = [len(order) - len(array) for array in arrays]  # neurons that were chosen after that block
        padded = [np.pad(array, ((0, n), (0, 0))) if n else array for n, array in zip(later, arrays, strict=True)]
        return np.concatenate(padded, axis=1)[order]

    membranes = [part.membrane for part in parts if part.membrane is not None]
    differing = [part.differing for part in parts if part.differing is not None]
    return RungRecord(
        joined([part.output for part in parts]),
        joined(membranes) if len(membranes) == len(parts) else None,
        unit,
        np.concatenate([part.sent for part in parts]),
        np.concatenate(differing) if len(differing) == len(parts) else None,
    )
