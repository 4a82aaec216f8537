"""How messages become the accumulated input of a population: sums, shifts and widths, and where each may be left out.

A projection is *joined* with others in one accumulator where its contribution is its plain sum times a power of two:
because the static worst case rules every overflow out, or because its overflows wrap as the accumulator itself does.
Otherwise it has an accumulator of its own, and its shift and widths are applied to that. A power of two that all
weights share is taken out of them, and out of the accumulator where its exact worst case is known.

Where a machine accumulates events, there is no accumulator: they enter the current one after another, in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurodeploy.analysis.sums import INT64, Range, sum_range
from neurodeploy.numerics import Numerics
from neurodeploy.program.projection import Projection
from neurodeploy.step import value as of
from neurodeploy.step.neuron import CURRENT
from neurodeploy.step.value import Value

Bits = Literal[16, 32, 64]
INT16: Range = (-(1 << 15), (1 << 15) - 1)
INT32: Range = (-(1 << 31), (1 << 31) - 1)


@dataclass(frozen=True, eq=False)
class Term:
    """A projection in an accumulator: its weights divided by ``2**twos``, its messages times ``2**shift``."""

    projection: Projection
    twos: int
    shift: int


@dataclass(frozen=True, eq=False)
class Accumulator:
    """Sums of weights times messages modulo ``2**bits``."""

    name: str
    bits: Bits
    terms: tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Delivery:
    """A projection whose sources, one after another in row-major order, change the current of all their targets.

    ``after``: the current after one source, of the ``state`` current before it, the ``weight`` of the synapse, and the
    source's ``message`` (0 or 1 where messages have one bit). Weight 0 and message 0 leave the current as it was.
    """

    projection: Projection
    after: Value


@dataclass(frozen=True, eq=False)
class Arrival:
    """The accumulators of a population, and the accumulated input made of them.

    Or, where events enter the current: their deliveries, in order, and as the total the current after them.
    """

    accumulators: tuple[Accumulator, ...]
    total: Value
    deliveries: tuple[Delivery, ...] = ()


def arrival(projections: Sequence[Projection], sent: Callable[[str], Range], numerics: Numerics) -> Arrival:
    """What arrives over ``projections`` when every source sends within ``sent(name)``."""
    if numerics.accumulation == "events":
        deliveries = [delivery(each, sent(each.source), numerics) for each in projections]
        changing = tuple(each for each in deliveries if each.after.op != "state")
        return Arrival((), of.read("state", CURRENT, *current_range(numerics)), changing)
    joined: list[tuple[Projection, Range | None]] = []
    made: list[Accumulator] = []
    total = of.constant(0)
    for projection in projections:
        exact = sum_range(projection, *sent(projection.source))
        if is_plain(projection, exact, numerics):
            joined.append((projection, exact))
            continue
        accumulator, raw = own_sum(f"sum{len(made)}", projection, exact, numerics)
        made.append(accumulator)
        total = of.add(total, finished(projection, raw, numerics))
    if joined:
        accumulator, raw = joined_sum(f"sum{len(made)}", joined, numerics)
        made.append(accumulator)
        total = of.add(total, raw)
    return Arrival(tuple(made), of.overflow(total, numerics.wide_bits, numerics.wide_overflow))


def delivery(projection: Projection, sent: Range, numerics: Numerics) -> Delivery:
    """What a projection does to the current when its sources send within ``sent``."""
    low, high = (0, 1) if projection.message_bits == 1 else sent
    weights = projection.weights
    message = of.shift_left(of.read("message", "", low, high), projection.shift)
    weight = of.read("weight", "", int(weights.min(initial=0)), int(weights.max(initial=0)))
    before = of.read("state", CURRENT, *current_range(numerics))
    total = of.add(before, of.multiply(weight, message))
    return Delivery(projection, of.overflow(total, numerics.current_bits, numerics.current_overflow))


def current_range(numerics: Numerics) -> Range:
    """What the current may be while events enter it: all that its width holds."""
    half = 1 << (numerics.current_bits - 1)
    return -half, half - 1


def common_twos(projection: Projection) -> int:
    """The largest power of two that divides every weight, as an exponent; 0 where all are 0."""
    bits = int(np.bitwise_or.reduce(projection.weights, axis=None)) if projection.weights.size else 0
    return (bits & -bits).bit_length() - 1 if bits else 0


def finished(projection: Projection, raw: Value, n: Numerics) -> Value:
    """A projection's own sum with its shift and its widths."""
    if projection.kind in ("dense", "sparse"):
        shifted = of.shift(of.overflow(raw, n.wide_bits, n.wide_overflow), projection.shift)
        return of.overflow(shifted, n.wide_bits, n.wide_overflow)
    return of.overflow(of.shift(raw, projection.shift), n.conv_bits, n.wide_overflow)


