"""Hypotheses about the update itself, which no attribute expresses: other rounding, order, timing, neurons stuck.

Each makes of the states what a machine with that rule would have, and then lets the reference's update go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis
from neurodeploy.causes.neurons import RULE
from neurodeploy.causes.values import Term
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import State, Step, current_sum, decay, initial_state, overflow, step
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]
Rounding = Callable[[IntArray, Any, Numerics], IntArray]


def update_hypotheses(population: Population, n: Numerics) -> Iterator[Hypothesis]:
    """Everything that is tried of the update."""
    for steps in (1, 2):
        yield _late(f"acts {steps} steps late", lambda steps=steps: _acts_late(steps), (steps, 0))
        yield _late(f"what it sends is {steps} steps late", lambda steps=steps: _sends_late(steps), (0, steps))
    if population.kind == "relay":
        yield from (_rule("rounding", f"rounds {words}", _relay(rule)) for words, rule in RELAY.items())
        yield _rule("overflow", "wraps at the ends of its range", _wrapping_relay)
        return
    if n.decay_rule == "product":
        for words, rule in ROUNDING.items():
            yield _rule("rounding", f"decay of the membrane rounds {words}", _decays(rule, "membrane_decay"))
            yield _rule("rounding", f"decay of the current rounds {words}", _decays(rule, "current_decay"))
        yield _rule("order", "decays after it has integrated", _decays_last)
    yield _rule("order", "integrates the current of the step before", _earlier_current)
    if population.kind == "cuba-lif":
        yield _rule("order", "compares the membrane of the step before", _compares_first)
        words = "resets in the step after the spike"
        yield Hypothesis("reset", words, RULE, update=_resets_late, remembers=True)
        for value in (0, 1):
            words = "never fires" if value == 0 else "always fires"
            yield _rule("stuck", f"{words}, but resets as it should", _stuck(value, before_reset=False))
            yield _rule("stuck", words, _stuck(value, before_reset=True))


def _rule(term: Term, change: str, update: Update) -> Hypothesis:
    return Hypothesis(term, change, RULE, update=lambda: update)


def _late(change: str, update: Callable[[], Update], late: tuple[int, int]) -> Hypothesis:
    return Hypothesis("latency", change, RULE + sum(late) - 1, update=update, remembers=True, late=late)


def _kept(x: IntArray, amount: Any, n: Numerics) -> IntArray:
    return x * (n.decay_one - np.asarray(amount, np.int64))


ROUNDING: dict[str, Rounding] = {
    "toward minus infinity": lambda x, d, n: _kept(x, d, n) >> n.decay_bits,
    "toward plus infinity": lambda x, d, n: -(-_kept(x, d, n) >> n.decay_bits),
    "away from zero": lambda x, d, n: np.sign(x) * -(-_kept(np.abs(x), d, n) >> n.decay_bits),
    "to the nearest": lambda x, d, n: (_kept(x, d, n) + n.decay_one // 2) >> n.decay_bits,
    "to the nearest, half away from zero": lambda x, d, n: (
        np.sign(x) * ((_kept(np.abs(x), d, n) + n.decay_one // 2) >> n.decay_bits)
    ),
}


def _decays(rule: Rounding, key: str) -> Update:
    """The state decays by another rounding; after that the reference goes on as if nothing decayed any more."""

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        _afresh(population, state)
        if key == "membrane_decay":
            state.v = rule(state.v, population.membrane_decay, n)
        else:
            state.u = rule(state.u, population.current_decay, n)
        return step(replace(population, every_step=False, **{key: 0}), state, a, n)

    return update


def _afresh(population: Population, state: State) -> None:
    if population.every_step:
        fresh = initial_state(population, len(state.v))
        state.u, state.v = fresh.u, fresh.v


def _integrated(population: Population, state: State, a: IntArray, n: Numerics) -> tuple[IntArray, IntArray]:
    """Current and undecayed membrane after this step's input."""
    u = overflow(current_sum(population, state.u, a, n), n.current_bits, n.current_overflow)
    return u, state.v + u + population.bias


def _decays_last(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    _afresh(population, state)
    u, total = _integrated(population, state, a, n)
    state.v = decay(total, population.membrane_decay, n) - u - population.bias
    return step(replace(population, every_step=False, membrane_decay=0), state, a, n)


def _earlier_current(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    _afresh(population, state)
    u, _ = _integrated(population, state, a, n)
    late = replace(population, every_step=False, bias=population.bias + (state.u - u))
    return step(late, state, a, n)


def _compares_first(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    """Spikes and reset by the membrane as it was, then the integration."""
    _afresh(population, state)
    u, _ = _integrated(population, state, a, n)
    held = State(state.u.copy(), state.v.copy(), state.fired)
    nothing = replace(population, every_step=False, membrane_decay=0, bias=0, current_decay=n.decay_one)
    result = step(nothing, held, np.zeros_like(a), n)
    state.v = held.v
    after = step(replace(population, every_step=False, reset="none"), state, a, n)
    state.u, state.fired = u, held.fired
    return Step(result.output, after.v_before)


def _resets_late() -> Update:
    spikes: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        if spikes:
            unit = 1 << n.state_shift
            to = {"value": population.reset_value * unit, "zero": 0}.get(population.reset)
            last = spikes.pop()
            less = state.v - last * np.asarray(population.threshold) * unit
            if population.reset != "none":
                state.v = np.where(last > 0, less if to is None else to, state.v)
        result = step(replace(population, reset="none"), state, a, n)
        spikes.append(result.output)
        return result

    return update


def _stuck(value: int, before_reset: bool) -> Update:
    """All neurons of the view send the same; ``before_reset``: and reset by what they send."""

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        forced = replace(population, threshold=_never(n) if value == 0 else -_never(n), max_spikes_per_step=1)
        if not before_reset or population.reset == "subtract":
            result = step(population, state, a, n)
            return Step(np.full_like(result.output, value), result.v_before)
        return step(forced, state, a, n)

    return update


def _never(n: Numerics) -> int:
    return 1 << (60 - n.state_shift)


RELAY: dict[str, Callable[[IntArray, int], IntArray]] = {
    "toward minus infinity": lambda x, s: x >> s,
    "toward zero": lambda x, s: np.sign(x) * (np.abs(x) >> s),
    "half up": lambda x, s: (x + (1 << (s - 1))) >> s,
    "half away from zero": lambda x, s: np.sign(x) * ((np.abs(x) + (1 << (s - 1))) >> s),
}


def _relay(rule: Callable[[IntArray, int], IntArray]) -> Update:
    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        if population.shift <= 0:
            return result
        rounded = rule(result.v_before, population.shift)
        return Step(np.clip(rounded, population.output.low, population.output.high), result.v_before)

    return update


def _wrapping_relay(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    wide = replace(population, output=replace(population.output, width=62, signed=True))
    result = step(wide, state, a, n)
    low, span = population.output.low, population.output.high - population.output.low + 1
    return Step((result.output - low) % span + low, result.v_before)


def _acts_late(steps: int) -> Update:
    waiting: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        waiting.append(a.copy())
        if len(waiting) <= steps:
            return Step(np.zeros_like(a), state.v)
        return step(population, state, waiting.pop(0), n)

    return update


def _sends_late(steps: int) -> Update:
    waiting: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        waiting.append(result.output)
        late = waiting.pop(0) if len(waiting) > steps else np.zeros_like(result.output)
        return Step(late, result.v_before)

    return update
