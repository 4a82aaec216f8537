"""The scalar operations of a step: values with proven ranges; each means what numpy's int64 would give.

A value is built by the functions below. They compute the range of what they build, and leave out operations that cannot
matter: an overflow that the range excludes, a decay that keeps everything, a clamp out of reach. What remains is exact
in any type that holds its range. Only where ``wraps`` is set may the true result exceed 64 bits; it is then meant
modulo 2**64.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Overflow

IntArray = NDArray[np.int64]
Op = Literal[
    "constant", "table", "state", "accumulator", "weight", "message",
    "add", "subtract", "multiply", "shift-left", "shift-right", "floor-shift", "floor-divide", "decay",
    "wrap", "wrap-once", "maximum", "minimum", "round-half-even",
    "greater", "at-least", "select",
]  # fmt: skip
LEAST, MOST = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True, eq=False)
class Value:
    """One operation, and the range ``low .. high`` of its result.

    - ``args``: the values it is made of; ``number``: its fixed number of bits or shift.
    - ``name``: which state or accumulator it reads; ``table``: one integer per neuron, in row-major order.
    - ``wraps``: whether the result is meant modulo 2**64.
    """

    op: Op
    low: int
    high: int
    args: tuple[Value, ...] = ()
    number: int = 0
    name: str = ""
    table: IntArray | None = None
    wraps: bool = False

    def fits(self, bits: int) -> bool:
        """Whether a signed integer of that width holds every result."""
        return -(1 << (bits - 1)) <= self.low and self.high < 1 << (bits - 1)


def reachable(roots: Iterable[Value]) -> list[Value]:
    """The roots and every value they are made of, arguments before what uses them."""
    ordered: dict[int, Value] = {}

    def visit(value: Value) -> None:
        if id(value) not in ordered:
            for argument in value.args:
                visit(argument)
            ordered[id(value)] = value

    for root in roots:
        visit(root)
    return list(ordered.values())


def constant(number: int) -> Value:
    """The same integer for every neuron and step."""
    return Value("constant", number, number)


def parameter(value: int | IntArray, shape: tuple[int, ...], scale: int = 0) -> Value:
    """A scalar or per-neuron parameter times ``2**scale``."""
    array = np.broadcast_to(np.asarray(value, dtype=np.int64) << scale, shape).reshape(-1)
    if not array.size:
        return Value("table", 0, 0, table=array)
    low, high = int(array.min()), int(array.max())
    return constant(low) if low == high else Value("table", low, high, table=array)


def read(op: Literal["state", "accumulator", "weight", "message"], name: str, low: int, high: int) -> Value:
    """A state before the step, what an accumulator holds, or the weight or message of one synapse."""
    return Value(op, low, high, name=name)


def _operation(op: Op, low: int, high: int, args: tuple[Value, ...], number: int = 0) -> Value:
    """A value with the exact range ``low .. high``: a constant where that is a point, modulo 2**64 beyond 64 bits."""
    if low < LEAST or high > MOST:
        return Value(op, LEAST, MOST, args, number, wraps=True)
    return constant(low) if low == high else Value(op, low, high, args, number)


def add(a: Value, b: Value) -> Value:
    """``a + b``."""
    if (b.low, b.high) == (0, 0):
        return a
    if (a.low, a.high) == (0, 0):
        return b
    return _operation("add", a.low + b.low, a.high + b.high, (a, b))


def subtract(a: Value, b: Value) -> Value:
    """``a - b``."""
    return a if (b.low, b.high) == (0, 0) else _operation("subtract", a.low - b.high, a.high - b.low, (a, b))


def narrowed(x: Value, low: int, high: int) -> Value:
    """``x``, which the caller knows to lie in ``low .. high`` though the ranges of its arguments do not show it."""
    return x if x.wraps or not x.args else replace(x, low=max(x.low, low), high=min(x.high, high))


def multiply(a: Value, b: Value) -> Value:
    """``a * b``."""
    if (b.low, b.high) == (1, 1):
        return a
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return _operation("multiply", min(corners), max(corners), (a, b))


def shift_left(a: Value, by: int) -> Value:
    """``a * 2**by``."""
    if by >= 64:
        return constant(0)
    return a if by == 0 else _operation("shift-left", a.low << by, a.high << by, (a,), by)


def shift_right(a: Value, by: int) -> Value:
    """``floor(a / 2**by)``."""
    by = min(by, 63)
    return a if by == 0 else _operation("shift-right", a.low >> by, a.high >> by, (a,), by)


def shift(a: Value, by: int) -> Value:
    """``a * 2**by``, rounded down for a negative ``by``."""
    return shift_left(a, by) if by >= 0 else shift_right(a, -by)


def floor_shift(x: Value, by: Value) -> Value:
    """``floor(x / 2**by)`` for a shift of 0 .. 63 that may differ from neuron to neuron."""
    if by.low == by.high:
        return shift_right(x, by.low)
    corners = [a >> min(max(b, 0), 63) for a in (x.low, x.high) for b in (by.low, by.high)]
    return _operation("floor-shift", min(corners), max(corners), (x, by))


def lost(x: Value, by: Value) -> Value:
    """What a decay by shift takes from ``x``: ``floor(x / 2**by)``, and at least 1 where ``x`` is positive."""
    part = floor_shift(x, by)
    return select(compare(True, x, constant(0)), maximum(part, constant(1)), part)


def decay_by_shift(x: Value, by: Value) -> Value:
    """``x`` minus what it loses. That never takes it past 0 and keeps the order of any two numbers."""
    if x.low == x.high == 0:
        return x
    left = [_after_shift_decay(a, min(max(b, 0), 63)) for a in (x.low, x.high) for b in (by.low, by.high)]
    return _operation("subtract", min(left), max(left), (x, lost(x, by)))


def _after_shift_decay(x: int, by: int) -> int:
    return x - ((x >> by) or int(x > 0))


def floor_divide(a: Value, b: Value) -> Value:
    """``floor(a / b)`` for a positive ``b``."""
    if (b.low, b.high) == (1, 1):
        return a
    corners = [x // y for x in (a.low, a.high) for y in (b.low, b.high)]
    return _operation("floor-divide", min(corners), max(corners), (a, b))


def decay(x: Value, keep: Value, bits: int) -> Value:
    """``x * keep / 2**bits``, truncated toward zero."""
    if (keep.low, keep.high) == (0, 0):
        return constant(0)
    magnitude = max(-x.low, x.high, 0) * max(-keep.low, keep.high)
    if magnitude > MOST:
        return Value("decay", LEAST, MOST, (x, keep), bits, wraps=True)
    if (keep.low, keep.high) == (1 << bits, 1 << bits):
        return x
    inside = {x.low, x.high} | ({0} if x.low < 0 < x.high else set[int]())
    corners = [_truncated(a, k, bits) for a in inside for k in (keep.low, keep.high)]
    return _operation("decay", min(corners), max(corners), (x, keep), bits)


def _truncated(x: int, keep: int, bits: int) -> int:
    part = (abs(x) * keep) >> bits
    return -part if x < 0 else part


def maximum(a: Value, b: Value) -> Value:
    """The larger of both."""
    if b.high <= a.low:
        return a
    return b if a.high <= b.low else _operation("maximum", max(a.low, b.low), max(a.high, b.high), (a, b))


def minimum(a: Value, b: Value) -> Value:
    """The smaller of both."""
    if a.high <= b.low:
        return a
    return b if b.high <= a.low else _operation("minimum", min(a.low, b.low), min(a.high, b.high), (a, b))


def clip(x: Value, low: int, high: int) -> Value:
    """``x`` raised to ``low``, then lowered to ``high``."""
    return minimum(maximum(x, constant(low)), constant(high))


def saturate(x: Value, bits: int) -> Value:
    """``x`` clipped to ``|x| <= 2**(bits-1) - 1``."""
    top = (1 << (bits - 1)) - 1
    return clip(x, -top, top)


def clip_signed(x: Value, bits: int) -> Value:
    """``x`` clipped to the range of two's complement."""
    half = 1 << (bits - 1)
    return clip(x, -half, half - 1)


