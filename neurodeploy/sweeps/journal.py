"""Finished rows in a file that is only ever added to, so that a sweep which was killed goes on where it stopped."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from neurodeploy.atomic import check_outside_bundles, made_folder
from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.reading.door import GROWTH, read_open, refuse_irregular
from neurodeploy.reading.json import parse_json

NAME = "rows.jsonl"
START = b'{"key":"'
"""How every line begins."""
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

    A line that was cut short is dropped; what fails before the first row leaves nothing. Raises InputError for a file
    that is no journal, or that another sweep holds, and for a folder of anything else; EnvironmentFailureError where
    the folder cannot be made.
    """
    path = folder / NAME
    check_outside_bundles(path)
    with made_folder(folder):
        if not os.path.lexists(path) and any(folder.iterdir()):
            raise InputError("holds files, and no sweep", str(folder), "choose another -o, or remove what is there")
        yield from _opened(path)


def _opened(path: Path) -> Generator[Journal]:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if path.is_symlink():
            raise InputError("is a link, no file", str(path), REMEDY) from error
        raise EnvironmentFailureError(f"cannot be opened: {error.strerror}", str(path), "choose another -o") from error
    try:
        refuse_irregular(os.fstat(file), str(path), REMEDY)
        _lock(file, path)
        journal = Journal(file, path, _rows(file, path))
        try:
            yield journal
        except BaseException:
            if not journal.rows:
                path.unlink(missing_ok=True)
            raise
    finally:
        os.close(file)


def _lock(file: int, path: Path) -> None:
    """Hold the file that stands at ``path``. Raises InputError where another sweep does, or has just ended."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        free = False
    if not free:
        raise InputError("another sweep is writing it", str(path), "wait for it, or choose another -o")


def _rows(file: int, path: Path) -> dict[str, dict[str, Any]]:
    """The rows there are; a line that was cut short goes, but nothing that no sweep wrote."""
    with os.fdopen(os.dup(file), "rb") as handle:
        text = read_open(handle, str(path), growth=GROWTH)
    whole = text[: text.rfind(b"\n") + 1]
    rest = text[len(whole) :]
    if rest[: len(START)] != START[: len(rest)]:
        raise InputError("is no journal of a sweep", str(path), REMEDY)
    lines = [parse_json(line, Line, str(path), "is no journal of a sweep", REMEDY) for line in whole.splitlines()]
    os.ftruncate(file, len(whole))
    return {line.key: line.outcome for line in lines}
