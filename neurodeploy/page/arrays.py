"""Arrays in a page: narrow types, bytes of one significance together, deflated, in base64."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.integers import narrowed

Array = NDArray[Any]
LARGEST = 1 << 31
"""Integers from here on are written as 64-bit floats, which hold them up to 2^53: pages have no wider integers."""


class Packed:
    """Arrays that go into a page one after the other; each is found again by the reference that ``add`` returns."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, array: Array, minus: dict[str, Any] | None = None, base: Array | None = None) -> dict[str, Any]:
        """Put an array in. With ``base``, an integer array that is there under the reference ``minus``, only what
        differs from it is written: of two runs that agree, nothing but zeros."""
        related = (
            base is not None and base.shape == array.shape and array.dtype.kind in "iu" and base.dtype.kind in "iu"
        )
        values = array.astype(np.int64) - base.astype(np.int64) if related and base is not None else array
        plain = _plain(values)
        data = np.frombuffer(plain.tobytes(), np.uint8).reshape(-1, plain.itemsize).T.tobytes()
        reference: dict[str, Any] = {"at": self._size, "type": plain.dtype.str[1:], "shape": list(array.shape)}
        if related:
            reference["plus"] = minus
        self._parts.append(data)
        self._size += len(data)
        return reference

    def text(self) -> str:
        """All of them."""
        return base64.b64encode(zlib.compress(b"".join(self._parts))).decode("ascii")


def _plain(array: Array) -> Array:
    """The array in a type that a page reads, little-endian and as narrow as its values allow."""
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, "<f4")
    integers = array.astype(np.int64)
    if integers.size and int(np.abs(integers).max()) >= LARGEST:
        return np.ascontiguousarray(integers, "<f8")
    narrow = narrowed(integers)
    return np.ascontiguousarray(narrow, narrow.dtype.newbyteorder("<"))
