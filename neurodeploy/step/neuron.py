"""What a population does with its accumulated input in one step, as values with ranges.

The order of ``neurodeploy.reference.integer``: current, membrane, floor and ceiling, compare, fire-once, reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.step import value as of
from neurodeploy.step.value import Value

Range = tuple[int, int]
CURRENT, MEMBRANE, FIRED = "current", "membrane", "fired"
ROUNDS = 24
"""How often a range of states is narrowed by what one step makes of it; every round is sound by itself."""


@dataclass(frozen=True, eq=False)
class Update:
    """The output of a step, the membrane before threshold (None for a relay), and every state after the step.

    ``start`` holds every state before the first step.
    """

    output: Value
    before: Value | None
    after: Mapping[str, Value]
    start: Mapping[str, Value]

    @property
    def stored(self) -> tuple[str, ...]:
        """States that a step reads, of outputs, of states, or of the membrane before threshold."""
        roots = [self.output, *self.after.values(), *([] if self.before is None else [self.before])]
        read = {each.name for each in of.reachable(roots) if each.op == "state"}
        return tuple(name for name in self.after if name in read)


def update(population: Population, a: Value, numerics: Numerics) -> Update:
    """One step for accumulated input ``a``, with ranges of the states that hold at every step.

    Where every event adds to the current, ``a`` is the current with all of this step's events in it.
    """
    if population.kind == "relay":
        return _relay(population, a, numerics)
    start = {
        CURRENT: of.parameter(population.initial_current, population.shape),
        MEMBRANE: of.parameter(population.initial_membrane, population.shape),
    }
    ranges: dict[str, Range] = dict.fromkeys(start, (of.LEAST, of.MOST))
    if population.fire_once and population.kind == "cuba-lif":
        start[FIRED], ranges[FIRED] = of.constant(0), (0, 1)
    done = _neuron(population, a, numerics, start, ranges)
    for _ in range(ROUNDS):
        seen = {name: _union(start[name], done.after[name]) for name in done.after}
        if seen == ranges:
            break
        ranges = seen
        done = _neuron(population, a, numerics, start, ranges)
    return done


def _union(a: Value, b: Value) -> Range:
    return min(a.low, b.low), max(a.high, b.high)


def _relay(population: Population, a: Value, n: Numerics) -> Update:
    biased = of.add(a, of.parameter(population.bias, population.shape))
    total = of.overflow(biased, n.wide_bits, n.wide_overflow)
    rounded = of.round_half_even(total, population.shift)
    return Update(of.clip(rounded, population.output.low, population.output.high), None, {}, {})


def _neuron(
    population: Population, a: Value, n: Numerics, start: Mapping[str, Value], ranges: Mapping[str, Range]
) -> Update:
    last = {name: of.read("state", name, *ranges[name]) for name in start}
    if population.every_step:
        last |= {name: start[name] for name in (CURRENT, MEMBRANE)}
    current = _current(population, last[CURRENT], a, n)
    before = _membrane(population, last[MEMBRANE], current, n)
    after = {CURRENT: current, MEMBRANE: before}
    if population.kind == "li":
        return Update(before, before, after, start)
    spikes = _spikes(population, before, n)
    if population.fire_once:
        fired = last[FIRED]
        spikes = of.select(fired, of.constant(0), spikes)
        after[FIRED] = of.select(fired, of.constant(1), of.compare(True, spikes, of.constant(0)))
    after[MEMBRANE] = _reset(population, before, spikes, n)
    return Update(spikes, before, after, start)


def _keep(population: Population, amount: object, n: Numerics) -> Value:
    lost = of.parameter(amount, population.shape)  # type: ignore[arg-type]
    if lost.table is None:
        return of.constant(n.decay_one - lost.low)
    return of.parameter(n.decay_one - lost.table, lost.table.shape)


def _decayed(x: Value, amount: object, population: Population, n: Numerics) -> Value:
    if n.decay_rule == "shift":
        return of.decay_by_shift(x, of.parameter(amount, population.shape))  # type: ignore[arg-type]
    return of.decay(x, _keep(population, amount, n), n.decay_bits)


def _lost(x: Value, amount: object, population: Population, n: Numerics) -> Value:
    if n.decay_rule == "shift":
        return of.lost(x, of.parameter(amount, population.shape))  # type: ignore[arg-type]
    return of.subtract(x, _decayed(x, amount, population, n))


def _current(population: Population, u: Value, a: Value, n: Numerics) -> Value:
    if n.accumulation == "events":
        return of.overflow(_decayed(a, population.current_decay, population, n), n.current_bits, n.current_overflow)
    drive = of.overflow(of.shift_left(a, n.state_shift), n.wide_bits, n.wide_overflow)
    total = of.add(_decayed(u, population.current_decay, population, n), drive)
    return of.overflow(of.overflow(total, n.wide_bits, n.wide_overflow), n.current_bits, n.current_overflow)


def _membrane(population: Population, v: Value, u: Value, n: Numerics) -> Value:
    inside = of.overflow(_integrated(population, v, u, n), n.membrane_bits, n.membrane_overflow)
    if population.floor is not None:
        inside = of.maximum(inside, of.constant(population.floor << n.state_shift))
    if population.ceiling is not None:
        inside = of.minimum(inside, of.constant(population.ceiling << n.state_shift))
    return inside


def _integrated(population: Population, v: Value, u: Value, n: Numerics) -> Value:
    """The membrane after decay, current and bias, before its own width applies."""
    bias = of.parameter(population.bias, population.shape)
    if n.integration == "sum":
        kept = _decayed(v, population.membrane_decay, population, n)
        return of.overflow(of.add(of.add(kept, u), bias), n.wide_bits, n.wide_overflow)
    change = of.wrap(of.subtract(of.constant(0), _lost(v, population.membrane_decay, population, n)), n.membrane_bits)
    for term in (u, bias):
        change = of.overflow(of.add(change, term), n.wide_bits, n.wide_overflow)
    return of.add(v, change)


def _spikes(population: Population, v: Value, n: Numerics) -> Value:
    threshold = of.parameter(population.threshold, population.shape, n.state_shift)
    strict = population.compare == ">"
    fires = of.compare(strict, v, threshold)
    if population.max_spikes_per_step == 1:
        return fires
    over = of.subtract(v, of.constant(int(strict)))
    many = of.floor_divide(of.maximum(over, of.constant(0)), of.maximum(threshold, of.constant(1)))
    return of.select(fires, of.clip(many, 1, population.max_spikes_per_step), of.constant(0))


def _reset(population: Population, v: Value, spikes: Value, n: Numerics) -> Value:
    if population.reset == "subtract":
        threshold = of.parameter(population.threshold, population.shape, n.state_shift)
        left = of.subtract(v, of.multiply(spikes, threshold))
        if threshold.low >= 1 and population.max_spikes_per_step >= 1:  # a neuron that fires stays at 0 or above
            return of.narrowed(left, min(v.low, 0), v.high)
        return left
    if population.reset == "none":
        return v
    value = 0 if population.reset == "zero" else population.reset_value << n.state_shift
    return of.select(of.compare(True, spikes, of.constant(0)), of.constant(value), v)
