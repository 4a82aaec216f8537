"""Fixed-width integer types, and the narrowest one that holds a range of integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class IntegerType:
    """An integer type of ``<stdint.h>``, by its name in C; ``dtype`` is numpy's name of it."""

    name: str
    bits: int
    signed: bool

    @property
    def low(self) -> int:
        """Its smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Its largest value."""
        return (1 << (self.bits - 1 if self.signed else self.bits)) - 1

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.bits // 8

    @property
    def dtype(self) -> str:
        """The numpy type of the same layout."""
        return self.name.removesuffix("_t")


INT8, INT16, INT32, INT64 = (IntegerType(f"int{bits}_t", bits, True) for bits in (8, 16, 32, 64))
UINT8, UINT16, UINT32, UINT64 = (IntegerType(f"uint{bits}_t", bits, False) for bits in (8, 16, 32, 64))
SIGNED = (INT8, INT16, INT32, INT64)
ALL = (UINT8, INT8, UINT16, INT16, UINT32, INT32, INT64)
"""Narrowest first; of two types as wide the unsigned one first."""

CACHED = 1 << 14
"""Numbers that are rounded at once: few enough to stay in a cache."""


def narrowest(low: int, high: int, among: tuple[IntegerType, ...] = ALL) -> IntegerType:
    """The first type of ``among`` (narrowest first) that holds all of ``low .. high``; the last where none does."""
    return next((kind for kind in among if kind.low <= low and high <= kind.high), among[-1])


def counts(values: NDArray[Any]) -> NDArray[Any]:
    """Real numbers that stand for counts, rounded to the nearest: one byte each where that holds them all."""
    made = np.empty_like(values, np.int8)
    how: Any = {"flags": ["external_loop", "buffered", "zerosize_ok"], "op_flags": [["readonly"], ["writeonly"]]}
    with np.nditer([values, made], order="K", buffersize=CACHED, **how) as parts:
        for some, stored in parts if values.size else ():
            rounded = np.rint(some)
            if not (rounded.min() >= INT8.low and rounded.max() <= INT8.high):
                return np.rint(values).astype(np.int64)
            stored[...] = rounded
    return made


def narrowed(array: NDArray[Any]) -> NDArray[Any]:
    """The same integers in the narrowest type that holds them all; floats, booleans and empty arrays unchanged."""
    if array.size == 0 or array.dtype.kind not in "iu":
        return array
    if array.dtype == np.uint8:
        return array.copy()
    return array.astype(narrowest(int(array.min()), int(array.max())).dtype)
