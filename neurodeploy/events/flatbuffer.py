"""The part of flatbuffers that it takes to check a buffer before a library reads it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """The root table of a buffer: its place, and where each field lies in it (0 where it is left out)."""

    buffer: bytes
    at: int
    fields: tuple[int, ...]

    def field(self, number: int, form: str, missing: Any) -> Any:
        """A number. Raises struct.error where it lies outside the buffer."""
        offset = self.fields[number] if number < len(self.fields) else 0
        return struct.unpack_from(form, self.buffer, self.at + offset)[0] if offset else missing

    def text(self, number: int) -> str:
        """A text. Raises ValueError where it is left out, outside the buffer or no UTF-8, struct.error as ``field``."""
        start, length = self._vector(number, 1)
        return self.buffer[start : start + length].decode()

    def judge_vector(self, number: int, size: int) -> None:
        """Raises ValueError where a vector of elements of ``size`` bytes does not lie within the buffer."""
        if number < len(self.fields) and self.fields[number]:
            self._vector(number, size)

    def _vector(self, number: int, size: int) -> tuple[int, int]:
        offset = self.fields[number] if number < len(self.fields) else 0
        if not offset:
            raise ValueError(f"it lacks field {number}")
        start = self.at + offset + self.field(number, "<I", 0) + 4
        length = struct.unpack_from("<I", self.buffer, start - 4)[0]
        if start + length * size > len(self.buffer):
            raise ValueError(f"field {number} of {length:,} elements does not lie within it")
        return start, length


def read_table(buffer: bytes, identifier: bytes) -> Table:
    """The root table. Raises ValueError and struct.error for what is no such buffer."""
    root, name = struct.unpack_from("<I4s", buffer)
    if name != identifier:
        raise ValueError(f"it is {name!r}, not {identifier!r}")
    vtable = root - struct.unpack_from("<i", buffer, root)[0]
    if vtable < 0:
        raise ValueError("its fields lie before it")
    size, extent = struct.unpack_from("<HH", buffer, vtable)
    if size < 4 or size % 2 or root + extent > len(buffer):
        raise ValueError("its root table does not lie within it")
    fields = struct.unpack_from(f"<{size // 2 - 2}H", buffer, vtable + 4)
    if any(offset >= extent for offset in fields):
        raise ValueError("a field lies outside its table")
    return Table(buffer, root, fields)
