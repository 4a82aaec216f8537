"""One projection as some neurons see it, and what it brings them in every step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.projection import Projection
from neurodeploy.reference.synapse import integer_matmul, messages

Array = NDArray[Any]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Line:
    """One projection as ``K`` neurons see it.

    - ``rows``: weights over elements of the source, ``(R, M)``; ``neurons``: whose of the rows these are, ``(K,)``, one
      may come several times (None: all in their order).
    - ``sent``: what elements sent, integers of any type, ``(B, T, H)``; ``heard``: which of the ``M`` they are,
      ascending, the others sent nothing (None: all).
    - ``more``: by neuron the column of the weight that is otherwise, and how much more it is; None where none is.
    """

    projection: Projection
    rows: IntArray
    sent: Array
    heard: IntArray | None = None
    neurons: IntArray | None = None
    more: tuple[IntArray, IntArray] | None = None

    def of(self, chosen: IntArray, more: tuple[IntArray, IntArray] | None = None) -> Line:
        """The same for some of its neurons, each with one weight that is ``more``. It has none yet."""
        return replace(self, neurons=chosen if self.neurons is None else self.neurons[chosen], more=more)

    @property
    def gets(self) -> tuple[int, bool]:
        """The same for all lines whose synapses get the same messages, sooner or later."""
        return id(self.sent), self.projection.message_bits == 1

    @property
    def product(self) -> tuple[int, int, bool]:
        """The same for all lines that get the same messages over the same rows."""
        return id(self.rows), *self.gets

    @property
    def message(self) -> Array:
        """What its synapses get of what was sent, ``(B, T, H)``."""
        return messages(self.projection, self.sent)

    @property
    def weights(self) -> IntArray:
        """The weights of its neurons over the elements that were heard, ``(K, H)``."""
        rows = self.rows if self.neurons is None else self.rows[self.neurons]
        if self.more is not None:
            rows, (column, more) = rows.copy(), self.more
            rows[np.arange(len(rows)), column] += more
        return rows if self.heard is None else rows[:, self.heard]

    def arriving(self, array: Array) -> Array:
        """What is brought in every step, ``(B, T, ...)``, of what was sent in every step: so much later."""
        late = self.projection.delay
        if late == 0:
            return array
        arriving = np.zeros_like(array)
        steps = slice(late, None) if late > 0 else slice(None, late)
        source = slice(None, -late) if late > 0 else slice(-late, None)
        arriving[:, steps] = array[:, source]
        return arriving


class Sums:
    """Rows times the messages that they weigh: every product once, those of the same messages together."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[Line, IntArray]] = {}

    def add(self, lines: Iterable[Line]) -> None:
        """Make ready what the lines weigh."""
        groups: dict[object, dict[object, Line]] = {}
        for line in lines:
            if line.product not in self._known:
                groups.setdefault(line.gets, {})[line.product] = line
        for products in groups.values():
            first, *_ = group = [*products.values()]
            rows = np.concatenate([line.rows for line in group])
            rows = rows if first.heard is None else rows[:, first.heard]
            batch, steps, heard = first.sent.shape
            total = integer_matmul(first.message.reshape(batch * steps, heard), rows.T).reshape(batch, steps, -1)
            parts = np.split(total, np.cumsum([len(line.rows) for line in group])[:-1], axis=-1)
            self._known |= {key: (line, part) for (key, line), part in zip(products.items(), parts, strict=True)}

    def of(self, line: Line) -> IntArray:
        """What a line that was added brings in every step, before any shift and width, ``(B, T, K)``."""
        total = self._known[line.product][1]
        if line.neurons is not None:
            total = total[..., line.neurons]
        if line.more is not None:
            total = total + _differences(line, *line.more)
        return line.arriving(total)


def _differences(line: Line, column: IntArray, more: IntArray) -> IntArray:
    """What the weights that are otherwise add, ``(B, T, K)``."""
    heard = np.arange(line.rows.shape[1]) if line.heard is None else line.heard
    place = np.searchsorted(heard, column)
    known = np.flatnonzero(np.append(heard, -1)[place] == column)
    added = np.zeros((*line.sent.shape[:2], len(column)), np.int64)
    added[..., known] = messages(line.projection, line.sent[..., place[known]]) * more[known]
    return added
