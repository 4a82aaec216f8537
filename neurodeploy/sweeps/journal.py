"""Finished rows in a file that is only ever added to, so that a sweep which was killed goes on where it stopped."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.reading.json import parse_json

NAME = "rows.jsonl"
REMEDY = "name another folder, or remove this one to start again"


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """A row as the file has it: its job's key, and what was measured."""

    key: str
    outcome: dict[str, str | float | int | None]


class Journal:
    """The rows of a folder, by their jobs' keys."""

    def __init__(self, file: int, path: Path, rows: dict[str, dict[str, Any]]) -> None:
        self._file, self._path, self.rows = file, path, rows

    def add(self, key: str, outcome: Mapping[str, Any]) -> None:
        """Keep a row. Raises EnvironmentFailureError where the disk refuses; rows before it stay."""
        text = msgspec.json.encode(Line(key, dict(outcome))) + b"\n"
        end = os.lseek(self._file, 0, os.SEEK_END)
        try:
            if os.write(self._file, text) != len(text):
                raise OSError("the disk is full")
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, end)
            remedy = f"make room and start the sweep again: its {len(self.rows)} finished rows are kept"
            raise EnvironmentFailureError(f"a row cannot be written: {error}", str(self._path), remedy) from error
        self.rows[key] = dict(outcome)


@contextmanager
def open_journal(folder: Path) -> Generator[Journal]:
    """The journal of a folder, locked; the folder is made where it is missing.

    A line that was cut short is dropped. Raises InputError for a file that is no journal, or that another sweep holds;
    EnvironmentFailureError where the folder cannot be made.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise EnvironmentFailureError(f"cannot be opened: {error.strerror}", str(path), "choose another -o") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError("another sweep is writing it", str(path), "wait for it, or choose another -o") from error
        yield Journal(file, path, _rows(file, path))
    finally:
        os.close(file)


def _rows(file: int, path: Path) -> dict[str, dict[str, Any]]:
    with os.fdopen(os.dup(file), "rb") as handle:
        text = handle.read()
    whole = text[: text.rfind(b"\n") + 1]
    os.ftruncate(file, len(whole))
    lines = [parse_json(line, Line, str(path), "is no journal of a sweep", REMEDY) for line in whole.splitlines()]
    return {line.key: line.outcome for line in lines}
