"""The elements of a MATLAB 5 file: their types and sizes, looked at before scipy trusts them.

A file is a header of 128 bytes and elements, each a type, a size and data (MathWorks, *MAT-File Format*). scipy 1.17
takes an unknown type for an index into a table and may crash on it.
"""

from __future__ import annotations

import struct
import zlib
from io import BufferedReader
from pathlib import Path

from neurodeploy.errors import InputError
from neurodeploy.events.binary import COPY
from neurodeploy.reading.door import allowance, too_large

HEADER = 128
MATRIX, COMPRESSED = 14, 15
PARTS = frozenset((1, 2, 3, 4, 5, 6, 7, 9, 12, 13, MATRIX, 16, 17, 18))
"""Types of what a variable is made of: numbers of every size, text, other variables."""

FIRST_PARTS = (6, 5, 1)
"""Types of the first parts of a matrix: flags, dimensions, name."""

PIECE, DEEPEST = 1 << 20, 50


def judge_elements(path: Path) -> None:
    """Raises InputError, with the byte, where an element has no known type, does not fit, or fails its checksum."""
    size, held = path.stat().st_size, 0
    limit = allowance(path.stat())
    with path.open("rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(HEADER)[126:])
        if order is None:
            raise _damaged(path, min(size, HEADER - 2), "its header does not say the order of bytes")
        at = HEADER
        while at < size:
            kind, start, end, following = _tag(file, at, size, order, path)
            if kind == COMPRESSED:
                held += _inflate(file, start, end, path, limit - held)
            elif kind == MATRIX:
                _judge_matrix(file, start, end, order, path)
            else:
                raise _damaged(path, at, f"an element of type {kind} is no variable")
            at = following


def _judge_matrix(file: BufferedReader, at: int, end: int, order: str, path: Path, depth: int = 0) -> None:
    """Flags, dimensions and name, then numbers or, in a struct or cell, matrices."""
    if depth > DEEPEST:
        raise _damaged(path, at, "variables nested too deeply")
    first = list(FIRST_PARTS)
    while at < end:
        kind, start, after, following = _tag(file, at, end, order, path)
        if kind != first.pop(0) if first else kind not in PARTS:
            raise _damaged(path, at, f"an element of type {kind} within a variable")
        if kind == MATRIX:
            _judge_matrix(file, start, after, order, path, depth + 1)
        at = following


def _tag(file: BufferedReader, at: int, end: int, order: str, path: Path) -> tuple[int, int, int, int]:
    """Type of an element, where its data starts and ends, and where the next begins.

    Up to four bytes of data may share the eight bytes of the tag.
    """
    file.seek(at)
    tag = file.read(8)
    if len(tag) < 8 or at + 8 > end:
        raise _damaged(path, at, "an element is cut off")
    kind, length = struct.unpack(f"{order}II", tag)
    if kind >> 16:
        kind, length = kind & 0xFFFF, kind >> 16
        start, following, fits = at + 4, at + 8, length <= 4
    else:
        start, following = at + 8, at + 8 + length + (0 if kind == COMPRESSED else -length % 8)
        fits = start + length <= end
    if not fits:
        raise _damaged(path, at, f"an element of {length:,} bytes there does not fit before byte {end:,}")
    return kind, start, start + length, following


def _inflate(file: BufferedReader, at: int, end: int, path: Path, limit: int) -> int:
    """Read a compressed element to the end: its checksum must be right, its size, which is returned, within limits."""
    stream = zlib.decompressobj()
    file.seek(at)
    left, held = end - at, 0
    try:
        while left > 0:
            data = file.read(min(PIECE, left))
            left -= len(data)
            while data:
                held += len(stream.decompress(data, PIECE))
                data = stream.unconsumed_tail
                if held > limit:
                    raise too_large(held, limit, str(path), "unpacked it is more than")
    except zlib.error as error:
        raise _damaged(path, at, str(error)) from error
    if not stream.eof:
        raise _damaged(path, at, "its compressed data has no end")
    return held


def _damaged(path: Path, at: int, reason: str) -> InputError:
    return InputError(f"cut off or damaged at byte {at:,}: {reason}", str(path), COPY)
