"""The C type of a range of integers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CType:
    """An integer type of ``<stdint.h>``; ``name`` without ``_t`` is numpy's name of it too."""

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


INT8, INT16, INT32, INT64 = (CType(f"int{bits}_t", bits, True) for bits in (8, 16, 32, 64))
UINT8, UINT16, UINT32, UINT64 = (CType(f"uint{bits}_t", bits, False) for bits in (8, 16, 32, 64))
STORED = (UINT8, INT8, UINT16, INT16, INT32, INT64)
COMPUTED = (INT32, INT64)
INDEX = (UINT16, INT32)


def smallest(low: int, high: int, among: tuple[CType, ...] = STORED) -> CType:
    """The first of ``among`` that holds ``low .. high``."""
    return next(each for each in among if each.low <= low and high <= each.high)


def literal(number: int, kind: CType) -> str:
    """A constant of that type, in the range of 64 bits."""
    if number == INT64.low:
        return "(-INT64_C(9223372036854775807) - 1)"
    if kind.bits == 64:
        return f"INT64_C({number})" if number >= 0 else f"(-INT64_C({-number}))"
    if number == INT32.low:
        return "(-INT32_C(2147483647) - 1)"
    return str(number) if number >= 0 else f"({number})"
