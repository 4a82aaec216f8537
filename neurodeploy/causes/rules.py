"""Hypotheses about rules that machines have and programs lack: refractory times, updates on events, narrow sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from math import log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis
from neurodeploy.causes.neurons import RULE
from neurodeploy.causes.values import Term
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import (
    State,
    Step,
    count_spikes,
    decay,
    overflow,
    reset,
    saturate,
    step,
    wrap,
)
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]
Spikes = Callable[[Population, IntArray, IntArray, Numerics], IntArray]
"""Spikes of a population from its membrane before this step and from the one before the comparison."""


def rule_hypotheses(population: Population, n: Numerics, received: IntArray) -> Iterator[Hypothesis]:
    """Everything that is tried of rules that no program has.

    ``received``: what arrives at the first neuron that differs, ``(B, T, 1)``, until it does: no register is tried
    in a width that holds it all.
    """
    reach = int(np.abs(received).max(initial=0)).bit_length()
    if n.accumulation == "sum":
        for bits in range(4, min(n.wide_bits, reach + 1)):
            for rule in ("saturate", "wrap", "clip"):
                change = f"sum of a step's input of {bits} bits: {rule}"
                yield _rule("overflow", change, _narrow_sum(bits, rule), log2(n.wide_bits))
    if population.kind == "relay":
        for bits in range(3, population.output.width):
            yield _rule("overflow", f"what is sent wraps at {bits} bits", _wrapped(bits), log2(population.output.width))
        return
    kept = (int(np.abs(received).sum(axis=1).max(initial=0)) << n.state_shift) + received.shape[1]
    kept += int(np.abs(population.initial_current).max(initial=0))
    for bits in range(6, min(n.current_bits, kept.bit_length() + 1)):
        yield _rule("overflow", f"the current is kept in {bits} bits", _narrow_current(bits), log2(n.current_bits))
    if n.accumulation == "sum":
        yield _rule("exponent", "what arrives in a step enters halved", _halved)
        yield _rule("exponent", "what arrives in a step enters doubled", lambda p, s, a, n: step(p, s, 2 * a, n))
    yield _rule("order", "decays at the end of the step", _decays_at_end)
    yield _rule("idle", "is updated only where something arrives", _on_events)
    if population.kind == "li":
        yield _rule("idle", "is updated, and sends, only where something arrives", _sends_on_events)
    if np.any(population.bias):
        yield _rule("bias", "the bias is added only where something arrives", _gated_bias)
        yield _rule("bias", "the bias is added to the current", _bias_in_current)
    if population.kind == "cuba-lif":
        yield _rule("reset", "resets the current too", _resets_current)
        yield from _amounts(population)
        if population.reset in ("subtract", "value"):
            words = "resets to 0 in the step after the spike"
            yield Hypothesis("reset", words, RULE + 1, update=_clears_late, remembers=True)
        for k in range(1, 6):
            for which in ("compared with", "compared with and subtracted"):
                words = f"threshold that is {which} rises by 1/{1 << k} with every spike"
                adapts = partial(_adapts, k, which != "compared with")
                yield Hypothesis("threshold", words, RULE + log2(5), update=adapts, remembers=True)
        yield _rule("order", "compares the membrane before integration", _fires_by(_earlier))
        yield _rule("tie rule", "takes negative membranes for large ones", _fires_by(_unsigned))
        yield _rule("stuck", "does nothing, its states are 0", _dead)
        for steps in range(1, 5):
            yield _waits(f"does not fire for {steps} steps after a spike", steps, "")
            yield _waits(f"keeps its membrane for {steps} steps after a spike", steps, "v")
            yield _waits(f"keeps still for {steps} steps after a spike", steps, "uv")


def _rule(term: Term, change: str, update: Update, bits: float = 0.0) -> Hypothesis:
    return Hypothesis(term, change, RULE + bits, update=lambda: update)


def _waits(change: str, steps: int, still: str) -> Hypothesis:
    return Hypothesis("refractory", change, RULE + steps - 1, update=lambda: _refractory(steps, still), remembers=True)


def _amounts(population: Population) -> Iterator[Hypothesis]:
    """Other amounts that a spike takes away."""
    if population.reset != "subtract":
        return
    for eighths in (1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16):
        share = _subtracts(lambda threshold, k=eighths: threshold * k // 8)
        yield _rule("reset", f"a spike subtracts {eighths}/8 of the threshold", share, log2(12))
    for by in (1, -1, 2, -2, 4, -4):
        near = _subtracts(lambda threshold, by=by: threshold + by)
        yield _rule("reset", f"a spike subtracts the threshold {by:+d}", near, log2(6))
    if population.max_spikes_per_step > 1:
        once = _subtracts(lambda threshold: threshold, once=True)
        yield _rule("reset", "subtracts the threshold once, however many spikes", once)


def _subtracts(amount: Callable[[IntArray], IntArray], once: bool = False) -> Update:
    """Of every spike, or of all spikes of a step together, an amount is taken away that the threshold gives."""

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(replace(population, reset="none"), state, a, n)
        spikes = np.minimum(result.output, 1) if once else result.output
        state.v = state.v - spikes * (amount(np.asarray(population.threshold)) << n.state_shift)
        return result

    return update


def _clears_late() -> Update:
    last: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        if last:
            state.v = np.where(last.pop() > 0, 0, state.v)
        result = step(replace(population, reset="none"), state, a, n)
        last.append(result.output)
        return result

    return update


def _halved(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    if population.every_step:
        return step(population, state, a >> 1, n)
    state.u = decay(state.u, population.current_decay, n) + ((a << n.state_shift) >> 1)
    kept = replace(population, current_decay=n.decay_one if n.decay_rule == "shift" else 0)
    return step(kept, state, np.zeros_like(a), n)


def _adapts(k: int, subtracted: bool) -> Update:
    """Every spike of a neuron raises its own threshold."""
    counts: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        count = counts.pop() if counts else np.zeros_like(a)
        sound = np.asarray(population.threshold)
        raised = replace(population, threshold=sound + count * (sound >> k))
        result = step(raised if subtracted else replace(raised, reset="none"), state, a, n)
        if not subtracted:
            state.v = reset(population, state.v, result.output, n)
        counts.append(count + result.output)
        return result

    return update


def _narrow_sum(bits: int, rule: str) -> Update:
    return lambda population, state, a, n: step(population, state, overflow(a, bits, rule), n)


def _wrapped(bits: int) -> Update:
    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        return Step(wrap(result.output, bits), result.v_before)

    return update


def _narrow_current(bits: int) -> Update:
    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        state.u = saturate(state.u, bits)
        return result

    return update


def _decays_at_end(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    if n.decay_rule != "product":
        return step(population, state, a, n)
    result = step(replace(population, membrane_decay=0), state, a, n)
    state.v = decay(state.v, population.membrane_decay, n)
    return result


def _on_events(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    u, v, fired, idle = state.u, state.v, state.fired, a == 0
    result = step(population, state, a, n)
    state.u, state.v = np.where(idle, u, state.u), np.where(idle, v, state.v)
    state.fired = np.where(idle, fired, state.fired)
    quiet = v if population.kind == "li" else 0
    return Step(np.where(idle, quiet, result.output), np.where(idle, v, result.v_before))


def _sends_on_events(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    result = _on_events(population, state, a, n)
    return Step(np.where(a == 0, 0, result.output), result.v_before)


def _gated_bias(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    return step(replace(population, bias=np.where(a != 0, population.bias, 0)), state, a, n)


def _bias_in_current(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    if population.every_step or n.accumulation != "sum":
        return step(population, state, a, n)
    state.u = decay(state.u, population.current_decay, n) + population.bias
    return step(replace(population, bias=0, current_decay=n.decay_one if n.decay_rule == "shift" else 0), state, a, n)


def _resets_current(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    result = step(population, state, a, n)
    state.u = np.where(result.output > 0, 0, state.u)
    return result


def _dead(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    state.u, state.v = np.zeros_like(a), np.zeros_like(a)
    return Step(np.zeros_like(a), np.zeros_like(a))


def _earlier(population: Population, before: IntArray, v: IntArray, n: Numerics) -> IntArray:
    return count_spikes(population, before, n)


def _unsigned(population: Population, before: IntArray, v: IntArray, n: Numerics) -> IntArray:
    return np.where(v < 0, 1, count_spikes(population, v, n))


def _fires_by(rule: Spikes) -> Update:
    """The reference's update with spikes by another rule; the reset follows them."""

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        before, fired = state.v, state.fired
        v = step(replace(population, reset="none"), state, a, n).v_before
        spikes = rule(population, before, v, n)
        state.fired = fired
        if population.fire_once:
            spikes = np.where(fired, 0, spikes)
            state.fired = fired | (spikes > 0)
        state.v = reset(population, v, spikes, n)
        return Step(spikes, v)

    return update


def _refractory(steps: int, still: str) -> Update:
    """For some steps after a spike nothing is sent; ``still``: and these states do not change."""
    waiting: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        wait = waiting.pop() if waiting else np.zeros_like(a)
        u, v = state.u, state.v
        membrane = step(replace(population, reset="none"), state, a, n).v_before
        spikes = np.where(wait > 0, 0, count_spikes(population, membrane, n))
        state.v = reset(population, membrane, spikes, n)
        state.u = np.where(("u" in still) & (wait > 0), u, state.u)
        state.v = np.where(("v" in still) & (wait > 0), v, state.v)
        waiting.append(np.where(spikes > 0, steps, np.maximum(wait - 1, 0)))
        return Step(spikes, membrane)

    return update
