"""Which integer types C code stores and computes in, and how C spells a constant of such a type."""

from __future__ import annotations

from neurodeploy.integers import INT8, INT16, INT32, INT64, UINT8, UINT16, IntegerType, narrowest

STORED = (UINT8, INT8, UINT16, INT16, INT32, INT64)
"""Types of arrays. Unsigned 32 bits are left out: states and messages that wide are rare, and signed ones mix."""
COMPUTED = (INT32, INT64)
"""Types of arithmetic: C promotes anything narrower to a signed type of at least 16 bits anyway."""
INDEX = (UINT16, INT32)
"""Types of places in an array."""


def stored_type(low: int, high: int) -> IntegerType:
    """The type that an array of integers ``low .. high`` is stored in."""
    return narrowest(low, high, STORED)


def literal(number: int, kind: IntegerType) -> str:
    """The C text of a constant of at most 64 bits. The least number of a type has no literal of its own in C."""
    if number == INT64.low:
        return "(-INT64_C(9223372036854775807) - 1)"
    if kind.bits == 64:
        return f"INT64_C({number})" if number >= 0 else f"(-INT64_C({-number}))"
    if number == INT32.low:
        return "(-INT32_C(2147483647) - 1)"
    return str(number) if number >= 0 else f"({number})"
