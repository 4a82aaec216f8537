"""Events as text: one line each, separated by commas, semicolons, tabs or spaces.

A first line of names says which column is which (``t,x,y,p`` in any order, or what ``columns`` also knows); without
one the order is guessed from the first lines, and said so. ``%geometry:WIDTH,HEIGHT`` is a line that Prophesee's tools
write. Lines that begin with # or % are comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.events.columns import Column, Hints, convert, find_columns, guess_order, guess_unit, unit_in
from neurodeploy.events.event import CHUNK, Sensor
from neurodeploy.events.source import EventSource, guess_findings

LINES = CHUNK // 4
LINE_LIMIT, LONGEST_LINE = 1 << 12, 1 << 16
HEAD = 1000
"""Lines that are looked at before reading: names, order and unit are judged by them."""

REMEDY = "write one event per line as t,x,y,p (microseconds, pixels, 0 or 1), or name the columns with --columns"
COMMENTS = (b"#", b"%")
GEOMETRY = re.compile(r"[#%]\s*geometry\s*[:=]?\s*(\d+)\s*[x,]\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class TextTable:
    """How lines become columns: what separates them, where t, x, y and p are, and whether a line of names is first."""

    path: Path
    separator: str | None
    columns: Mapping[str, int]
    named: bool


def read_text(path: Path, hints: Hints) -> EventSource:
    """A text file of events, read in pieces. Raises InputError with the line at fault."""
    sensor, lines = _head(path)
    first = lines[0] if lines else ""
    separator = next((mark for mark in (",", ";", "\t") if mark in first), None)
    words = [word.strip() for word in (first.split(separator) if separator else first.split())]
    named = any(re.match(r"['\"]?[A-Za-z_]", word) and word.lower() not in ("nan", "inf") for word in words)
    if len(words) < 4:
        reason = f"its first line has {len(words)} columns: {first[:60]!r}" if lines else "holds no events"
        raise InputError(reason, str(path), REMEDY)
    rows = _sample(lines[named:], separator)
    guessed = not named and hints.names is None
    names = hints.names or (words if named else guess_order(rows) if len(rows) else tuple("txyp"))
    chosen = find_columns(names, str(path), REMEDY)
    where = {column: list(names).index(name) for column, name in chosen.items()}
    if len(names) > len(words):
        raise InputError(f"has {len(words)} columns, --columns names {len(names)}", str(path), "name only those")
    unit = hints.time_unit or unit_in(chosen["t"])
    detected = unit or (guess_unit(rows[:, where["t"]]) if len(rows) and where["t"] < rows.shape[1] else "us")
    table = TextTable(path, separator, where, named)
    span = _last(path, separator, where["t"]) - rows[0, where["t"]] if len(rows) and where["t"] < rows.shape[1] else 0.0
    findings = guess_findings(str(path), names if guessed else None, None if unit else detected, span)
    return EventSource(str(path), "text", sensor, lambda: convert(_parts(table), str(path), unit=detected), findings)


def _head(path: Path) -> tuple[Sensor | None, list[str]]:
    """The size that a comment states, and the first lines that are none."""
    sensor, lines = None, list[str]()
    with path.open("rb") as file:
        for raw in iter(lambda: file.readline(LINE_LIMIT), b""):
            try:
                line = raw.decode().lstrip("\ufeff").strip()
            except UnicodeDecodeError as error:
                if not lines:
                    raise InputError("is no text", str(path), REMEDY) from error
                break
            geometry = GEOMETRY.match(line)
            sensor = Sensor(int(geometry[1]), int(geometry[2])) if geometry else sensor
            if line and not raw.startswith(COMMENTS):
                lines.append(line)
            if len(lines) > HEAD:
                break
    return sensor, lines


def _last(path: Path, separator: str | None, column: int) -> float:
    """The number in a column of the last line; NaN where there is none."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LINE_LIMIT))
        lines = file.read().decode("latin-1").strip().splitlines()
    try:
        return float(lines[-1].split(separator)[column])
    except (ValueError, IndexError):
        return float("nan")


def _sample(lines: list[str], separator: str | None) -> NDArray[np.float64]:
    """As many of the first lines as are rows of numbers of one length, ``(N, K)``."""
    rows: list[list[float]] = []
    for line in islice(lines, HEAD):
        try:
            rows.append([float(word) for word in line.split(separator)])
        except ValueError:
            break
        if len(rows[-1]) != len(rows[0]):
            rows.pop()
            break
    return np.array(rows, np.float64).reshape(len(rows), len(rows[0]) if rows else 0)


def _parts(table: TextTable) -> Iterator[dict[str, Column]]:
    number, named = 0, table.named
    with table.path.open("rb") as file:
        while lines := _lines(file.read(LINES * 24) + file.readline(LONGEST_LINE), number, table.path):
            first, number = number, number + len(lines)
            texts = [
                (first + n + 1, line) for n, line in enumerate(lines) if line.strip() and not line.startswith(COMMENTS)
            ]
            if named:
                texts, named = texts[1:], not texts
            if texts:
                yield _numbers(texts, table)


def _lines(block: bytes, number: int, path: Path) -> list[bytes]:
    """The lines of a block after so many. Raises InputError for one that is longer than any line of events."""
    lines = block.splitlines(keepends=True)
    long = next((at for at, line in enumerate(lines) if len(line) > LONGEST_LINE - 1), None)
    if long is not None:
        raise InputError(f"line {number + long + 1:,} is too long for an event", str(path), REMEDY)
    return lines


def _numbers(lines: list[tuple[int, bytes]], table: TextTable) -> dict[str, Column]:
    columns = tuple(table.columns.values())
    try:
        texts = [line.decode("latin-1") for _, line in lines]
        rows = np.loadtxt(texts, delimiter=table.separator, usecols=columns, ndmin=2, comments=None)
    except ValueError as error:
        number, line = next((entry for entry in lines if not _readable(entry[1], table.separator, columns)), lines[0])
        reason = f"line {number:,} is no event: {line.decode('latin-1').strip()[:60]!r}"
        raise InputError(reason, str(table.path), REMEDY) from error
    return dict(zip(table.columns, rows.T, strict=True))


def _readable(line: bytes, separator: str | None, columns: tuple[int, ...]) -> bool:
    words = line.decode("latin-1").split(separator)
    try:
        _ = [float(words[column]) for column in columns]
    except (ValueError, IndexError):
        return False
    return True
