"""The one comparison of two traces: in which cells which quantities of which nodes differ, nothing tolerated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from neurodeploy.errors import UnavailableError
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import Array, Mask, differing, is_nowhere, marked
from neurodeploy.parity.rung import Quantity
from neurodeploy.trace import Entry, Trace

Cell = tuple[int, ...]
Differences = dict[Quantity, Mask]
"""By quantity, the cells ``(B, T, *shape)`` that differ; a quantity that was not compared is left out."""
REMEDY = "its runner returns a Trace of numpy arrays (B, T, *shape), latency removed"
States = Literal["where both recorded", "where expected"]
"""Which states are compared. ``where expected``: one that only the expected side recorded differs in every cell."""


def quantity(entry: Entry, name: Quantity) -> Array | None:
    """The integers of one quantity of a node, ``(B, T, *shape)``, or None where it was not recorded."""
    return {"output": entry.output, "membrane": entry.v, "current": entry.u}[name]


def compare_entries(
    expected: Entry, actual: Entry, states: States = "where both recorded", known: Known | None = None
) -> Differences:
    """In which cells two records of one node differ; values of another scale or shape differ in every cell.

    ``known``: what is known of the block that both belong to.
    """
    same_states, facts = expected.state_scale == actual.state_scale, Known() if known is None else known
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
        if not same_scale or theirs is None or ours.shape != theirs.shape:
            differences[name] = np.ones(ours.shape, dtype=np.bool_)
        else:
            compared = facts.different if name == "output" else facts.states_differ
            differences[name] = compared(ours, theirs)
    return differences


def unequal(expected: Entry, actual: Entry, known: Known | None = None) -> Mask:
    """Cells whose outputs differ after scaling. ``known``: what is known of the block that both belong to."""
    integers = expected.output.dtype.kind in "biu" and actual.output.dtype.kind in "biu"
    if integers and expected.scale == actual.scale:
        return (Known() if known is None else known).different(expected.output, actual.output)
    return differing(expected.values, actual.values)


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
        f"{node}.{name}": marked(mask)
        for node, differences in compare(expected, actual, states=states).items()
        for name, mask in differences.items()
        if marked(mask)
    }


def first_cell(different: Mask) -> Cell | None:
    """(step, sample, neuron...) of the first differing cell of a (B, T, *shape) mask, in that precedence."""
    if is_nowhere(different):
        return None
    by_time = np.moveaxis(different, 1, 0)
    index = int(by_time.argmax()) if by_time.size else 0
    if not by_time.size or not by_time.flat[index]:
        return None
    return tuple(int(i) for i in np.unravel_index(index, by_time.shape))


def check_aligned(trace: Trace, shapes: Mapping[str, tuple[int, ...]], lead: tuple[int, ...], where: str) -> None:
    """Every node has a record of real numbers ``(*lead, *shape)``, and so have the states that were recorded.

    Otherwise numpy would stretch one record over another and compare cells that do not belong together. Raises
    UnavailableError that names the runner, ``where``, and the node.
    """
    for name, shape in shapes.items():
        entry = trace.entries.get(name)
        if entry is None:
            raise UnavailableError(f"its trace has no record of node {name}", where, REMEDY)
        if not isinstance(entry, Entry):  # pyright: ignore[reportUnnecessaryIsInstance] - foreign code made it
            raise UnavailableError(f"its record of {name} is no Entry", where, REMEDY)
        for key, array in (("output", entry.output), ("v", entry.v), ("u", entry.u)):
            if array is not None or key == "output":
                _check_record(array, (*lead, *shape), f"{name}.{key}", where)


def _check_record(array: object, expected: tuple[int, ...], record: str, where: str) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        form = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
        raise UnavailableError(f"its record {record} is {form}, not of real numbers", where, REMEDY)
    if array.shape != expected:
        raise UnavailableError(f"its record {record} has shape {array.shape}, not {expected}", where, REMEDY)
