"""Which values one population's integers can take in any step of any run, given what can arrive.

Every operation of an update is monotone while nothing wraps: the largest input makes the largest current, that the
largest membrane. So each state is bounded by the smallest value that a step under the largest input does not raise
(``settled_above``), and a spike's reset bounds the membrane by the threshold. Where a width may be left, what lies
behind it is everything the width can hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodeploy.analysis.alike import alike
from neurodeploy.analysis.checks import Check, current_checks, kept, membrane_checks, relay_checks
from neurodeploy.analysis.interval import (
    BoolArray,
    IntArray,
    Interval,
    constant,
    limited,
    limits,
    rounded,
    settled_above,
    settled_below,
)
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import clamp, count_spikes, decay, integrate, round_half_even


@dataclass(frozen=True, eq=False)
class Reached:
    """What a population can do.

    - ``sent``: its messages; ``checks``: the widths it meets.
    - ``current``, ``kept``, ``before``: the current, what a step leaves of the membrane, and the membrane before the
      threshold; a relay has none of them.
    """

    sent: Interval
    checks: tuple[Check, ...]
    current: Interval | None = None
    kept: Interval | None = None
    before: Interval | None = None


def reach(population: Population, arrived: Interval, n: Numerics) -> Reached:
    """What a population can do when ``arrived``, in accumulator units, is what can arrive in any step."""
    same = alike(population, arrived)
    if same is None:
        return _reach(population, arrived, n)
    some = _reach(same.population, same.some(arrived), n)
    states = (None if ends is None else same.every(ends) for ends in (some.current, some.kept, some.before))
    return Reached(same.every(some.sent), tuple(check.over(same.every) for check in some.checks), *states)


def _reach(population: Population, arrived: Interval, n: Numerics) -> Reached:
    if population.kind == "relay":
        return _relay(population, arrived, n)
    current, checks = (_event_current if n.accumulation == "events" else _current)(population, arrived, n)
    start = constant(population.initial_membrane, population.shape)
    memory = (start, start) if population.every_step else _membrane(population, current, n)
    checks = [*checks, *membrane_checks(population, memory, current, n)]
    before = _advanced(population, memory[0], current[0], n), _advanced(population, memory[1], current[1], n)
    held = np.logical_and.reduce([check.holds for check in checks if check.quantity == "membrane" and check.wraps])
    if not np.all(held):
        least, most = (clamp(population, constant(end, population.shape), n) for end in _membrane_limits(n))
        before = np.where(held, before[0], least), np.where(held, before[1], most)
    return Reached(_sent(population, before, n), tuple(checks), current, kept(population, memory, n), before)


def _relay(population: Population, arrived: Interval, n: Numerics) -> Reached:
    bias = np.asarray(population.bias, dtype=np.int64)
    total = arrived[0] + bias, arrived[1] + bias
    held = limited(total, n.wide_bits, n.wide_overflow)
    low, high = population.output.low, population.output.high
    sent = tuple(np.clip(round_half_even(end, population.shift), low, high) for end in held)
    return Reached((sent[0], sent[1]), tuple(relay_checks(population, total, n)))


def _current(population: Population, arrived: Interval, n: Numerics) -> tuple[Interval, list[Check]]:
    """The current after a step, and its checks."""
    drive = rounded(arrived[0].astype(np.float64), arrived[1].astype(np.float64), n.state_shift)
    entering = limited(drive, n.wide_bits, n.wide_overflow)
    least, most = limits(n.current_bits, n.current_overflow)
    amount = population.current_decay
    start = constant(population.initial_current, population.shape)
    memory = start, start
    forgets = n.decay_rule == "product" and bool(np.all(amount == n.decay_one))
    if not population.every_step and not forgets:
        memory = (
            settled_below(lambda u: np.clip(decay(u, amount, n) + entering[0], least, most), start, least),
            settled_above(lambda u: np.clip(decay(u, amount, n) + entering[1], least, most), start, most),
        )
    total = decay(memory[0], amount, n) + entering[0], decay(memory[1], amount, n) + entering[1]
    checks = current_checks(drive, total, n)
    if n.current_overflow in ("wrap", "wrap-once"):
        held = checks[1].holds & checks[2].holds
        if np.all(held):
            return total, checks
        anything = _anything(entering, start, n)
        return (np.where(held, total[0], anything[0]), np.where(held, total[1], anything[1])), checks
    held = limited(total, n.wide_bits, n.wide_overflow)
    return limited(held, n.current_bits, n.current_overflow), checks


def _anything(entering: Interval, start: IntArray, n: Numerics) -> Interval:
    """A current that may wrap: what its width holds; beyond it where one step can bring more than one wrap takes."""
    least, most = limits(n.current_bits, n.current_overflow)
    if n.current_overflow == "wrap":
        return constant(least, start.shape), constant(most, start.shape)
    turn = 1 << n.current_bits
    near = (entering[0] >= -turn) & (entering[1] <= turn) & (np.abs(start) <= most)
    far = (1 << (n.wide_bits - 1)) + np.abs(start)
    return np.where(near, least, -far), np.where(near, most, far)


def _event_current(population: Population, arrived: Interval, n: Numerics) -> tuple[Interval, list[Check]]:
    """The current after a step in which every event was added to it, and its checks: of every partial sum."""
    least, most = limits(n.current_bits, n.current_overflow)
    amount = population.current_decay
    start = constant(population.initial_current, population.shape)
    low, high = (
        settled_below(lambda u: decay(np.clip(u + arrived[0], least, most), amount, n), start, least),
        settled_above(lambda u: decay(np.clip(u + arrived[1], least, most), amount, n), start, most),
    )
    total = low + arrived[0], high + arrived[1]
    held = limited(total, n.current_bits, n.current_overflow)
    checks = [Check("current", *total, least, most)]
    return (decay(held[0], amount, n), decay(held[1], amount, n)), checks


def _membrane(population: Population, current: Interval, n: Numerics) -> Interval:
    """The membrane between two steps: after the reset."""
    start = constant(population.initial_membrane, population.shape)
    bottom, top = _extremes(population, n)
    unfired = settled_above(lambda v: _advanced(population, v, current[1], n), start, top)
    if population.kind == "li":
        return settled_below(lambda v: _advanced(population, v, current[0], n), start, bottom), unfired
    silent = count_spikes(population, _advanced(population, unfired, current[1], n), n) == 0
    fired = settled_above(lambda v: _highest_left(population, _advanced(population, v, current[1], n), n), start, top)
    low = settled_below(
        lambda v: _lowest_left(population, _advanced(population, v, current[0], n), silent, n), start, bottom
    )
    return low, np.where(silent, unfired, fired)


def _membrane_limits(n: Numerics) -> tuple[int, int]:
    return limits(n.membrane_bits, n.membrane_overflow)


def _extremes(population: Population, n: Numerics) -> tuple[int, int]:
    """The least and greatest membrane that its width, its clamps and a reset can leave."""
    ends = [clamp(population, np.array(end), n) for end in _membrane_limits(n)] + [
        np.array(_reset_value(population, n))
    ]
    least, most = int(min(ends)), int(max(ends))
    if population.reset != "subtract":
        return least, most
    span = population.max_spikes_per_step * int(np.abs(population.threshold).max(initial=0)) << n.state_shift
    return least - span, most + span


def _advanced(population: Population, v: IntArray, u: IntArray, n: Numerics) -> IntArray:
    """The membrane before the threshold, one step after ``v``, where the wide sum does not wrap."""
    if n.integration == "change":
        return clamp(population, integrate(population, v, u, n), n)
    total = decay(v, population.membrane_decay, n) + u + population.bias
    if n.wide_overflow in ("saturate", "clip"):
        total = np.clip(total, *limits(n.wide_bits, n.wide_overflow))
    return clamp(population, np.clip(total, *_membrane_limits(n)), n)


def _threshold(population: Population, n: Numerics) -> tuple[IntArray, int]:
    """The threshold in state units, and by how much a membrane must exceed it to fire: 0 or 1."""
    return np.asarray(population.threshold, dtype=np.int64) << n.state_shift, int(population.compare == ">")


def _highest_left(population: Population, before: IntArray, n: Numerics) -> IntArray:
    """The largest membrane that a step can leave where the largest before the reset is ``before``."""
    threshold, strict = _threshold(population, n)
    if population.reset == "none":
        return before
    if population.fire_once and population.reset != "subtract":
        return np.maximum(before, _reset_value(population, n))
    unfired = np.minimum(before, threshold - 1 + strict)
    if population.reset != "subtract":
        return np.maximum(unfired, _reset_value(population, n))
    most = population.max_spikes_per_step
    rest = np.minimum(before - threshold, threshold - 1 + strict)
    left = np.maximum(rest, before - most * threshold)
    left = np.where(threshold >= 1, np.maximum(unfired, left), before - most * threshold)
    return np.maximum(before, left) if population.fire_once else np.maximum(unfired, left)


def _lowest_left(population: Population, before: IntArray, silent: BoolArray, n: Numerics) -> IntArray:
    """The smallest membrane that a step can leave where the smallest before the reset is ``before``."""
    if population.reset == "none":
        return before
    threshold, strict = _threshold(population, n)
    if population.reset == "subtract":
        once = population.max_spikes_per_step == 1
        left = np.where(threshold >= 1, np.maximum(before - threshold, strict) if once else strict, before)
    else:
        left = constant(_reset_value(population, n), population.shape)
    certain = (before >= threshold + strict) & (not population.fire_once)
    return np.where(silent, before, np.where(certain, left, np.minimum(before, left)))


def _reset_value(population: Population, n: Numerics) -> int:
    return population.reset_value << n.state_shift if population.reset == "value" else 0


def _sent(population: Population, before: Interval, n: Numerics) -> Interval:
    """The messages of a population whose membrane before the threshold is ``before``."""
    if population.kind == "li":
        return before
    least, most = count_spikes(population, before[0], n), count_spikes(population, before[1], n)
    return (np.zeros_like(least) if population.fire_once else least), most
