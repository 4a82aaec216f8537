"""The C types and functions that all native code is written in: what stands once at the top of every source.

Vector extensions of gcc and clang express most operations; ``intrinsics_*.py`` have the rest for each machine, under
the same names. ``nd_words`` is a vector of 32-bit integers, ``nd_sums<bits>x<lanes>`` one of sums.
"""

from __future__ import annotations

from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import intrinsics_avx2, intrinsics_avx512, intrinsics_baseline
from neurodeploy.codegen.native.vector_widths import WORD_BYTES, widths

HEADERS = {
    "avx512": intrinsics_avx512.HEADER,
    "avx2": intrinsics_avx2.HEADER,
    "baseline": intrinsics_baseline.HEADER,
}
OPERATIONS = {
    "avx512": intrinsics_avx512.OPERATIONS,
    "avx2": intrinsics_avx2.OPERATIONS,
    "baseline": intrinsics_baseline.OPERATIONS,
}


def vector_prelude(machine: Machine) -> str:
    """The headers, vector types and vector functions of a machine."""
    sums = "".join(_sum_vector(bits, n) for bits in (16, 32) for n in widths(machine, bits, 8))
    words = _words(machine)
    scalars = "".join(_scalar_access(size) for size in (1, 2, 4, 8))
    return HEADERS[machine.name] + words + sums + OPERATIONS[machine.name] + TESTS + scalars


def _words(machine: Machine) -> str:
    """Vectors of 32-bit integers."""
    return f"""
typedef int32_t nd_words __attribute__((vector_size({machine.vector_bytes})));
typedef nd_words nd_words_at __attribute__((aligned(1), may_alias));
typedef uint32_t nd_unsigned __attribute__((vector_size({machine.vector_bytes})));
static inline nd_words nd_all(int32_t x) {{ return (nd_words){{0}} + x; }}
static inline nd_words nd_from_int32(const void *p) {{ return *(const nd_words_at *)p; }}
static inline void nd_to_int32(void *p, nd_words x) {{ *(nd_words_at *)p = x; }}
static inline nd_words nd_pick(nd_words mask, nd_words a, nd_words b) {{ return (mask & a) | (~mask & b); }}
static inline nd_words nd_joined16(nd_words a, nd_words b) {{ return ((a + b) << 16) >> 16; }}
static inline nd_words nd_joined32(nd_words a, nd_words b) {{ return (nd_words)((nd_unsigned)a + (nd_unsigned)b); }}
static inline void nd_to_int64(int64_t *p, nd_words x) {{
  for (int k = 0; k < {machine.vector_bytes // WORD_BYTES}; k++) p[k] = x[k];
}}
static inline nd_words nd_round(nd_words x, int by) {{
  const nd_words below = x >> by, rest = x & (int32_t)((UINT32_C(1) << by) - 1), half = nd_all(1 << (by - 1));
  return below - ((rest > half) | ((rest == half) & ((below & 1) == 1)));
}}
"""


def _scalar_access(size: int) -> str:
    kind = f"uint{8 * size}_t"
    return f"""
static inline {kind} nd_load{size}(const void *p) {{
  {kind} x;
  __builtin_memcpy(&x, p, {size});
  return x;
}}
static inline void nd_store{size}(void *p, {kind} x) {{ __builtin_memcpy(p, &x, {size}); }}
"""


def _sum_vector(bits: int, n: int) -> str:
    name = f"nd_sums{bits}x{n}"
    return f"""
typedef uint{bits}_t {name} __attribute__((vector_size({n * bits // 8})));
typedef {name} {name}_at __attribute__((aligned({bits // 8}), may_alias));
static inline {name} nd_get{bits}x{n}(const void *p) {{ return *(const {name}_at *)p; }}
static inline void nd_put{bits}x{n}(void *p, {name} x) {{ *({name}_at *)p = x; }}
"""


TESTS = """
/* Whether all of these sums, whose number is a whole one of vectors, are 0. */
static inline int nd_silent(const void *p, int32_t bytes) {
  nd_words any = {0};
  for (int32_t k = 0; k < bytes; k += (int32_t)sizeof any) any |= nd_from_int32((const char *)p + k);
  return !nd_any(any);
}
/* Rounds toward zero until the mode that this returns is set again. */
static inline unsigned nd_round_down(void) {
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | 0x6000);
  return mode;
}
static inline int nd_resting(const uint8_t *flags, int32_t count) {
  uint8_t all = 1;
  for (int32_t k = 0; k < count; k++) all = (uint8_t)(all & flags[k]);
  return all;
}
/* Whether all of these bytes are 0. */
static inline int nd_still(const void *p, int32_t bytes) {
  const char *from = (const char *)p;
  const int32_t whole = bytes / (int32_t)sizeof(nd_words) * (int32_t)sizeof(nd_words);
  int any = 0;
  for (int32_t k = whole; k < bytes; k++) any |= from[k];
  return any == 0 && nd_silent(from, whole);
}
/* Whether any of the rows from .. end - 1, as far as there are such, of so many lists each, has events. */
static inline int nd_reached(const int32_t *starts, int32_t lists, int32_t rows, int32_t from, int32_t end) {
  from = from < 0 ? 0 : from > rows ? rows : from;
  end = end < 0 ? 0 : end > rows ? rows : end;
  return starts[from * lists] != starts[end * lists];
}
static inline void nd_clear(void *p, int32_t bytes) { __builtin_memset(p, 0, (size_t)bytes); }
"""
