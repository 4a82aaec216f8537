"""Signals in files: columns of a table, or an array."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.atomic import write_file
from neurodeploy.encoding.arrays import Index, check_held
from neurodeploy.errors import InputError
from neurodeploy.reading import check_regular, open_regular, read_npy, read_npz, read_text

TIME_NAMES = ("t", "time", "times", "timestamp", "timestamps")
EVEN = 1e-3
"""Largest difference of the steps of a column of times, as a share of a step."""

TABLE_BYTES, LONGEST_LINE = 128 << 20, 1 << 20
KINDS = "a .csv (one signal per column), a .npy or an .npz"


def read_signal(path: Path, name: str | None = None) -> NDArray[Any]:
    """``[T]``, ``[F, T]`` or ``[B, F, T]`` from a file.

    A CSV has one signal per column, split by commas, semicolons or tabs, and may have a line of heads; an array is in
    the shape it is; an ``.npz`` needs ``name`` where it holds several. Raises InputError, also where a number is not
    finite or beyond single precision; it names the place.
    """
    check_regular(path, f"give {KINDS}")
    try:
        if path.suffix.lower() == ".csv":
            return _read_table(path)
        if path.suffix.lower() in (".npy", ".npz"):
            return _read_arrays(path, name)
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise InputError(f"cannot be read: {error}", str(path), f"give {KINDS}") from error
    raise InputError("is no kind of file that holds a signal", str(path), f"give {KINDS}")


def write_signal(path: Path, signal: NDArray[Any]) -> None:
    """Write what ``read_signal`` reads, as the suffix says. Raises InputError, EnvironmentFailureError."""
    kind = path.suffix.lower()
    if kind == ".npy":
        write_file(path, lambda file: np.save(file, signal))
    elif kind == ".npz":
        write_file(path, lambda file: np.savez_compressed(file, signal=signal))
    elif kind == ".csv" and signal.ndim < 3:
        lines = "".join(",".join(f"{x:.9g}" for x in row) + "\n" for row in np.atleast_2d(signal).T)
        write_file(path, lambda file: file.write(lines.encode()))
    else:
        reason = "a table has no room for a batch" if kind == ".csv" else "is no kind of file that holds a signal"
        raise InputError(reason, str(path), "write a .npy or an .npz" if kind == ".csv" else f"write {KINDS}")


def time_columns(path: Path, signal: NDArray[Any]) -> tuple[str, ...]:
    """Columns of a CSV, of which ``signal`` was read, that look like times: called so, or rising in equal steps."""
    if path.suffix.lower() != ".csv" or signal.ndim != 2:
        return ()
    with open_regular(path) as file:
        first = file.readline(LONGEST_LINE).decode("utf-8-sig", "replace").rstrip("\r\n")
    heads = [head.strip() for head in first.split(_delimiter(first))]
    named = _numbers(heads) is None
    looks_like: list[str] = []
    for number, values in enumerate(signal.astype(np.float64)):
        head = heads[number] if named and number < len(heads) else ""
        steps = np.diff(values)
        even = len(steps) > 1 and bool((steps > 0).all()) and float(np.ptp(steps)) <= EVEN * float(steps.max())
        if even or re.sub(r"[^a-z].*", "", head.lower()) in TIME_NAMES:
            looks_like.append(f"column {number + 1}" + (f" ({head})" if head else ""))
    return tuple(looks_like)


def _delimiter(first: str) -> str:
    return next((mark for mark in ";\t" if mark in first), ",")


def _read_table(path: Path) -> NDArray[np.float64]:
    text = read_text(path, TABLE_BYTES, growth=1)
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=_delimiter(first))
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    heads = rows.pop(0)[1] if rows and _numbers(rows[0][1]) is None else []
    if not rows:
        raise InputError("holds no samples", str(path), "give one row per sample")
    samples: list[list[float]] = []
    for number, row in rows:
        values = _numbers(row)
        if values is None or len(values) != len(rows[0][1]):
            raise InputError(f"row {number} is no row of {len(rows[0][1])} numbers", str(path), "fill or remove it")
        samples.append(values)

    def place(at: Index) -> str:
        head = f" ({heads[at[1]].strip()})" if at[1] < len(heads) else ""
        return f"row {rows[at[0]][0]}, column {at[1] + 1}{head}"

    table = np.asarray(samples)
    _check(table, path, place)
    return table[:, 0] if table.shape[1] == 1 else table.T


def _check(values: NDArray[Any], path: Path, place: Callable[[Index], str] = str) -> None:
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):
            check_held(values, values.astype(np.float32), str(path), place)


def _numbers(row: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in row]
    except ValueError:
        return None


def _read_arrays(path: Path, name: str | None) -> NDArray[Any]:
    if path.suffix.lower() == ".npy":
        values = read_npy(path, "cannot be read", f"give {KINDS}")
        _check(values, path)
        return values
    arrays = read_npz(path, "cannot be read", f"give {KINDS}")
    chosen = name if name is not None else next(iter(arrays)) if len(arrays) == 1 else None
    if chosen is None or chosen not in arrays:
        held = ", ".join(arrays) or "none"
        raise InputError(f"holds these arrays: {held}", str(path), "name one of them with --array")
    values = arrays[chosen]
    _check(values, path)
    return values
