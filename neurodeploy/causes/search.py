"""The search for what is wrong with one node: many changes on its first neuron, what is left on more and more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import log2
from time import process_time

import numpy as np

from neurodeploy.causes.hypothesis import HEALTHY, Hypothesis
from neurodeploy.causes.loads import load_hypotheses
from neurodeploy.causes.neurons import neuron_hypotheses
from neurodeploy.causes.observed import IntArray, Mask, Observed
from neurodeploy.causes.orders import orders
from neurodeploy.causes.parts import parts
from neurodeploy.causes.paths import path_hypotheses
from neurodeploy.causes.replay import explained
from neurodeploy.causes.rests import rest_hypotheses
from neurodeploy.causes.rules import rule_hypotheses
from neurodeploy.causes.solved import constant_hypotheses, upsets
from neurodeploy.causes.synapses import synapse_hypotheses
from neurodeploy.causes.tables import table_hypotheses
from neurodeploy.causes.updates import update_hypotheses
from neurodeploy.causes.values import Cause, Culprit, Stage, Term
from neurodeploy.causes.view import View
from neurodeploy.causes.weights import weight_hypotheses
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry

LOOKED_AT = 24
"""Neurons that differ, and as many that do not, on which every change that explains the first one is tried."""
PLACES = 3
"""Neurons that are named."""
AT_A_TIME, WORDS = 256, 1 << 22
"""Tables of weights that are held at once, and their words."""
LOCAL: frozenset[Term] = frozenset(
    {"threshold", "bias", "current decay", "membrane decay", "initial state", "stuck", "reset", "clamp", "latency"}
)
"""Terms that can be wrong in some neurons and right in others."""
ALONE = 24
"""Neurons that may be wrong alone though they have no line of the map, and no end of the list, in common."""
SECONDS = 10.0


def find_cause(program: Program, name: str, observed: Observed, seconds: float = SECONDS) -> Culprit:
    """What is wrong with the node ``name``; the search ends after some ``seconds`` of processor time."""
    return _Search(program, name, observed, process_time() + seconds).culprit()


class _Search:
    def __init__(self, program: Program, name: str, observed: Observed, until: float) -> None:
        self.program, self.name, self.observed, self.until = program, name, observed, until
        self.population = program.by_name[name]
        lead = observed.different.shape[:2]
        self.flat = observed.different.reshape(*lead, -1)
        self.guilty = _by_first(self.flat)
        innocent = np.setdiff1d(np.arange(self.population.size), self.guilty)
        some = innocent[np.linspace(0, len(innocent) - 1, min(LOOKED_AT, len(innocent))).astype(int)]
        self.neurons = np.concatenate([self.guilty[:LOOKED_AT], some.astype(np.int64)])
        self.tried = 0

    def culprit(self) -> Culprit:
        shape, found = self.population.shape, tuple[Cause, ...]()
        note = "it was not searched for" if process_time() >= self.until else self._unfit()
        if not note:
            found = _ranked((*orders(self.observed, self.guilty), *self._changes()))
            note = "the search was ended" if not found and process_time() > self.until else ""
        places = [np.unravel_index(int(neuron), shape) for neuron in self.guilty[:PLACES]]
        cells = len(self.neurons) * self.flat.shape[0] * self.flat.shape[1]
        return Culprit(
            self.name,
            stage_of(self.observed),
            len(self.guilty),
            self.population.size,
            tuple(tuple(map(int, place)) for place in places),
            found,
            self.tried,
            cells,
            note,
        )

    def _unfit(self) -> str:
        """Why there is nothing to search in: records that are no integers, or a node that cannot run alone."""
        entry = self.observed.actual
        for array in (entry.output, entry.v, entry.u):
            if array is not None and array.dtype.kind not in "biu" and not np.array_equal(array, np.rint(array)):
                return "its record holds numbers that are no integers"
        if entry.scale != self.observed.arrived.scale:
            return f"its outputs have the scale {entry.scale}, not {self.observed.arrived.scale}"
        view = self._view(self.observed.arrived, self.neurons)
        if view.skip and not view.states:
            return "it recorded no states, and the difference lies too late in the run to start from its beginning"
        return "" if bool(explained(view, [HEALTHY])[0]) else "the node cannot be run alone"

    def _view(self, entry: Entry, neurons: IntArray) -> View:
        same = entry.state_scale == self.observed.arrived.state_scale
        recorded = entry if same else entry.outputs()
        return View.of(self.program, self.name, neurons, self.observed.sent, recorded, self.observed.skip)

    def _changes(self) -> list[Cause]:
        view = self._view(self.observed.actual, self.neurons)
        first = view.only(np.array([0]))
        stop = int(self.flat[:, :, self.guilty[0]].any(axis=0).argmax()) + 1
        left = [hypothesis for batch in self._batches(first, stop) for hypothesis in self._filtered(first, batch, stop)]
        left = self._filtered(first, left)
        if process_time() < self.until:
            left += weight_hypotheses(first, stop)
        everywhere = self._filtered(view, left)
        causes = [_cause(hypothesis) for hypothesis in everywhere]
        if not any(hypothesis.bits < log2(1 + self.population.size) for hypothesis in everywhere):
            causes += self._local(left)
        if len(self.guilty) == 1:
            causes += upsets(view)
        if not causes and process_time() < self.until:
            causes += [_cause(hypothesis) for hypothesis in self._filtered(view, list(table_hypotheses(view)))]
        return causes

    def _batches(self, first: View, stop: int) -> Iterator[list[Hypothesis]]:
        """All that is tried on the first neuron; copies of weights a few at a time, for a table may be large."""
        population, numerics = self.population, self.program.numerics
        listed = [*neuron_hypotheses(population, numerics), *update_hypotheses(population, numerics)]
        listed += rule_hypotheses(population, numerics, first.received()[:, :stop])
        listed += rest_hypotheses(population, numerics, stop)
        listed += synapse_hypotheses(self.program, self.name, int(self.guilty[0]))
        listed += constant_hypotheses(first)
        listed += path_hypotheses(self.program, self.name, int(self.guilty[0]), self.flat.shape[:2], stop)
        loads = load_hypotheses(self.program, self.name)
        largest = max((p.weights.size for p in self.program.into(self.name)), default=1)
        while listed and process_time() <= self.until:
            self.tried += len(listed)
            yield listed
            listed = list(islice(loads, max(1, min(AT_A_TIME, WORDS // max(1, largest)))))

    def _filtered(self, view: View, hypotheses: Sequence[Hypothesis], stop: int | None = None) -> list[Hypothesis]:
        if not hypotheses or process_time() > self.until:
            return []
        kept = explained(view, hypotheses, stop)
        return [hypothesis for hypothesis, keep in zip(hypotheses, kept, strict=True) if keep]

    def _local(self, left: Iterable[Hypothesis]) -> list[Cause]:
        """Changes of some neurons alone: a line of the map, an end of the list, or those that differ."""
        local = [h for h in left if (h.term in LOCAL if h.synapses is None else h.synapses.parts)]
        for words, bits, neurons in parts(self.population.shape, self.guilty):
            if bits is None and len(self.guilty) > ALONE:
                continue
            some = np.concatenate([self.guilty[:LOOKED_AT], np.setdiff1d(neurons, self.guilty)[:LOOKED_AT]])
            alike = self._filtered(self._view(self.observed.actual, some), local)
            cost = len(self.guilty) * log2(1 + self.population.size) if bits is None else bits
            if alike:
                return [replace(_cause(h), change=f"{h.change}, in {words} only", bits=h.bits + cost) for h in alike]
        return []


def _cause(hypothesis: Hypothesis) -> Cause:
    return Cause(hypothesis.term, hypothesis.change, hypothesis.bits)


def _ranked(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """The simplest cause of every term, with the count of its like, the simplest term first."""
    terms: dict[Term, list[Cause]] = {}
    for cause in causes:
        terms.setdefault(cause.term, []).append(cause)
    best = [replace(min(group, key=lambda cause: cause.bits), values=len(group)) for group in terms.values()]
    return tuple(sorted(best, key=lambda cause: cause.bits))


def _by_first(different: Mask) -> IntArray:
    """Neurons that differ, those that do so first before the others."""
    steps: Mask = np.any(different, axis=0)
    neurons = np.flatnonzero(np.any(steps, axis=0))
    return neurons[np.argsort(steps[:, neurons].argmax(axis=0), kind="stable")]


def stage_of(observed: Observed) -> Stage:
    """Where in its update the node first goes wrong."""
    ours, theirs = observed.arrived, observed.actual
    if theirs.v is None or theirs.u is None or ours.v is None or ours.u is None or ours.v_before is None:
        return "output"
    t = int(observed.different.any(axis=(0, *range(2, observed.different.ndim))).argmax())
    if (ours.u[:, t] != theirs.u[:, t]).any():
        return "current"
    if (ours.output[:, t] != theirs.output[:, t]).any():
        return "decision"
    held = (ours.v[:, t] != theirs.v[:, t]) & (ours.output[:, t] == 0)
    return "membrane" if bool(np.any(held)) else "reset"
