"""What states that were recorded tell at once: an amount in which a constant is off, or one state that changed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis
from neurodeploy.causes.values import Cause
from neurodeploy.causes.view import View
from neurodeploy.reference.integer import State, overflow, step

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
BITS = 24
"""Bits of a state of which each may have been turned over."""


@dataclass(frozen=True, eq=False)
class _Steps:
    """Every step from the state in which it really began, by the reference: arrays ``(B, T, n)``."""

    u_before: IntArray
    v_before: IntArray
    output: IntArray
    v: IntArray
    u: IntArray


def constant_hypotheses(view: View) -> Iterator[Hypothesis]:
    """Threshold, reset value and bias by the amount by which the first membranes are off that they can explain."""
    steps = _steps(view)
    if steps is None or view.v is None:
        return
    whole, shift = view.whole, view.program.numerics.state_shift
    alike = (steps.u == view.u) & (steps.output == view.output) & (steps.v != view.v)
    alike[:, : view.skip] = False
    for place in np.argwhere(alike & (view.output > 0))[:1]:
        cell = tuple(place)
        if whole.reset == "subtract":
            amount = int(steps.v[cell] - view.v[cell]) // int(view.output[cell]) >> shift
            words, fields = f"threshold {amount:+d}", {"threshold": np.asarray(whole.threshold) + amount}
            yield Hypothesis("threshold", words, 1 + log2(1 + abs(amount)), fields)
        value = int(view.v[cell]) >> shift
        fields = {"reset": "value", "reset_value": value}
        yield Hypothesis("reset", f"resets to {value}", 2 + log2(1 + abs(value)), fields)
    for place in np.argwhere(alike & (view.output == 0))[:1]:
        amount = int(view.v[tuple(place)] - steps.v[tuple(place)])
        bias = np.asarray(whole.bias) + amount
        yield Hypothesis("bias", f"bias {amount:+d}", 1 + log2(1 + abs(amount)), {"bias": bias})


def upsets(view: View) -> Iterator[Cause]:
    """A bit of one state that turned over once, which is all that is wrong with the neurons of the view."""
    steps = _steps(view)
    if steps is None or view.v is None or view.u is None:
        return
    wrong: Mask = (steps.output != view.output) | (steps.v != view.v) | (steps.u != view.u)
    wrong[:, : view.skip] = False
    if wrong.sum() != 1:
        return
    sample, t, neuron = (int(i) for i in np.argwhere(wrong)[0])
    bits = 1 << np.arange(BITS)
    for name in ("membrane", "current"):
        u = np.full(BITS, steps.u_before[sample, t, neuron])
        v = np.full(BITS, steps.v_before[sample, t, neuron])
        u, v = (u ^ bits, v) if name == "current" else (u, v ^ bits)
        fired = bool((view.output[sample, :t, neuron] != 0).any())
        state = State(u[:, None], v[:, None], np.full((BITS, 1), fired))
        some = view.only(np.array([neuron]))
        received = np.full((BITS, 1), some.received()[sample, t, 0])
        result = step(some.population, state, _arriving(some, received, state), view.program.numerics)
        seen = ((result.output, view.output), (state.v, view.v), (state.u, view.u))
        alike = np.logical_and.reduce([ours[:, 0] == theirs[sample, t, neuron] for ours, theirs in seen])
        for bit in np.flatnonzero(alike)[:1]:
            words = f"bit {bit} of one {name} turned over once, before step {t} of sample {sample}"
            yield Cause("upset", words, log2(2 * BITS * wrong.size), int(alike.sum()))


def _steps(view: View) -> _Steps | None:
    population, n = view.population, view.program.numerics
    if view.v is None or view.u is None or population.kind == "relay":
        return None
    lead = view.output.shape
    u, v = np.empty(lead, np.int64), np.empty(lead, np.int64)
    u[:, 0], v[:, 0] = population.initial_current, population.initial_membrane
    u[:, 1:], v[:, 1:] = view.u[:, :-1], view.v[:, :-1]
    fired = np.zeros(lead, np.bool_)
    fired[:, 1:] = np.logical_or.accumulate(view.output != 0, axis=1)[:, :-1]
    flat = (lead[0] * lead[1], lead[2])
    state = State(u.reshape(flat).copy(), v.reshape(flat).copy(), fired.reshape(flat))
    result = step(population, state, _arriving(view, view.received().reshape(flat), state), n)
    return _Steps(u, v, result.output.reshape(lead), state.v.reshape(lead), state.u.reshape(lead))


def _arriving(view: View, received: IntArray, state: State) -> IntArray:
    n = view.program.numerics
    if n.accumulation == "sum":
        return received
    return overflow(state.u + received, n.current_bits, n.current_overflow)
