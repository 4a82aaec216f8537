"""Faults of the update itself, which no constant of a program expresses: other rounding, widths, order, memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.faults.fault import ByStep, copied
from neurodeploy.faults.planting import Faults, Spot
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import State, Step, initial_state, step
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]
Decay = Callable[[IntArray, Any, Numerics], IntArray]
Change = Callable[[Population, State, IntArray, Numerics], Step]


def update_faults(spot: Spot) -> Faults:
    """Every fault of a population's update."""
    population, n, one = spot.population, spot.program.numerics, spot.neuron()
    if population.kind == "relay":
        yield spot.with_update("relay rounds down", "rounding", _always(_relay_down))
        yield spot.with_update("relay wraps", "overflow", _always(_relay_wraps))
    else:
        yield from _arithmetic(spot)
    if population.kind == "cuba-lif":
        yield spot.with_update("resets a step late", "reset", _late_reset)
        yield spot.with_update("a step of refractoriness", "refractory", _refractory)
        yield spot.with_update("every third spike lost", "none of these", _every_third)
        for kind, value in (("never fires", 0), ("always fires", 1)):
            yield spot.with_update(f"a neuron {kind}", "stuck", _stuck(one, value), str(one))
        if population.size > 1:
            yield spot.with_update("two neurons swapped", "channels", _always(_swapped), "first and last")
    yield spot.with_update("acts a step late", "latency", _late)
    yield spot.with_update("sends a step late", "latency", _late_output)
    kept = spot.with_population("keeps its state between samples", "kept state")
    if population.kind != "relay" and not population.every_step:
        yield replace(kept, program=spot.program, keeps_state=True)
    if n.accumulation == "sum":
        yield spot.with_update("input of one step in eight lost", "lost messages", _gaps)


def _arithmetic(spot: Spot) -> Faults:
    n = spot.program.numerics
    if n.membrane_overflow in ("saturate", "clip"):
        yield spot.with_update("membrane wraps", "overflow", _machine(membrane_overflow="wrap"))
    for bits in (16, 12, 8):
        narrow = _machine(membrane_bits=bits + n.state_shift)
        yield spot.with_update(f"membrane of {bits} bits", "overflow", narrow)
    other = "wrap" if n.current_overflow in ("saturate", "clip") else "saturate"
    yield spot.with_update(f"current of 10 bits, {other}", "overflow", _narrow_current(10, other))
    if n.decay_rule == "product":
        for kind, rule in (("toward minus infinity", _floor), ("to the nearest", _nearest), ("up", _away)):
            yield spot.with_update(f"membrane decay rounds {kind}", "rounding", _always(_rounding(rule, membrane=True)))
        for kind, rule in (("toward minus infinity", _floor), ("to the nearest", _nearest)):
            yield spot.with_update(f"current decay rounds {kind}", "rounding", _always(_rounding(rule, membrane=False)))
        yield spot.with_update("decays after integrating", "order", _always(_decay_last))
        yield spot.with_update("integrates the current of the step before", "order", _always(_old_current))


def _always(update: Update) -> ByStep:
    return lambda: update


def _machine(**fields: Any) -> ByStep:
    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        return step(population, state, a, replace(n, **fields))

    return lambda: update


def _narrow_current(bits: int, rule: str) -> ByStep:
    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        return step(population, state, a, replace(n, current_bits=bits + n.state_shift, current_overflow=rule))  # type: ignore[arg-type]

    return lambda: update


def _floor(x: IntArray, amount: Any, n: Numerics) -> IntArray:
    return (x * (n.decay_one - np.asarray(amount))) >> n.decay_bits


def _nearest(x: IntArray, amount: Any, n: Numerics) -> IntArray:
    return (x * (n.decay_one - np.asarray(amount)) + n.decay_one // 2) >> n.decay_bits


def _away(x: IntArray, amount: Any, n: Numerics) -> IntArray:
    return -((-x * (n.decay_one - np.asarray(amount))) >> n.decay_bits)


def _rounding(rule: Decay, membrane: bool) -> Update:
    """The decay rounds by another rule; then the update goes on as if nothing decayed."""

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        fresh = initial_state(population, len(a)) if population.every_step else state
        if membrane:
            state.u, state.v = fresh.u, rule(fresh.v, population.membrane_decay, n)
            return step(replace(population, membrane_decay=0, every_step=False), state, a, n)
        state.u, state.v = rule(fresh.u, population.current_decay, n), fresh.v
        return step(replace(population, current_decay=0, every_step=False), state, a, n)

    return update


def _decay_last(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    """v = decay(v + u + bias), the membrane chosen so that what follows comes out as that."""
    probe = copied(state)
    step(population, probe, a, n)
    before = state.v + probe.u + population.bias
    kept = n.decay_one - np.asarray(population.membrane_decay)
    decayed = np.sign(before) * ((np.abs(before) * kept) >> n.decay_bits)
    state.v = decayed - (before - state.v)
    return step(replace(population, membrane_decay=0), state, a, n)


def _old_current(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    old, probe = state.u, copied(state)
    step(population, probe, a, n)
    shifted = replace(population, bias=population.bias + old - probe.u)
    return step(shifted, state, a, n)


def _relay_down(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    result = step(population, state, a, n)
    shift = population.shift
    down = result.v_before >> shift if shift >= 0 else result.v_before << -shift
    return Step(np.clip(down, population.output.low, population.output.high), result.v_before)


def _relay_wraps(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    wide = replace(population, output=replace(population.output, width=62, signed=True))
    result = step(wide, state, a, n)
    low, span = population.output.low, population.output.high - population.output.low + 1
    return Step((result.output - low) % span + low, result.v_before)


def _late_reset() -> Update:
    pending: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        if pending:
            state.v = np.where(pending.pop() > 0, 0, state.v) if population.reset != "none" else state.v
        result = step(replace(population, reset="none"), state, a, n)
        pending.append(result.output)
        return result

    return update


def _refractory() -> Update:
    last: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        held = last.pop() > 0 if last else np.zeros(a.shape, bool)
        before = copied(state)
        result = step(population, state, a, n)
        state.u, state.v = np.where(held, before.u, state.u), np.where(held, before.v, state.v)
        output = np.where(held, 0, result.output)
        last.append(output)
        return Step(output, np.where(held, before.v, result.v_before))

    return update


def _every_third() -> Update:
    count: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        seen = (count.pop() if count else np.zeros_like(a)) + (result.output > 0)
        count.append(seen)
        return Step(np.where(seen % 3 == 0, 0, result.output), result.v_before)

    return update


def _stuck(one: tuple[int, ...], value: int) -> ByStep:
    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        result.output[(slice(None), *one)] = value
        return result

    return lambda: update


def _swapped(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    result = step(population, state, a, n)
    flat = result.output.reshape(len(a), -1).copy()
    flat[:, [0, -1]] = flat[:, [-1, 0]]
    return Step(flat.reshape(result.output.shape), result.v_before)


def _late() -> Update:
    """In its first step it stands still, and then it takes what arrived one step before."""
    arrived: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        late = arrived.pop() if arrived else None
        arrived.append(a.copy())
        if late is None:
            return Step(np.zeros_like(a), state.v)
        return step(population, state, late, n)

    return update


def _late_output() -> Update:
    sent: list[IntArray] = []

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        result = step(population, state, a, n)
        late = sent.pop() if sent else np.zeros_like(result.output)
        sent.append(result.output)
        return Step(late, result.v_before)

    return update


def _gaps() -> Update:
    steps = [0]

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        steps[0] += 1
        return step(population, state, np.zeros_like(a) if steps[0] % 8 == 0 else a, n)

    return update
