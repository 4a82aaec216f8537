"""Values of a step as vectors of 32-bit integers: the update of several neurons at once.

It assumes that every value's range fits 32 bits, which the plan proves; elsewhere the portable form stays. A comparison
is kept as a mask (all bits set where it holds), since a selection needs one, and spikes are packed from one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neurodeploy.codegen.expressions import computed
from neurodeploy.codegen.integer_types import literal
from neurodeploy.integers import INT32
from neurodeploy.step.value import Op, Value, reachable

COMPARES: tuple[Op, ...] = ("greater", "at-least")
EXACT = 1 << 24
"""Integers up to this one are exact in single precision."""
QUOTIENT = 1 << 23
"""The quotient of integers up to this one is never rounded up to the next integer in single precision.

An exact quotient below the integer ``q`` is at most ``q - 1/b``. That is further from ``q`` than half a unit in the
last place, which is at most ``q / 2**24``, since ``q * b <= 2**23``."""
NARROW = 15
"""Most bits of a decay that can be computed in two 32-bit products."""


@dataclass(frozen=True)
class Vectors:
    """C declarations in order; ``names``: the vector of each value, by its id; ``masks``: the mask of a comparison."""

    lines: tuple[str, ...]
    names: Mapping[int, str]
    masks: Mapping[int, str]

    def __getitem__(self, value: Value) -> str:
        return self.names[id(value)]

    def mask(self, value: Value) -> str | None:
        """The mask of a value of 0 and 1, where one is at hand."""
        return self.masks.get(id(value))


def vectorizable(roots: Sequence[Value]) -> bool:
    """Whether vectors of 32-bit integers compute the roots, and all they are made of, exactly."""
    return all(_possible(value) for value in reachable(roots))


def _possible(value: Value) -> bool:
    if computed(value) is not INT32 or value.wraps:
        return False
    if value.op == "floor-divide":
        a, b = value.args
        return a.low >= 0 and a.high < QUOTIENT and b.low >= 1 and b.high <= QUOTIENT
    if value.op == "floor-shift":
        return value.args[1].low >= 0 and value.args[1].high <= 31
    if value.op == "decay":
        keep = value.args[1]
        return keep.low >= 0 and keep.high <= 1 << value.number and value.number <= NARROW
    if value.op == "wrap-once":
        return value.number <= 30
    if value.op == "round-half-even":
        return value.number <= 30
    return True


def truncates(value: Value) -> bool:
    """Whether a decay may be computed in single precision, under a rounding mode toward zero.

    A product of 24-bit integers that is rounded toward zero and then made an integer is the product truncated, whatever
    its sign. Only decays of states qualify: no compiler knows a state beforehand, so nothing is computed under another
    rounding mode before the program runs.
    """
    if value.op != "decay" or value.wraps:
        return False
    x, keep = value.args
    fits = x.low >= -EXACT and x.high <= EXACT and 0 <= keep.low <= EXACT
    return fits and x.op == "state" and keep.op == "constant" and value.number <= 24


def vectors(roots: Sequence[Value], load: Callable[[Value], str], threshold: Callable[[int], str] = str) -> Vectors:
    """C declarations of the roots and of all they are made of.

    ``load``: text that loads a table, state or accumulator of these neurons. ``threshold``: text of a constant that
    something is compared with, or that is subtracted after a spike; populations share code by making it a parameter.
    """
    compared = {id(value.args[1]) for value in reachable(roots) if _threshold(value)}
    lines: list[str] = []
    names: dict[int, str] = {}
    masks: dict[int, str] = {}
    for value in reachable(roots):
        if value.op == "constant":
            number = threshold(value.low) if id(value) in compared else literal(value.low, INT32)
            names[id(value)] = f"nd_all({number})"
            continue
        name = f"x{len(lines)}"
        mask = _mask(value, names, masks)
        if mask is not None:
            lines.append(f"const nd_words {name} = {mask};")
            names[id(value)], masks[id(value)] = f"({name} & 1)", name
            continue
        text = load(value) if not value.args else _expression(value, names, masks)
        lines.append(f"const nd_words {name} = {text};")
        names[id(value)] = name
    return Vectors(tuple(lines), names, masks)


def _threshold(value: Value) -> bool:
    return value.op in COMPARES or (value.op == "multiply" and value.args[0].op in COMPARES)


def _mask(value: Value, names: Mapping[int, str], masks: Mapping[int, str]) -> str | None:
    """The mask of a comparison, or of 0 selected instead of a comparison; None for any other value."""
    if value.op in COMPARES:
        a, b = value.args
        if value.op == "greater" and b.op == "constant" and b.low == 0 and id(a) in masks:
            return masks[id(a)]
        return f"(nd_words)({names[id(a)]} {'>' if value.op == 'greater' else '>='} {names[id(b)]})"
    if value.op == "select":
        condition, chosen, otherwise = value.args
        if chosen.op == "constant" and chosen.low == 0 and id(otherwise) in masks:
            return f"{masks[id(otherwise)]} & ~{_test(condition, names, masks)}"
    return None


def _test(value: Value, names: Mapping[int, str], masks: Mapping[int, str]) -> str:
    """The mask of neurons where a value is not 0."""
    return masks[id(value)] if id(value) in masks else f"(nd_words)({names[id(value)]} != 0)"


def _expression(value: Value, names: Mapping[int, str], masks: Mapping[int, str]) -> str:
    args = [names[id(argument)] for argument in value.args]
    by = value.number
    if value.op == "select":
        return _select(value, _test(value.args[0], names, masks), args)
    if value.op == "decay":
        return _decay(value, args)
    if value.op == "multiply" and id(value.args[0]) in masks:
        return f"{masks[id(value.args[0])]} & {args[1]}"
    if value.op == "wrap-once":
        m = 1 << (by - 1)
        up, down = f"(nd_words)({args[0]} <= -{m})", f"(nd_words)({args[0]} > {m})"
        return f"{args[0]} + ({up} & {m << 1}) - ({down} & {m << 1})"
    return {
        "add": lambda: f"{args[0]} + {args[1]}",
        "subtract": lambda: f"{args[0]} - {args[1]}",
        "multiply": lambda: f"{args[0]} * {args[1]}",
        "shift-left": lambda: f"{args[0]} << {by}" if by < 32 else "nd_all(0)",
        "floor-shift": lambda: f"{args[0]} >> {args[1]}",
        "floor-divide": lambda: f"nd_quotient({args[0]}, {args[1]})",
        "shift-right": lambda: f"{args[0]} >> {min(by, 31)}",
        "wrap": lambda: f"({args[0]} << {32 - by}) >> {32 - by}",
        "maximum": lambda: f"nd_max({args[0]}, {args[1]})",
        "minimum": lambda: f"nd_min({args[0]}, {args[1]})",
        "round-half-even": lambda: f"nd_round({args[0]}, {by})",
    }[value.op]()


def _select(value: Value, test: str, args: Sequence[str]) -> str:
    _, chosen, otherwise = value.args
    if chosen.op == "constant" and chosen.low == 0:
        return f"{args[2]} & ~{test}"
    if otherwise.op == "constant" and otherwise.low == 0:
        return f"{args[1]} & {test}"
    return f"nd_pick({test}, {args[1]}, {args[2]})"


def _decay(value: Value, args: Sequence[str]) -> str:
    x, keep = value.args
    if truncates(value):
        return f"nd_cut({args[0]}, {(keep.low / (1 << value.number)).hex()}f)"
    if max(-x.low, x.high) * keep.high + (1 << value.number) < 1 << 31:
        sign = "" if x.low >= 0 else f" + (({args[0]} >> 31) & {(1 << value.number) - 1})"
        return f"({args[0]} * {args[1]}{sign}) >> {value.number}"
    return f"nd_decay({args[0]}, {args[1]}, {value.number})"
