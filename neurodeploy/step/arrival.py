"""How messages become the accumulated input of a population: sums, shifts and widths, and which may be left out.

Projections *share* an accumulator where the contribution of each is its plain sum times a power of two: because the
static worst case rules out every overflow, or because its overflows wrap as the accumulator itself does. Any other
projection has an accumulator of its own, and its shift and widths are applied to that sum. A power of two that all
weights of a projection share is taken out of them; it is taken out of the accumulator too where the exact worst case is
known.

Where the numerics accumulate events, there is no accumulator: events enter the current one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurodeploy.analysis.ranges import Range, sum_range
from neurodeploy.integers import INT16, INT32, INT64, IntegerType
from neurodeploy.numerics import Numerics
from neurodeploy.program.projection import Projection
from neurodeploy.step import value as of
from neurodeploy.step.neuron import CURRENT
from neurodeploy.step.value import Value

Bits = Literal[16, 32, 64]


@dataclass(frozen=True, eq=False)
class Term:
    """A projection in an accumulator: it adds ``(weight / 2**twos) * (message * 2**shift)``; the division is exact."""

    projection: Projection
    twos: int
    shift: int


@dataclass(frozen=True, eq=False)
class Accumulator:
    """Sums of weights times messages, modulo ``2**bits``; ``name`` tells it from others of its population."""

    name: str
    bits: Bits
    terms: tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Delivery:
    """A projection whose sources change the current of all their targets one after another, in row-major order.

    ``after``: the current after one source's message, made of three values that are read: the ``state`` current, the
    ``weight`` of the synapse and the ``message`` (0 or 1 where messages have one bit). A weight or message of 0 changes
    nothing.
    """

    projection: Projection
    after: Value


@dataclass(frozen=True, eq=False)
class Arrival:
    """What arrives at a population.

    ``total`` is the accumulated input, made of ``accumulators``. Where events enter the current, there are
    ``deliveries`` instead, in order, and ``total`` is the current after all of them.
    """

    accumulators: tuple[Accumulator, ...]
    total: Value
    deliveries: tuple[Delivery, ...] = ()


def arrival(projections: Sequence[Projection], sent: Callable[[str], Range], numerics: Numerics) -> Arrival:
    """What arrives over the projections into one population.

    ``sent(name)``: the smallest and largest message of a source.
    """
    if numerics.accumulation == "events":
        deliveries = [delivery(projection, sent(projection.source), numerics) for projection in projections]
        changing = tuple(change for change in deliveries if change.after.op != "state")
        return Arrival((), of.read("state", CURRENT, *current_range(numerics)), changing)
    sharing: list[tuple[Projection, Range | None]] = []
    accumulators: list[Accumulator] = []
    total = of.constant(0)
    for projection in projections:
        exact = sum_range(projection, *sent(projection.source))
        if is_plain(projection, exact, numerics):
            sharing.append((projection, exact))
            continue
        accumulator, raw = separate_sum(f"sum{len(accumulators)}", projection, exact, numerics)
        accumulators.append(accumulator)
        total = of.add(total, finished(projection, raw, numerics))
    if sharing:
        accumulator, raw = shared_sum(f"sum{len(accumulators)}", sharing, numerics)
        accumulators.append(accumulator)
        total = of.add(total, raw)
    return Arrival(tuple(accumulators), of.overflow(total, numerics.wide_bits, numerics.wide_overflow))


def delivery(projection: Projection, sent: Range, numerics: Numerics) -> Delivery:
    """What one message of a projection does to the current; ``sent``: the smallest and largest message."""
    low, high = (0, 1) if projection.message_bits == 1 else sent
    weights = projection.weights
    message = of.shift_left(of.read("message", "", low, high), projection.shift)
    weight = of.read("weight", "", int(weights.min(initial=0)), int(weights.max(initial=0)))
    before = of.read("state", CURRENT, *current_range(numerics))
    total = of.add(before, of.multiply(weight, message))
    return Delivery(projection, of.overflow(total, numerics.current_bits, numerics.current_overflow))


def current_range(numerics: Numerics) -> Range:
    """The current while events enter it: anything that its width holds."""
    half = 1 << (numerics.current_bits - 1)
    return -half, half - 1


def common_twos(projection: Projection) -> int:
    """The largest power of two that divides every weight, as an exponent; 0 where all are 0."""
    bits = int(np.bitwise_or.reduce(projection.weights, axis=None)) if projection.weights.size else 0
    return (bits & -bits).bit_length() - 1 if bits else 0


def finished(projection: Projection, raw: Value, n: Numerics) -> Value:
    """The contribution of a projection with a separate accumulator: its raw sum under its shift and widths."""
    if projection.kind in ("dense", "sparse"):
        shifted = of.shift(of.overflow(raw, n.wide_bits, n.wide_overflow), projection.shift)
        return of.overflow(shifted, n.wide_bits, n.wide_overflow)
    return of.overflow(of.shift(raw, projection.shift), n.conv_bits, n.wide_overflow)


def is_plain(projection: Projection, exact: Range | None, n: Numerics) -> bool:
    """Whether a projection contributes its plain sum times ``2**shift``, exactly or modulo the width of the total.

    ``exact``: the worst case of its sum, or None where none is known.
    """
    if projection.shift < 0:
        return False
    if projection.kind in ("dense", "sparse") and n.wide_overflow == "wrap":
        return True
    if exact is None:
        return False
    contribution = of.shift_left(of.read("accumulator", "", *exact), projection.shift)
    bits = n.wide_bits if projection.kind in ("dense", "sparse") else n.conv_bits
    return not contribution.wraps and of.overflow(contribution, bits, n.wide_overflow) is contribution


def separate_sum(name: str, projection: Projection, exact: Range | None, n: Numerics) -> tuple[Accumulator, Value]:
    """An accumulator for one projection, and the value of its sum before any shift and width."""
    dense = projection.kind in ("dense", "sparse")
    first = n.wide_bits if dense else n.conv_bits
    modular = n.wide_overflow == "wrap" and first <= 32 and (dense or projection.shift >= 0)
    return _summed(name, [(projection, 0)], exact, modular)


def shared_sum(name: str, sharing: Sequence[tuple[Projection, Range | None]], n: Numerics) -> tuple[Accumulator, Value]:
    """An accumulator that several projections share, and the value of its sum, shifts included."""
    modular = n.wide_overflow == "wrap" and n.wide_bits <= 32
    ranges = [(r[0] << p.shift, r[1] << p.shift) for p, r in sharing if r is not None]
    exact = (sum(low for low, _ in ranges), sum(high for _, high in ranges)) if len(ranges) == len(sharing) else None
    return _summed(name, [(projection, projection.shift) for projection, _ in sharing], exact, modular)


def _summed(
    name: str, shifts: Sequence[tuple[Projection, int]], exact: Range | None, modular: bool
) -> tuple[Accumulator, Value]:
    """An accumulator of projections, each with a shift of its messages, and the value of its sum.

    ``exact``: the worst case of the sum, if known; ``modular``: whether only its lower 32 bits matter. The power of two
    that all terms share is left out of the accumulator and multiplied back into the value.
    """
    twos = [common_twos(projection) for projection, _ in shifts]
    powers = [two + shift for two, (_, shift) in zip(twos, shifts, strict=True)]
    left_out = min(powers) if exact is not None else 0
    reduced = None if exact is None else (exact[0] >> left_out, exact[1] >> left_out)
    bits, low, high = _width(reduced, modular)
    if (low, high) != reduced:
        left_out = 0
        bits, low, high = _width(exact, modular)
    terms = [Term(p, two, power - left_out) for (p, _), two, power in zip(shifts, twos, powers, strict=True)]
    return Accumulator(name, bits, tuple(terms)), of.shift_left(of.read("accumulator", name, low, high), left_out)


def _width(exact: Range | None, modular: bool) -> tuple[Bits, int, int]:
    """Bits of an accumulator, and the range of what it holds."""
    if exact is not None and _holds(INT16, exact):
        return 16, *exact
    if exact is not None and _holds(INT32, exact):
        return 32, *exact
    if modular:
        return 32, INT32.low, INT32.high
    if exact is not None and _holds(INT64, exact):
        return 64, *exact
    return 64, INT64.low, INT64.high


def _holds(kind: IntegerType, exact: Range) -> bool:
    return kind.low <= exact[0] and exact[1] <= kind.high
