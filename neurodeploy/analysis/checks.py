"""The widths that a population's integers meet in a step, as checks: values before a width, and what it leaves alone.

A check is about intervals for a proof, and about values of a run, both ends the same, for a witness. The checks of a
neuron come in an order in which each one's bounds are right where those before it hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurodeploy.analysis.interval import BoolArray, IntArray, Interval, added, limits, within
from neurodeploy.numerics import Numerics, Overflow
from neurodeploy.program.population import Population
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import decay, round_half_even

Quantity = Literal["accumulator", "current", "membrane", "message"]


@dataclass(frozen=True, eq=False)
class Check:
    """Values of a ``quantity`` just before a width, ``low .. high`` per neuron, and the range it leaves alone.

    ``wraps``: a value outside comes back from the other side; it is clipped else.
    """

    quantity: Quantity
    low: IntArray
    high: IntArray
    least: int
    most: int
    wraps: bool = False

    @property
    def interval(self) -> Interval:
        """Both ends."""
        return self.low, self.high

    def over(self, spread: Callable[[Interval], Interval]) -> Check:
        """The same of the values that ``spread`` makes of these."""
        return Check(self.quantity, *spread(self.interval), self.least, self.most, self.wraps)

    @property
    def holds(self) -> BoolArray:
        """Where nothing can overflow."""
        return within(self.interval, self.least, self.most)


def width(quantity: Quantity, values: Interval, bits: int, rule: Overflow) -> Check:
    """The check of a width."""
    return Check(quantity, *values, *limits(bits, rule), rule in ("wrap", "wrap-once"))


def sum_checks(projection: Projection, raw: Interval, shifted: Interval, n: Numerics) -> list[Check]:
    """The widths of one projection's own sum: ``raw`` before its shift, ``shifted`` after it."""
    if projection.kind in ("dense", "sparse"):
        return [width("accumulator", values, n.wide_bits, n.wide_overflow) for values in (raw, shifted)]
    return [width("accumulator", shifted, n.conv_bits, n.wide_overflow)]


def current_checks(drive: Interval, total: Interval, n: Numerics) -> list[Check]:
    """The widths of the shifted input and of the current that it makes."""
    return [
        width("accumulator", drive, n.wide_bits, n.wide_overflow),
        width("current", total, n.current_bits, n.current_overflow),
        width("current", total, n.wide_bits, n.wide_overflow),
    ]


def membrane_checks(population: Population, v: Interval, u: Interval, n: Numerics) -> list[Check]:
    """The widths of a membrane that is ``v`` before a step, under the new current ``u``."""
    amount, bias = population.membrane_decay, np.asarray(population.bias, dtype=np.int64)
    total = added(kept(population, v, n), (u[0] + bias, u[1] + bias))
    checks = [width("membrane", total, n.membrane_bits, n.membrane_overflow)]
    if n.integration == "sum":
        return [width("membrane", total, n.wide_bits, n.wide_overflow), *checks]
    change = tuple(decay(end, amount, n) - end for end in v)
    driven = change[1] + u[0], change[0] + u[1]
    biased = driven[0] + bias, driven[1] + bias
    wrapped = Check("membrane", change[1], change[0], *limits(n.membrane_bits, "wrap"))
    return [wrapped, *(width("membrane", term, n.wide_bits, n.wide_overflow) for term in (driven, biased)), *checks]


def relay_checks(population: Population, total: Interval, n: Numerics) -> list[Check]:
    """The widths of a relay: of its sum, and of the message it sends. Needs a sum within its width for the message."""
    held = width("accumulator", total, n.wide_bits, n.wide_overflow)
    rounded = tuple(round_half_even(end, population.shift) for end in np.clip(total, held.least, held.most))
    output = population.output
    return [held, Check("message", rounded[0], rounded[1], output.low, output.high)]


def kept(population: Population, v: Interval, n: Numerics) -> Interval:
    """What a step leaves of the membrane before anything is added."""
    return decay(v[0], population.membrane_decay, n), decay(v[1], population.membrane_decay, n)
