"""Values of a stream computed by numpy, for all steps, signals and places of the arrays at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.step.value import Op, Value, reachable
from neurodeploy.streams.stream import IntArray

Arrays = Mapping[str, IntArray]


def leaves(roots: Sequence[Value]) -> set[str]:
    """Names of the states, messages and sums that values are encoder of."""
    return {value.name for value in reachable(roots) if _is_leaf(value)}


class Block:
    """Straight-line code for some values: what is the same for every call is prepared once.

    Tables have one entry per lane, the last axis; with ``places`` one per lane and place, the last two. ``known`` are
    values that the caller has computed already.
    """

    def __init__(self, roots: Sequence[Value], lanes: int, places: int = 0, known: Sequence[Value] = ()) -> None:
        self._start: list[Any] = [None] * len(known)
        self._given = len(known)
        self._names: list[tuple[int, str]] = []
        self._steps: list[tuple[Callable[..., Any], Sequence[int], int]] = []
        self._lanes, self._places = lanes, places
        self._flags: dict[int, int] = {}
        self._slots = {id(value): slot for slot, value in enumerate(known)}
        for root in roots:
            self._place(root)
        self._roots = [self._slot(root) for root in roots]

    def __call__(self, read: Arrays, known: Sequence[IntArray] = ()) -> list[IntArray]:
        """What the roots are, in numpy's int64."""
        slots = self._start.copy()
        slots[: self._given] = known
        for slot, name in self._names:
            slots[slot] = read[name]
        for function, args, slot in self._steps:
            slots[slot] = function(*[slots[argument] for argument in args])
        return [slots[root] for root in self._roots]

    def _place(self, value: Value) -> None:
        """Give a value its slot, and the code that fills it, after those it is encoder of."""
        if id(value) in self._slots or id(value) in self._flags:
            return
        for argument in value.args:
            self._place(argument)
        if value.op == "constant" or value.table is not None:
            known = np.array(value.low, np.int64) if value.table is None else self._table(value.table)
            self._slots[id(value)] = self._known(known)
        elif _is_leaf(value):
            self._slots[id(value)] = self._known(None)
            self._names.append((self._slots[id(value)], value.name))
        elif value.op in COMPARE:
            self._flags[id(value)] = self._code(COMPARE[value.op], [self._slot(argument) for argument in value.args])
        elif value.op == "select":
            flag, *rest = value.args
            first = self._flags[id(flag)] if id(flag) in self._flags else self._code(_nonzero, [self._slot(flag)])
            self._slots[id(value)] = self._code(np.where, [first, *(self._slot(argument) for argument in rest)])
        else:
            number = [self._known(np.array(value.number, np.int64))] if value.op in NUMBERED else []
            args = [self._slot(argument) for argument in value.args]
            self._slots[id(value)] = self._code(OPERATIONS[value.op], args + number)

    def _slot(self, value: Value) -> int:
        """Where an integer lies; a comparison becomes one where a choice is not all that it serves."""
        if id(value) not in self._slots:
            self._slots[id(value)] = self._code(_as_integers, [self._flags[id(value)]])
        return self._slots[id(value)]

    def _known(self, array: Any) -> int:
        self._start.append(array)
        return len(self._start) - 1

    def _code(self, function: Callable[..., Any], args: Sequence[int]) -> int:
        slot = self._known(None)
        self._steps.append((function, args, slot))
        return slot

    def _table(self, table: IntArray) -> IntArray:
        rows = table.reshape(-1, self._places) if self._places else table
        return rows[np.arange(self._lanes) % len(rows)]


def _is_leaf(value: Value) -> bool:
    return not value.args and value.op != "constant" and value.table is None


def _as_integers(flag: NDArray[np.bool_]) -> IntArray:
    return flag.astype(np.int64)


def _nonzero(number: IntArray) -> NDArray[np.bool_]:
    return number != 0


def _decay(x: IntArray, keep: IntArray, bits: IntArray) -> IntArray:
    """Toward zero."""
    part = (np.abs(x) * keep) >> bits
    return np.where(x < 0, -part, part)


COMPARE: Mapping[Op, Callable[..., Any]] = {"greater": np.greater, "at-least": np.greater_equal}
NUMBERED: frozenset[Op] = frozenset(("shift-left", "shift-right", "decay"))
OPERATIONS: Mapping[Op, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "shift-left": np.left_shift,
    "shift-right": np.right_shift,
    "decay": _decay,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
"""With ``COMPARE`` and a choice between two, the operations that encoders are encoder of."""
