"""Events as text: one line each, separated by commas, semicolons, tabs or spaces.

A first line of names says which column is which (``t,x,y,p`` in any order, or what ``columns`` also knows); without
one the order is t, x, y, p. Times with a fraction are seconds, whole ones microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.events.columns import Column, convert, find_columns
from neurodeploy.events.event import CHUNK
from neurodeploy.events.source import EventSource

LINES = CHUNK // 4
LINE_LIMIT = 1 << 12
REMEDY = "write one event per line as t,x,y,p (microseconds, pixels, 0 or 1)"
COMMENT = b"#"


def read_text(path: Path) -> EventSource:
    """A text file of events, read in pieces. Raises InputError with the line at fault."""
    with path.open("rb") as file:
        first = _first_line(file, path)
    separator = next((mark for mark in (",", ";", "\t") if mark in first), None)
    words = [word.strip() for word in (first.split(separator) if separator else first.split())]
    named = any(re.match(r"[A-Za-z_]", word) and word.lower() not in ("nan", "inf") for word in words)
    names = words if named else list("txyp") + [f"column {number}" for number in range(5, len(words) + 1)]
    if len(words) < 4:
        raise InputError(f"its first line has {len(words)} columns: {first[:60]!r}", str(path), REMEDY)
    chosen = find_columns(names, str(path), REMEDY)
    where = {column: names.index(name) for column, name in chosen.items()}
    parts = lambda: _parts(path, separator, where, named)  # noqa: E731
    return EventSource(str(path), "text", None, lambda: convert(parts(), str(path)))


def _first_line(file: BufferedReader, path: Path) -> str:
    while line := file.readline(LINE_LIMIT):
        if line.strip() and not line.startswith(COMMENT):
            try:
                return line.decode().lstrip("\ufeff").strip()
            except UnicodeDecodeError as error:
                raise InputError("is no text", str(path), REMEDY) from error
    raise InputError("holds no events", str(path), REMEDY)


def _parts(path: Path, separator: str | None, where: Mapping[str, int], named: bool) -> Iterator[dict[str, Column]]:
    number = 0
    with path.open("rb") as file:
        while lines := file.readlines(LINES * 24):
            first, number = number, number + len(lines)
            texts = [
                (first + n + 1, line) for n, line in enumerate(lines) if line.strip() and not line.startswith(COMMENT)
            ]
            if named:
                texts, named = texts[1:], not texts
            if texts:
                yield _numbers(texts, separator, where, path)


def _numbers(
    lines: list[tuple[int, bytes]], separator: str | None, where: Mapping[str, int], path: Path
) -> dict[str, Column]:
    columns = tuple(where.values())
    try:
        rows = np.loadtxt([line.decode("latin-1") for _, line in lines], delimiter=separator, usecols=columns, ndmin=2)
    except ValueError as error:
        number, line = next(
            (numbered for numbered in lines if not _readable(numbered[1], separator, columns)), lines[0]
        )
        reason = f"line {number:,} is no event: {line.decode('latin-1').strip()[:60]!r}"
        raise InputError(reason, str(path), REMEDY) from error
    return dict(zip(where, rows.T, strict=True))


def _readable(line: bytes, separator: str | None, columns: tuple[int, ...]) -> bool:
    words = line.decode("latin-1").split(separator)
    try:
        _ = [float(words[column]) for column in columns]
    except (ValueError, IndexError):
        return False
    return True
