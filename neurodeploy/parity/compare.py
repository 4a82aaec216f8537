"""The one comparison of two traces: in which cells which quantities of which nodes differ, nothing tolerated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import NeurodeployError
from neurodeploy.parity.rung import Quantity
from neurodeploy.trace import Entry, Trace

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Cell = tuple[int, ...]
Differences = dict[Quantity, Mask]
"""By quantity, the cells ``(B, T, *shape)`` that differ; a quantity that was not compared is left out."""
States = Literal["where both recorded", "where expected"]
"""Which states are compared. ``where expected``: one that only the expected side recorded differs in every cell."""


def quantity(entry: Entry, name: Quantity) -> Array | None:
    """The integers of one quantity of a node, ``(B, T, *shape)``, or None where it was not recorded."""
    return {"output": entry.output, "membrane": entry.v, "current": entry.u}[name]


def compare_entries(expected: Entry, actual: Entry, states: States = "where both recorded") -> Differences:
    """In which cells two records of one node differ; values of another scale or shape differ in every cell."""
    same_states = expected.state_scale == actual.state_scale
    comparable: dict[Quantity, bool] = {
        "output": expected.scale == actual.scale,
        "membrane": same_states,
        "current": same_states,
    }
    differences: Differences = {}
    for name, same_scale in comparable.items():
        ours, theirs = quantity(expected, name), quantity(actual, name)
        if ours is None or (theirs is None and states == "where both recorded"):
            continue
        equal_form = same_scale and theirs is not None and ours.shape == theirs.shape
        differences[name] = ours != theirs if equal_form else np.ones(ours.shape, dtype=np.bool_)
    return differences


def compare(
    expected: Trace, actual: Trace, nodes: Iterable[str] | None = None, states: States = "where both recorded"
) -> dict[str, Differences]:
    """``compare_entries`` of every node of ``expected``, or of some ``nodes``.

    Raises InputError where ``actual`` lacks one of them.
    """
    names = expected.entries if nodes is None else nodes
    return {name: compare_entries(expected[name], actual[name], states) for name in names}


def differing_cells(expected: Trace, actual: Trace, states: States = "where expected") -> dict[str, int]:
    """How many cells differ by ``<node>.<quantity>``; quantities that are equal are left out.

    Raises InputError where ``actual`` lacks a node.
    """
    return {
        f"{node}.{name}": int(np.count_nonzero(mask))
        for node, differences in compare(expected, actual, states=states).items()
        for name, mask in differences.items()
        if mask.any()
    }


def first_cell(different: Mask) -> Cell | None:
    """(step, sample, neuron...) of the first differing cell of a (B, T, *shape) mask, in that precedence."""
    by_time = np.moveaxis(different, 1, 0)
    index = int(by_time.argmax()) if by_time.size else 0
    if not by_time.size or not by_time.flat[index]:
        return None
    return tuple(int(i) for i in np.unravel_index(index, by_time.shape))


def check_aligned(trace: Trace, shapes: Mapping[str, tuple[int, ...]], lead: tuple[int, ...], rung: str) -> None:
    """Every node's record has the shape ``(*lead, *shape)``. Raises NeurodeployError naming the rung and the node.

    Otherwise numpy would stretch one record over another and compare cells that do not belong together.
    """
    for name, shape in shapes.items():
        actual, expected = trace[name].output.shape, (*lead, *shape)
        if actual != expected:
            mismatch = f"its record of node {name} has shape {actual}, not {expected}"
            raise NeurodeployError(mismatch, f"rung {rung}", "its runner must return (B, T, *shape), latency removed")
