"""JSON as typed values: depth, kinds, words and ranges are checked by ``msgspec`` while it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from neurodeploy.errors import InputError
from neurodeploy.reading.door import DOCUMENT_BYTES, read_bytes

T = TypeVar("T")
MARK = b"\xef\xbb\xbf"
UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError, OverflowError, ValueError, TypeError)
"""What decoding raises for text that is not what it should be."""


def parse_json(data: bytes | str, kind: type[T], where: str, what: str, remedy: str) -> T:
    """A value of type ``kind`` from its JSON. Raises InputError: ``what`` is wrong (``where``, ``remedy``), and why."""
    try:
        text = data.encode() if isinstance(data, str) else data
        return msgspec.json.decode(text.removeprefix(MARK), type=kind)
    except UNREADABLE as error:
        raise InputError(f"{what}: {reason(error)}", where, remedy) from error


def read_json(path: Path, kind: type[T], what: str, remedy: str, usual: int = DOCUMENT_BYTES) -> T:
    """The same of a file. Raises InputError also where ``path`` is no regular file, or too large."""
    return parse_json(read_bytes(path, usual), kind, str(path), what, remedy)


def as_kind(value: Any, kind: type[T], where: str, what: str, remedy: str) -> T:
    """Plain data as a value of type ``kind``. Raises InputError."""
    try:
        return msgspec.convert(value, kind)
    except UNREADABLE as error:
        raise InputError(f"{what}: {reason(error)}", where, remedy) from error


def reason(error: Exception) -> str:
    """Why text could not be decoded, in words."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