def is_plain(projection: Projection, exact: Range | None, n: Numerics) -> bool:
    """Whether its contribution is its sum times ``2**shift``, exactly or modulo the width of the whole sum."""
    if projection.shift < 0:
        return False
    if projection.kind in ("dense", "sparse") and n.wide_overflow == "wrap":
        return True
    if exact is None:
        return False
    whole = of.shift_left(of.read("accumulator", "", *exact), projection.shift)
    bits = n.wide_bits if projection.kind in ("dense", "sparse") else n.conv_bits
    return not whole.wraps and of.overflow(whole, bits, n.wide_overflow) is whole


def own_sum(name: str, projection: Projection, exact: Range | None, n: Numerics) -> tuple[Accumulator, Value]:
    """An accumulator that one projection has for itself, and its sum before any shift and width."""
    dense = projection.kind in ("dense", "sparse")
    first = n.wide_bits if dense else n.conv_bits
    modular = n.wide_overflow == "wrap" and first <= 32 and (dense or projection.shift >= 0)
    return _summed(name, [(projection, 0)], exact, modular)


def joined_sum(name: str, joined: Sequence[tuple[Projection, Range | None]], n: Numerics) -> tuple[Accumulator, Value]:
    """An accumulator that several projections share, and its sum, shifts included."""
    modular = n.wide_overflow == "wrap" and n.wide_bits <= 32
    ranges = [(r[0] << p.shift, r[1] << p.shift) for p, r in joined if r is not None]
    exact = (sum(low for low, _ in ranges), sum(high for _, high in ranges)) if len(ranges) == len(joined) else None
    return _summed(name, [(projection, projection.shift) for projection, _ in joined], exact, modular)


def _summed(
    name: str, parts: Sequence[tuple[Projection, int]], exact: Range | None, modular: bool
) -> tuple[Accumulator, Value]:
    """``exact``: the worst case of the whole sum; ``modular``: only its lower 32 bits matter."""
    twos = [common_twos(projection) for projection, _ in parts]
    whole = [two + shift for two, (_, shift) in zip(twos, parts, strict=True)]
    out = min(whole) if exact is not None else 0
    reduced = None if exact is None else (exact[0] >> out, exact[1] >> out)
    bits, low, high = _width(reduced, modular)
    if (low, high) != reduced:
        out = 0
        bits, low, high = _width(exact, modular)
    terms = [Term(p, two, all_of - out) for (p, _), two, all_of in zip(parts, twos, whole, strict=True)]
    return Accumulator(name, bits, tuple(terms)), of.shift_left(of.read("accumulator", name, low, high), out)


def _width(exact: Range | None, modular: bool) -> tuple[Bits, int, int]:
    if exact is not None and INT16[0] <= exact[0] and exact[1] <= INT16[1]:
        return 16, *exact
    if exact is not None and INT32[0] <= exact[0] and exact[1] <= INT32[1]:
        return 32, *exact
    if modular:
        return 32, *INT32
    if exact is not None and INT64[0] <= exact[0] and exact[1] <= INT64[1]:
        return 64, *exact
    return 64, *INT64
