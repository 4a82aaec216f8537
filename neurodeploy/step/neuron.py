"""What a population does with its accumulated input in one step, as values with ranges.

The order is that of ``neurodeploy.reference.integer``: current, membrane, floor and ceiling, comparison with the
threshold, fire-once, reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.step import value as of
from neurodeploy.step.value import Value

Range = tuple[int, int]
CURRENT, MEMBRANE, FIRED = "current", "membrane", "fired"
ROUNDS = 24
"""How often the ranges of states are narrowed to those that one step leads to; they hold after every round."""


@dataclass(frozen=True, eq=False)
class Update:
    """One step of a population.

    - ``output``: what it sends.
    - ``before``: the membrane that is compared with the threshold; None for a relay.
    - ``after``: every state after the step; ``start``: every state before the first step.
    """

    output: Value
    before: Value | None
    after: Mapping[str, Value]
    start: Mapping[str, Value]

    @property
    def stored(self) -> tuple[str, ...]:
        """States that a later step reads; the others need no memory."""
        roots = [self.output, *self.after.values(), *([] if self.before is None else [self.before])]
        read = {value.name for value in of.reachable(roots) if value.op == "state"}
        return tuple(name for name in self.after if name in read)


def update(population: Population, a: Value, numerics: Numerics) -> Update:
    """One step of a population for the accumulated input ``a``, with ranges of the states that hold at every step.

    Where events enter the current, ``a`` is the current after all events of this step.
    """
    if population.kind == "relay":
        return _relay(population, a, numerics)
    start = _start(population)
    ranges: dict[str, Range] = {name: (0, 1) if name == FIRED else (of.LEAST, of.MOST) for name in start}
    step = _neuron(population, a, numerics, start, ranges)
    for _ in range(ROUNDS):
        narrower = {name: _union(start[name], step.after[name]) for name in step.after}
        if narrower == ranges:
            break
        ranges = narrower
        step = _neuron(population, a, numerics, start, ranges)
    return step


def _start(population: Population) -> dict[str, Value]:
    """The states before the first step."""
    start = {
        CURRENT: of.parameter(population.initial_current, population.shape),
        MEMBRANE: of.parameter(population.initial_membrane, population.shape),
    }
    return start | ({FIRED: of.constant(0)} if population.fire_once and population.kind == "cuba-lif" else {})


def rests(population: Population, numerics: Numerics, stored: Sequence[str]) -> bool:
    """Whether neurons at rest stay there: states of 0 that nothing reaches send nothing, and all ``stored`` remain 0.

    Where events enter the current, the current counts as 0 too.
    """
    silent = of.constant(0)
    if population.kind == "relay":
        return _is_zero(_relay(population, silent, numerics).output)
    zeros = {CURRENT: silent, MEMBRANE: silent, FIRED: silent}
    step = _neuron(population, silent, numerics, _start(population), dict.fromkeys(zeros, (0, 0)))
    return all(_is_zero(value) for value in (step.output, *(step.after[name] for name in stored)))


def _is_zero(value: Value) -> bool:
    return value.low == value.high == 0


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
    """What a decay keeps, in units of ``2**-decay_bits``."""
    lost = of.parameter(amount, population.shape)  # type: ignore[arg-type]
    if lost.table is None:
        return of.constant(n.decay_one - lost.low)
    return of.parameter(n.decay_one - lost.table, lost.table.shape)


def _decayed(x: Value, amount: object, population: Population, n: Numerics) -> Value:
    """A state after its decay."""
    if n.decay_rule == "shift":
        return of.decay_by_shift(x, of.parameter(amount, population.shape))  # type: ignore[arg-type]
    return of.decay(x, _keep(population, amount, n), n.decay_bits)


def _lost(x: Value, amount: object, population: Population, n: Numerics) -> Value:
    """What a decay takes from a state."""
    if n.decay_rule == "shift":
        return of.lost(x, of.parameter(amount, population.shape))  # type: ignore[arg-type]
    return of.subtract(x, _decayed(x, amount, population, n))


def _current(population: Population, u: Value, a: Value, n: Numerics) -> Value:
    """The current after decay and accumulated input."""
    if n.accumulation == "events":
        return of.overflow(_decayed(a, population.current_decay, population, n), n.current_bits, n.current_overflow)
    drive = of.overflow(of.shift_left(a, n.state_shift), n.wide_bits, n.wide_overflow)
    total = of.add(_decayed(u, population.current_decay, population, n), drive)
    return of.overflow(of.overflow(total, n.wide_bits, n.wide_overflow), n.current_bits, n.current_overflow)


def _membrane(population: Population, v: Value, u: Value, n: Numerics) -> Value:
    """The membrane that is compared with the threshold: integrated, under its width, within floor and ceiling."""
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
