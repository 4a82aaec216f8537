"""A table before it is rendered: what an object shows on a terminal and in a notebook alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, NamedTuple

from neurodeploy.foreign import in_cell


class Table(NamedTuple):
    """A title, column heads and rows of cells; a column named ``>name`` is set to the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def said(table: Table) -> Table:
    """The table without the columns in which no row says anything."""
    used = [i for i in range(len(table.columns)) if any(str(row[i]) for row in table.rows)]
    return Table(table.title, [table.columns[i] for i in used], [[row[i] for i in used] for row in table.rows])


def dimensions(shape: Sequence[int]) -> str:
    """A shape as ``16×8×8``."""
    return "×".join(map(str, shape))


def listing(head: str, rows: Sequence[Sequence[object]], most: int = 20) -> str:
    """What an object shows at a prompt: a head line and a row for each part, the middle of many rows left out."""
    lines = [f"  {row[0]}: {' '.join(map(str, row[1:]))}" for row in rows]
    if len(lines) > most:
        lines[most // 2 : -most // 2] = [f"  ... {len(lines) - most} more ..."]
    return "\n".join([head, *lines])


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV: what is None is empty, and no text from outside is a formula to the program that opens it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in (columns, *rows):
        writer.writerow([in_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def number(value: float) -> str:
    """A value with every digit that tells it from its neighbors; whole numbers as such, never in powers of ten."""
    if isfinite(value) and (value == round(value) or abs(value) >= 1e9):
        return str(round(value))
    return f"{value:.9g}"


def span(value: Any) -> str:
    """An integer, or the least and greatest of an array of them: ``-168..140``."""
    if isinstance(value, int):
        return str(value)
    if value.size == 0:
        return ""
    low, high = int(value.min()), int(value.max())
    return str(low) if low == high else f"{low}..{high}"
