"""Values of a step as portable C: one constant per value, in the narrowest type that its range proves enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neurodeploy.codegen.integer_types import COMPUTED, literal
from neurodeploy.integers import INT32, IntegerType, narrowest
from neurodeploy.step.value import Op, Value, reachable


@dataclass(frozen=True)
class Statements:
    """C declarations in order; ``names``: the name or literal that stands for each value, by its id."""

    lines: tuple[str, ...]
    names: Mapping[int, str]

    def __getitem__(self, value: Value) -> str:
        return self.names[id(value)]


def computed(value: Value) -> IntegerType:
    """The type that a value is computed in."""
    return narrowest(value.low, value.high, COMPUTED)


def statements(roots: Sequence[Value], load: Callable[[Value], str], roles: Mapping[int, str]) -> Statements:
    """C declarations of the roots and of all they are made of.

    ``load``: text that reads a table, state or accumulator; ``roles``: names for some values, by their ids.
    """
    names: dict[int, str] = {}
    lines: list[str] = []
    for value in reachable(roots):
        kind = computed(value)
        if value.op == "constant":
            names[id(value)] = literal(value.low, kind)
            continue
        text = load(value) if not value.args else _expression(value, [(names[id(a)], a) for a in value.args])
        name = roles.get(id(value), f"x{len(lines)}")
        lines.append(f"const {kind.name} {name} = {text};")
        names[id(value)] = name
    return Statements(tuple(lines), names)


def _expression(value: Value, args: Sequence[tuple[str, Value]]) -> str:
    """One operation, computed in the widest type of its result and arguments, then converted to that of its result."""
    result = computed(value)
    types = [result, *(computed(argument) for _, argument in args)]
    wide = max(types, key=lambda kind: kind.bits)
    operands = [_operand(name, argument, wide) for name, argument in args]
    text = WRAPPING[value.op](value, operands) if value.wraps else EXACT[value.op](value, operands, wide)
    return text if result is wide else f"({result.name})({text})"


def _operand(name: str, argument: Value, wide: IntegerType) -> str:
    """An argument in the type that the operation is computed in."""
    if argument.op == "constant":
        return literal(argument.low, wide)
    return name if computed(argument) is wide else f"({wide.name}){name}"


def _infix(sign: str) -> Callable[[Value, Sequence[str], IntegerType], str]:
    return lambda value, args, wide: f"{args[0]} {sign} {args[1]}"


def _shift_left(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    if value.number < wide.bits - 1:
        return f"{args[0]} * {literal(1 << value.number, wide)}"
    return _wrapping_shift(value, args)


def _shift_right(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    return f"nd_floor{wide.bits}({args[0]}, {min(value.number, wide.bits - 1)})"


def _floor_shift(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    by = args[1] if wide is INT32 else f"(int){args[1]}"
    return f"nd_floor{wide.bits}({args[0]}, {by})"


def _floor_divide(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    a = value.args[0]
    return f"{args[0]} / {args[1]}" if a.low >= 0 else f"({wide.name})nd_quotient64({args[0]}, {args[1]})"


def _decay(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    x, keep = value.args
    unit = 1 << value.number
    if wide is INT32 and keep.low >= 0 and max(-x.low, x.high) * keep.high < 1 << 31 and keep.high <= unit:
        if x.low >= 0:
            return f"({args[0]} * {args[1]}) >> {value.number}"
        return f"({args[0]} * {args[1]}) / {unit}"
    if wide is INT32 and keep.low >= 0 and keep.high <= unit and value.number <= 15:
        return f"nd_decay32({args[0]}, (uint32_t){args[1]}, {value.number})"
    return f"({wide.name})nd_decay64({args[0]}, {args[1]}, {value.number})"


def _wrap(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    if value.number in (32, 64):
        bits = value.number
        return f"nd_i{bits}((uint{bits}_t){args[0]})"
    unsigned, c = f"uint{wide.bits}_t", f"UINT{wide.bits}_C"
    half, mask = 1 << (value.number - 1), (1 << value.number) - 1
    return f"({wide.name})((({unsigned}){args[0]} + {c}({half})) & {c}({mask})) - {literal(half, wide)}"


def _wrap_once(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    m, x = 1 << (value.number - 1), args[0]
    if m << 1 > wide.high:
        return f"nd_i64((uint64_t){x} + ({x} > {m} ? 0 - (UINT64_C({m}) << 1) : {x} <= -{m} ? UINT64_C({m}) << 1 : 0))"
    return f"{x} > {m} ? {x} - {m << 1} : {x} <= -{m} ? {x} + {m << 1} : {x}"


def _larger(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    return f"{args[0]} > {args[1]} ? {args[0]} : {args[1]}"


def _smaller(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    return f"{args[0]} < {args[1]} ? {args[0]} : {args[1]}"


def _round(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    return f"({wide.name})nd_round64({args[0]}, {value.number})"


def _select(value: Value, args: Sequence[str], wide: IntegerType) -> str:
    return f"{args[0]} != 0 ? {args[1]} : {args[2]}"


def _wrapping_shift(value: Value, args: Sequence[str]) -> str:
    return f"nd_i64((uint64_t){args[0]} << {value.number})"


def _wrapping(sign: str) -> Callable[[Value, Sequence[str]], str]:
    return lambda value, args: f"nd_i64((uint64_t){args[0]} {sign} (uint64_t){args[1]})"


EXACT: Mapping[Op, Callable[[Value, Sequence[str], IntegerType], str]] = {
    "add": _infix("+"),
    "subtract": _infix("-"),
    "multiply": _infix("*"),
    "shift-left": _shift_left,
    "shift-right": _shift_right,
    "floor-shift": _floor_shift,
    "floor-divide": _floor_divide,
    "decay": _decay,
    "wrap": _wrap,
    "wrap-once": _wrap_once,
    "maximum": _larger,
    "minimum": _smaller,
    "round-half-even": _round,
    "greater": _infix(">"),
    "at-least": _infix(">="),
    "select": _select,
}
"""The text of an operation whose result fits the type that it is computed in."""
WRAPPING: Mapping[Op, Callable[[Value, Sequence[str]], str]] = {
    "add": _wrapping("+"),
    "subtract": _wrapping("-"),
    "multiply": _wrapping("*"),
    "shift-left": _wrapping_shift,
    "decay": lambda value, args: f"nd_decay64({args[0]}, {args[1]}, {value.number})",
}
"""The text of an operation whose result is meant modulo 2**64."""
