"""Delta debugging (Zeller and Hildebrandt 2002): the fewest of many things with which a test still holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Batch = Callable[[Sequence[Sequence[T]]], int | None]
"""Tests several choices at once and says which is the first that holds, or None."""


def fewest(items: Sequence[T], test: Batch[T]) -> list[T]:
    """A choice of ``items`` that holds and of which no single one can be left out; ``items`` hold."""
    kept, parts = list(items), 2
    while kept:
        size = -(-len(kept) // parts)
        choices = [[*kept[:first], *kept[first + size :]] for first in range(0, len(kept), size)]
        index = test(choices)
        if index is not None:
            kept, parts = list(choices[index]), max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(len(kept), 2 * parts)
    return kept
