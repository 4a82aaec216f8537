"""A node run again alone under many hypotheses at once, and held against what it really did.

With states known after every step, each step is judged from the state in which the node really began it; otherwise the
node runs from its start. The update is the reference's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis
from neurodeploy.causes.view import SIZED, View
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import State, initial_state, overflow, step
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
NUMBERS = (*SIZED, "reset_value", "floor", "ceiling")
"""Fields that may differ between hypotheses that run at once."""
AT_ONCE = 1 << 20
"""Hypotheses times samples times steps times neurons that run at once."""


def explained(
    view: View, hypotheses: Sequence[Hypothesis], stop: int | None = None, received: IntArray | None = None
) -> Mask:
    """Which hypotheses give all that the neurons did, up to step ``stop``.

    ``received``: what arrives under each, ``(hypotheses, B, T, n)``, where it is known already.
    """
    whole = view.output.shape[1]
    result = np.zeros(len(hypotheses), np.bool_)
    for group in _groups(view, hypotheses):
        steps = whole if stop is None or hypotheses[group[0]].keeps_state else min(stop, whole)
        cells = max(1, view.output[:, :steps].size)
        size = max(1, AT_ONCE // cells)
        for first in range(0, len(group), size):
            part = group[first : first + size]
            known = None if received is None else received[part]
            result[part] = _run(view, [hypotheses[i] for i in part], steps, known)
    return result


def _groups(view: View, hypotheses: Sequence[Hypothesis]) -> list[list[int]]:
    """Indices of hypotheses that differ in numbers only."""
    groups: dict[Any, list[int]] = {}
    bounds = [(key, getattr(view.whole, key)) for key in ("floor", "ceiling")]
    for index, hypothesis in enumerate(hypotheses):
        fields = hypothesis.fields
        rules = tuple((key, fields[key]) for key in fields if key not in NUMBERS)
        none = tuple(fields.get(key, sound) is None for key, sound in bounds)
        key = rules, none, tuple(fields), tuple(hypothesis.numerics.items()), hypothesis.keeps_state
        groups.setdefault((key, id(hypothesis.update)), []).append(index)
    return list(groups.values())


def _field(view: View, hypothesis: Hypothesis, key: str) -> Any:
    return hypothesis.fields.get(key, getattr(view.whole, key))


def _run(view: View, hypotheses: Sequence[Hypothesis], steps: int, received: IntArray | None) -> Mask:
    first = hypotheses[0]
    numerics = replace(view.program.numerics, **first.numerics)
    together = _Together(view, hypotheses, numerics, steps, received)
    if view.states and not first.remembers:
        return together.step_by_step(_update(first))
    if view.skip:
        return np.zeros(len(hypotheses), np.bool_)
    return together.from_start(_update(first))


def _update(hypothesis: Hypothesis) -> Update:
    return step if hypothesis.update is None else hypothesis.update()


@dataclass(frozen=True, eq=False)
class _Together:
    """Hypotheses that differ in numbers only, side by side."""

    view: View
    hypotheses: Sequence[Hypothesis]
    numerics: Numerics
    steps: int
    known: IntArray | None = None

    def _population(self, repeated: int) -> Population:
        """The population with numbers ``(hypotheses * repeated, n)``."""
        first, view = self.hypotheses[0], self.view
        rules = {key: value for key, value in first.fields.items() if key not in NUMBERS}
        numbers: dict[str, Any] = {}
        for key in {key for hypothesis in self.hypotheses for key in hypothesis.fields if key in NUMBERS}:
            values = [_field(view, hypothesis, key) for hypothesis in self.hypotheses]
            if values[0] is None:
                numbers[key] = None
            elif all(np.ndim(value) == 0 for value in values):
                numbers[key] = np.repeat(np.array(values, np.int64), repeated)[:, None]
            else:
                numbers[key] = np.repeat(np.stack([view.cut(value) for value in values]), repeated, axis=0)
        return replace(view.population, **rules, **numbers)

    def _received(self) -> IntArray:
        """``(hypotheses, B, T, n)``."""
        if self.known is not None:
            return self.known[:, :, : self.steps]
        sound = None
        arrays: list[IntArray] = []
        for hypothesis in self.hypotheses:
            if hypothesis.synapses is None:
                sound = self.view.received() if sound is None else sound
                arrays.append(sound)
            else:
                arrays.append(self.view.received(hypothesis.synapses))
        return np.stack(arrays)[:, :, : self.steps]

    def step_by_step(self, update: Update) -> Mask:
        """Every step from the state in which the node really began it."""
        view, count = self.view, len(self.hypotheses)
        output = view.output[:, : self.steps]
        cells = output.shape[0] * output.shape[1]
        population = self._population(cells)
        state = self._before(population, count)
        a = self._received().reshape(count * cells, -1)
        result = update(population, state, self._arriving(a, state), self.numerics)
        sound = result.output.reshape(count, *output.shape) == output
        for ours, theirs in ((state.v, view.v), (state.u, view.u)):
            if theirs is not None and population.kind != "relay":
                sound &= ours.reshape(count, *output.shape) == theirs[:, : self.steps]
        return sound[:, :, view.skip :].all(axis=(1, 2, 3))

    def _before(self, population: Population, count: int) -> State:
        """The state before every step, as it really was."""
        view = self.view
        lead = (count, *view.output[:, : self.steps].shape)
        state = initial_state(population, lead[0] * lead[1] * lead[2])
        if view.v is None or view.u is None:
            return state
        u, v = (array.reshape(lead) for array in (state.u, state.v))
        fired = np.zeros(lead, np.bool_)
        fired[:, :, 1:] = np.logical_or.accumulate(view.output[:, : self.steps] != 0, axis=1)[:, :-1]
        for mine, theirs in ((u, view.u), (v, view.v)):
            mine[:, :, 1:] = theirs[:, : self.steps - 1]
            if ("u" if mine is u else "v") in self.hypotheses[0].keeps_state:
                mine[:, 1:, 0] = theirs[:-1, -1]
        shape = state.u.shape
        return State(u.reshape(shape), v.reshape(shape), fired.reshape(shape))

    def from_start(self, update: Update) -> Mask:
        """The whole run, from the first step on."""
        count, batch = len(self.hypotheses), len(self.view.output)
        kept = bool(self.hypotheses[0].keeps_state)
        received = self._received()
        lead = count * (1 if kept else batch)
        population = self._population(1 if kept else batch)
        received = received.reshape(lead, -1, received.shape[-1])
        state = initial_state(population, lead)
        alive = np.ones(count, np.bool_)
        for t, (output, v, u) in enumerate(self._seen(kept)):
            if kept and t % self.steps == 0:
                state = self._begun(state, initial_state(population, lead))
            arriving = self._arriving(received[:, t], state)
            result = update(population, state, arriving, self.numerics)
            sound = result.output.reshape(count, -1) == output.reshape(-1)
            for ours, theirs in ((state.v, v), (state.u, u)):
                if theirs is not None and population.kind != "relay":
                    sound &= ours.reshape(count, -1) == theirs.reshape(-1)
            alive &= sound.all(axis=1)
            if not alive.any():
                break
        return alive

    def _begun(self, left: State, fresh: State) -> State:
        """The state with which a sample begins where some of it is left from the one before; a run begins with it."""
        keeps = self.hypotheses[0].keeps_state
        return State(left.u if "u" in keeps else fresh.u, left.v if "v" in keeps else fresh.v, fresh.fired)

    def _seen(self, kept: bool) -> Iterator[tuple[IntArray, IntArray | None, IntArray | None]]:
        """What the neurons did, step by step, of all samples or one after the other."""
        arrays = (self.view.output, self.view.v, self.view.u)
        steps = [None if a is None else a[:, : self.steps] for a in arrays]
        for sample in range(len(self.view.output)) if kept else (slice(None),):
            for t in range(self.steps):
                output, v, u = (None if a is None else a[sample, t] if kept else a[:, t] for a in steps)
                assert output is not None
                yield output, v, u

    def _arriving(self, received: IntArray, state: State) -> IntArray:
        """What ``step`` takes: the sum of what arrives, or the current after all events."""
        if self.numerics.accumulation == "sum":
            return received
        return overflow(state.u + received, self.numerics.current_bits, self.numerics.current_overflow)
