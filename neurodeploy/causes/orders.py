"""Whether a node did the right thing in the wrong place: in other neurons, for other samples, at another moment."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.observed import Observed
from neurodeploy.causes.values import Cause
from neurodeploy.trace import Entry

Array = NDArray[Any]
PLACES = 16
"""Messages of a step, and steps, of which others may be lost."""
SEEN = 4
"""Steps in which some are lost that it takes to tell such a rule from an accident."""


def orders(observed: Observed, guilty: NDArray[np.int64]) -> Iterator[Cause]:
    """The causes of that kind. ``guilty``: neurons that differ, flat."""
    yield from _samples(observed.actual, observed.expected)
    moved = list(_moved(observed.actual, observed.arrived))
    yield from moved or _neurons(observed.actual, observed.arrived, guilty)
    yield from _sent(observed.actual, observed.arrived)
    yield from _records(observed.actual, observed.arrived)


def _samples(actual: Entry, expected: Entry) -> Iterator[Cause]:
    ours, theirs = ([_key(entry, sample) for sample in range(len(entry.output))] for entry in (expected, actual))
    if len(ours) > 1 and ours != theirs and sorted(ours) == sorted(theirs) and len(set(ours)) > 1:
        order = ", ".join(str(ours.index(key)) for key in theirs)
        yield Cause("samples", f"they came back in another order: {order}", 1.0)


def _key(entry: Entry, sample: int) -> bytes:
    arrays = [entry.output, *([] if entry.v is None or entry.u is None else [entry.v, entry.u])]
    return b"".join(np.ascontiguousarray(array[sample]).astype(np.int64).tobytes() for array in arrays)


def _neurons(actual: Entry, arrived: Entry, guilty: NDArray[np.int64]) -> Iterator[Cause]:
    """Neurons whose outputs are those of others, their states with them or not."""
    if len(guilty) < 2:
        return
    ours, theirs = (_columns(entry.output) for entry in (arrived, actual))
    by_output = {ours[:, j].tobytes(): j for j in guilty}
    came = {int(i): by_output.get(theirs[:, i].tobytes()) for i in guilty}
    if len(set(came.values())) != len(guilty) or None in came.values():
        return
    sources = np.array([came[int(i)] for i in guilty])
    for quantity in ("v", "u"):
        mine, their = getattr(arrived, quantity), getattr(actual, quantity)
        if mine is None or their is None:
            continue
        mine, their = _columns(mine), _columns(their)
        if not (
            np.array_equal(their[:, guilty], mine[:, sources]) or np.array_equal(their[:, guilty], mine[:, guilty])
        ):
            return
    pairs = ", ".join(f"{i} does what {j} should" for i, j in list(came.items())[:4])
    yield Cause("channels", f"neurons stand in each other's place: {pairs}", log2(max(2, ours.shape[1])))


def _moved(actual: Entry, arrived: Entry) -> Iterator[Cause]:
    """Outputs of all neurons that stand in another order, their states with them or not."""
    index = np.arange(arrived.output[0, 0].size).reshape(arrived.output.shape[2:])
    orders = {f"read back {by:+d} addresses further": np.roll(index.ravel(), by) for by in (1, -1, 2, -2)}
    orders["read back in the opposite order"] = index.ravel()[::-1]
    for axis in range(index.ndim if index.ndim > 1 else 0):
        orders[f"axis {axis} is counted from its end"] = np.flip(index, axis).ravel()
        orders |= {f"axis {axis} is read {by:+d} further": np.roll(index, by, axis).ravel() for by in (1, -1)}
    ours, theirs = _columns(arrived.output), _columns(actual.output)
    for words, order in orders.items():
        ends = order[1:] - order[:-1] != 1
        inside = slice(None) if ends.sum() != 1 else _inside(order, theirs)
        if not np.array_equal(theirs[:, inside], ours[:, order][:, inside]) or np.array_equal(order, index.ravel()):
            continue
        pairs = [(getattr(arrived, key), getattr(actual, key)) for key in ("v", "u")]
        states = [(_columns(a), _columns(b)) for a, b in pairs if a is not None and b is not None]
        if all(np.array_equal(b[:, inside], a[:, inside]) for a, b in states) or all(
            np.array_equal(b[:, inside], a[:, order][:, inside]) for a, b in states
        ):
            yield Cause("channels", f"neurons are {words}", 3.0)


def _inside(order: NDArray[np.int64], theirs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Neurons of a roll that came from within it; what comes in at its end may be silent instead."""
    size = len(order)
    came = np.arange(size) - order
    far = np.abs(came) > size // 2
    return np.flatnonzero(~far | theirs.any(axis=0))


def _sent(actual: Entry, arrived: Entry) -> Iterator[Cause]:
    """Outputs of which some never left the node, its states being right; in some steps at least, as rules are many."""
    for name in ("v", "u"):
        ours, theirs = getattr(arrived, name), getattr(actual, name)
        if ours is not None and theirs is not None and not np.array_equal(ours, theirs):
            return
    lead = arrived.output.shape[:2]
    if (arrived.output != actual.output).reshape(*lead, -1).any(axis=2).sum() < SEEN:
        return
    ours, theirs = (entry.output.reshape(*lead, -1) for entry in (arrived, actual))
    for turn, words in ((1, "first"), (-1, "last")):
        rank = np.cumsum(ours[..., ::turn] != 0, axis=-1)[..., ::turn]
        for places in range(1, PLACES + 1):
            if np.array_equal(theirs, np.where(rank <= places, ours, 0)):
                yield Cause("lost messages", f"only the {words} {places} of a step leave it", 1 + log2(1 + places))
                break
    for n in range(2, PLACES + 1):
        for phase in range(n):
            if not theirs[:, phase::n].any():
                kept = ours.copy()
                kept[:, phase::n] = 0
                if np.array_equal(theirs, kept):
                    words = f"those of every {n}th step never leave it, the first after {phase}"
                    yield Cause("lost messages", words, 1 + 2 * log2(n))


def _records(actual: Entry, arrived: Entry) -> Iterator[Cause]:
    """States that are read at another moment; what the node sends is right."""
    if not np.array_equal(actual.output, arrived.output) or actual.v is None or arrived.v is None:
        return
    read = {"membrane": (actual.v, arrived.v), "current": (actual.u, arrived.u)}
    for name, (theirs, ours) in read.items():
        pairs = [pair for key, pair in read.items() if key != name]
        others = [np.array_equal(a, b) for a, b in pairs if a is not None and b is not None]
        if theirs is None or ours is None or np.array_equal(theirs, ours) or not all(others):
            continue
        if name == "membrane" and arrived.v_before is not None and np.array_equal(theirs, arrived.v_before):
            yield Cause("record", "the membrane is read before its reset", 1.0)
        if np.array_equal(theirs[:, 1:], ours[:, :-1]):
            yield Cause("record", f"the {name} is read a step late", 1.0)
        if np.array_equal(theirs[:, :-1], ours[:, 1:]):
            yield Cause("record", f"the {name} is read a step early", 1.0)


def _columns(array: Array) -> NDArray[np.int64]:
    return array.reshape(array.shape[0] * array.shape[1], -1).astype(np.int64)