def wrap(x: Value, bits: int) -> Value:
    """``x`` modulo ``2**bits``, in the signed range."""
    half = 1 << (bits - 1)
    return x if x.fits(bits) else _operation("wrap", -half, half - 1, (x,), bits)


def wrap_once(x: Value, bits: int) -> Value:
    """``x`` wrapped once where it exceeds ``M = 2**(bits-1)`` or is ``-M`` or less; it may still be out of range."""
    m = 1 << (bits - 1)
    if -m < x.low and x.high <= m:
        return x
    parts = [(max(x.low, m + 1) - 2 * m, x.high - 2 * m)] if x.high > m else []
    parts += [(x.low + 2 * m, min(x.high, -m) + 2 * m)] if x.low <= -m else []
    parts += [(max(x.low, 1 - m), min(x.high, m))] if x.high > -m and x.low <= m else []
    return _operation("wrap-once", min(low for low, _ in parts), max(high for _, high in parts), (x,), bits)


def overflow(x: Value, bits: int, rule: Overflow) -> Value:
    """``x`` under a width of ``bits`` and an overflow rule."""
    return {"wrap": wrap, "wrap-once": wrap_once, "saturate": saturate, "clip": clip_signed}[rule](x, bits)


def round_half_even(x: Value, by: int) -> Value:
    """``x * 2**-by`` rounded half to even; a left shift where ``by`` is negative."""
    if by <= 0:
        return shift_left(x, -by)
    if by >= 64:
        return shift_right(x, 63)
    return _operation("round-half-even", _rounded(x.low, by), _rounded(x.high, by), (x,), by)


def _rounded(x: int, by: int) -> int:
    floor, half = x >> by, 1 << (by - 1)
    rest = x - (floor << by)
    return floor + (rest > half or (rest == half and floor & 1 == 1))


def compare(strict: bool, a: Value, b: Value) -> Value:
    """1 where ``a > b`` (``a >= b`` unless ``strict``), else 0."""
    least, most = int(a.low > b.high), int(a.high > b.low)
    if not strict:
        least, most = int(a.low >= b.high), int(a.high >= b.low)
    return _operation("greater" if strict else "at-least", least, most, (a, b))


def select(condition: Value, chosen: Value, otherwise: Value) -> Value:
    """``chosen`` where the condition is not 0, else ``otherwise``."""
    if condition.low > 0 or condition.high < 0:
        return chosen
    if (condition.low, condition.high) == (0, 0) or chosen is otherwise:
        return otherwise
    return _operation(
        "select", min(chosen.low, otherwise.low), max(chosen.high, otherwise.high), (condition, chosen, otherwise)
    )
