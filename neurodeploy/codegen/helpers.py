"""Small C functions that a source may call. They rely on nothing that C99 leaves open, such as ``>>`` of negatives."""

from __future__ import annotations

import re

HELPERS = {
    "nd_i16": """
/* The signed number that these 16 bits stand for. */
static int32_t nd_i16(uint16_t x) {
  return (int32_t)(x ^ UINT32_C(0x8000)) - INT32_C(0x8000);
}
""",
    "nd_i32": """
/* The signed number that these 32 bits stand for. */
static int32_t nd_i32(uint32_t x) {
  return x <= UINT32_C(0x7fffffff) ? (int32_t)x : -(int32_t)(~x) - 1;
}
""",
    "nd_i64": """
/* The signed number that these 64 bits stand for. */
static int64_t nd_i64(uint64_t x) {
  return x <= UINT64_C(0x7fffffffffffffff) ? (int64_t)x : -(int64_t)(~x) - 1;
}
""",
    "nd_floor32": """
/* x / 2^by, rounded down. */
static int32_t nd_floor32(int32_t x, int by) {
  const int32_t sign = -(int32_t)(x < 0);
  return ((x ^ sign) >> by) ^ sign;
}
""",
    "nd_floor64": """
/* x / 2^by, rounded down. */
static int64_t nd_floor64(int64_t x, int by) {
  const int64_t sign = -(int64_t)(x < 0);
  return ((x ^ sign) >> by) ^ sign;
}
""",
    "nd_decay32": """
/* x * keep / 2^bits toward zero, for keep in 0 .. 2^bits and bits up to 15. */
static int32_t nd_decay32(int32_t x, uint32_t keep, int bits) {
  const uint32_t magnitude = x < 0 ? UINT32_C(0) - (uint32_t)x : (uint32_t)x;
  const uint32_t rest = magnitude & ((UINT32_C(1) << bits) - 1);
  const uint32_t part = (magnitude >> bits) * keep + ((rest * keep) >> bits);
  return nd_i32(x < 0 ? UINT32_C(0) - part : part);
}
""",
    "nd_decay64": """
/* x * keep / 2^bits toward zero; the product wraps at 64 bits. */
static int64_t nd_decay64(int64_t x, int64_t keep, int bits) {
  const uint64_t magnitude = x < 0 ? UINT64_C(0) - (uint64_t)x : (uint64_t)x;
  const int64_t part = nd_floor64(nd_i64(magnitude * (uint64_t)keep), bits);
  return x > 0 ? part : x < 0 ? nd_i64(UINT64_C(0) - (uint64_t)part) : 0;
}
""",
    "nd_round64": """
/* x / 2^by rounded half to even, for by in 1 .. 63. */
static int64_t nd_round64(int64_t x, int by) {
  const int64_t below = nd_floor64(x, by);
  const uint64_t rest = (uint64_t)x & ((UINT64_C(1) << by) - 1);
  const uint64_t half = UINT64_C(1) << (by - 1);
  return below + (rest > half || (rest == half && ((uint64_t)below & 1) == 1));
}
""",
    "nd_quotient64": """
/* a / b rounded down, for b > 0. */
static int64_t nd_quotient64(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}
""",
}
NEEDS = {
    "nd_decay32": ("nd_i32",),
    "nd_decay64": ("nd_i64", "nd_floor64"),
    "nd_round64": ("nd_floor64",),
}


def missing_helpers(source: str, known: str) -> str:
    """The text of the helpers that ``source`` calls and ``known``, another source, does not define."""
    called = helpers(source)
    return "".join(text for text in HELPERS.values() if text in called and text not in known)


def helpers(source: str) -> str:
    """The text of the helpers that ``source`` calls, and of those they call."""
    used = set(re.findall(r"\bnd_[a-z]+(?:16|32|64)\b", source)) & HELPERS.keys()
    used |= {needed for name in used for needed in NEEDS.get(name, ())}
    return "".join(text for name, text in HELPERS.items() if name in used)
