"""The vector types and operations that native code is written in, per machine.

Vector extensions of gcc and clang where they express an operation, intrinsics where they do not. No vector is wider
than the machine's: wider ones are lowered through memory.
"""

from __future__ import annotations

from neurodeploy.codegen.machine import Machine

WORD = 4


def lanes(machine: Machine) -> int:
    """32-bit integers in a vector."""
    return machine.vector_bytes // WORD


def group(machine: Machine) -> int:
    """Neurons that one iteration of an update covers: as many bytes as four vectors of words make."""
    return 4 * lanes(machine)


def widths(machine: Machine, bits: int, least: int = 16) -> tuple[int, ...]:
    """Lanes of the vectors that sums of ``bits`` are added in, widest first; the narrowest has ``least`` bytes."""
    sizes = [each for each in (64, 32, 16, 8) if least <= each <= machine.vector_bytes]
    return tuple(8 * each // bits for each in sizes)


def pieces(machine: Machine, bits: int, count: int, least: int = 16) -> list[tuple[int, int]]:
    """``count`` lanes as (first lane, lanes) of few vectors, which exceed them by less than ``least`` bytes."""
    found: list[tuple[int, int]] = []
    at, sizes = 0, widths(machine, bits, least)
    for width in sizes:
        while count - at >= width or (width == sizes[-1] and at < count):
            found.append((at, width))
            at += width
    return found


def prelude(machine: Machine) -> str:
    """Types and functions, once in every unit."""
    sums = "".join(_sum_vector(bits, n) for bits in (16, 32) for n in widths(machine, bits, 8))
    words = f"""
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
  for (int k = 0; k < {machine.vector_bytes // WORD}; k++) p[k] = x[k];
}}
static inline nd_words nd_round(nd_words x, int by) {{
  const nd_words below = x >> by, rest = x & (int32_t)((UINT32_C(1) << by) - 1), half = nd_all(1 << (by - 1));
  return below - ((rest > half) | ((rest == half) & ((below & 1) == 1)));
}}
"""
    return HEADERS[machine.name] + words + sums + OWN[machine.name] + COMMON + "".join(map(_word, (1, 2, 4, 8)))


def _word(size: int) -> str:
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


HEADERS = {
    "avx512": "#include <immintrin.h>\n",
    "avx2": """#if defined(__GNUC__) && !defined(__clang__) && !defined(_IMMINTRIN_H_INCLUDED)
/* gcc takes half a second to read what all instruction sets have; of these three it takes a twentieth. */
#define _IMMINTRIN_H_INCLUDED
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#else
#include <immintrin.h>
#endif
""",
    "baseline": "#include <emmintrin.h>\n",
}
COMMON = """
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

AVX2_OWN = """
static inline nd_words nd_max(nd_words a, nd_words b) { return (nd_words)_mm256_max_epi32((__m256i)a, (__m256i)b); }
static inline nd_words nd_min(nd_words a, nd_words b) { return (nd_words)_mm256_min_epi32((__m256i)a, (__m256i)b); }
static inline int nd_any(nd_words x) { return !_mm256_testz_si256((__m256i)x, (__m256i)x); }
/* x * keep / 2^bits toward zero, for keep in 0 .. 2^bits and bits up to 15. */
static inline nd_words nd_decay(nd_words x, nd_words keep, int bits) {
  const nd_unsigned m = (nd_unsigned)_mm256_abs_epi32((__m256i)x), rest = m & ((UINT32_C(1) << bits) - 1);
  const nd_unsigned part = (m >> bits) * (nd_unsigned)keep + ((rest * (nd_unsigned)keep) >> bits);
  return (nd_words)_mm256_sign_epi32((__m256i)part, (__m256i)x);
}
/* x * factor toward zero, under a rounding mode toward zero, for integers of 24 bits. */
static inline nd_words nd_cut(nd_words x, float factor) {
  return (nd_words)_mm256_cvttps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps((__m256i)x), _mm256_set1_ps(factor)));
}
static inline nd_words nd_from_uint8(const void *p) {
  return (nd_words)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static inline nd_words nd_from_int8(const void *p) {
  return (nd_words)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static inline nd_words nd_from_uint16(const void *p) {
  return (nd_words)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_words nd_from_int16(const void *p) {
  return (nd_words)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline void nd_to_int16(void *p, nd_words x) {
  const __m256i low = _mm256_and_si256((__m256i)x, _mm256_set1_epi32(0xffff));
  const __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
  _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(both));
}
static inline void nd_to_int8(void *p, nd_words x) {
  const __m256i low = _mm256_and_si256((__m256i)x, _mm256_set1_epi32(0xff));
  const __m256i two = _mm256_packus_epi32(low, low), four = _mm256_packus_epi16(two, two);
  const __m128i first = _mm256_castsi256_si128(four), second = _mm256_extracti128_si256(four, 1);
  _mm_storel_epi64((__m128i *)p, _mm_unpacklo_epi32(first, second));
}
/* The lower bytes of four vectors of 0 .. 255. */
static inline void nd_pack_bytes(void *p, nd_words a, nd_words b, nd_words c, nd_words d) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i x = _mm256_packs_epi32((__m256i)a, (__m256i)b), y = _mm256_packs_epi32((__m256i)c, (__m256i)d);
  _mm256_storeu_si256((__m256i *)p, _mm256_permutevar8x32_epi32(_mm256_packus_epi16(x, y), order));
}
static inline void nd_pack_spikes(void *p, nd_words a, nd_words b, nd_words c, nd_words d) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i x = _mm256_packs_epi32((__m256i)a, (__m256i)b), y = _mm256_packs_epi32((__m256i)c, (__m256i)d);
  const __m256i z = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(x, y), order);
  _mm256_storeu_si256((__m256i *)p, _mm256_and_si256(z, _mm256_set1_epi8(1)));
}
static inline nd_sums16x16 nd_wide16x16(const void *p) {
  return (nd_sums16x16)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_sums16x8 nd_wide16x8(const void *p) {
  return (nd_sums16x8)_mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)p));
}
static inline nd_sums32x8 nd_wide32x8(const void *p) {
  return (nd_sums32x8)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_sums32x4 nd_wide32x4(const void *p) {
  return (nd_sums32x4)_mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)p));
}
/* Bytes that are not 0, as the bits of a mask. */
#define ND_BLOCK 32
static inline uint32_t nd_events(const void *p) {
  const __m256i zero = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_setzero_si256());
  return ~(uint32_t)_mm256_movemask_epi8(zero);
}
"""

BASELINE_OWN = """
static inline nd_words nd_max(nd_words a, nd_words b) { return nd_pick(a > b, a, b); }
static inline nd_words nd_min(nd_words a, nd_words b) { return nd_pick(a < b, a, b); }
static inline int nd_any(nd_words x) {
  return _mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)x, _mm_setzero_si128())) != 0xffff;
}
/* x * keep / 2^bits toward zero, for keep in 0 .. 2^bits and bits up to 15. */
static inline nd_words nd_decay(nd_words x, nd_words keep, int bits) {
  const nd_words sign = x >> 31;
  const nd_unsigned m = (nd_unsigned)((x ^ sign) - sign), rest = m & ((UINT32_C(1) << bits) - 1);
  const nd_unsigned part = (m >> bits) * (nd_unsigned)keep + ((rest * (nd_unsigned)keep) >> bits);
  return ((nd_words)part ^ sign) - sign;
}
/* x * factor toward zero, under a rounding mode toward zero, for integers of 24 bits. */
static inline nd_words nd_cut(nd_words x, float factor) {
  return (nd_words)_mm_cvttps_epi32(_mm_mul_ps(_mm_cvtepi32_ps((__m128i)x), _mm_set1_ps(factor)));
}
static inline __m128i nd_four(const void *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm_cvtsi32_si128(x);
}
static inline nd_words nd_from_uint8(const void *p) {
  const __m128i zero = _mm_setzero_si128();
  return (nd_words)_mm_unpacklo_epi16(_mm_unpacklo_epi8(nd_four(p), zero), zero);
}
static inline nd_words nd_from_int8(const void *p) {
  const __m128i two = _mm_unpacklo_epi8(nd_four(p), nd_four(p));
  return (nd_words)_mm_srai_epi32(_mm_unpacklo_epi16(two, two), 24);
}
static inline nd_words nd_from_uint16(const void *p) {
  return (nd_words)_mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)p), _mm_setzero_si128());
}
static inline nd_words nd_from_int16(const void *p) {
  const __m128i x = _mm_loadl_epi64((const __m128i *)p);
  return (nd_words)_mm_srai_epi32(_mm_unpacklo_epi16(x, x), 16);
}
static inline void nd_to_int16(void *p, nd_words x) {
  const nd_words signed16 = (x << 16) >> 16;
  _mm_storel_epi64((__m128i *)p, _mm_packs_epi32((__m128i)signed16, (__m128i)signed16));
}
static inline void nd_to_int8(void *p, nd_words x) {
  const nd_words low = x & 0xff;
  const __m128i two = _mm_packs_epi32((__m128i)low, (__m128i)low);
  const int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(two, two));
  __builtin_memcpy(p, &four, 4);
}
/* The lower bytes of four vectors of 0 .. 255. */
static inline void nd_pack_bytes(void *p, nd_words a, nd_words b, nd_words c, nd_words d) {
  const __m128i x = _mm_packs_epi32((__m128i)a, (__m128i)b), y = _mm_packs_epi32((__m128i)c, (__m128i)d);
  _mm_storeu_si128((__m128i *)p, _mm_packus_epi16(x, y));
}
static inline void nd_pack_spikes(void *p, nd_words a, nd_words b, nd_words c, nd_words d) {
  const __m128i x = _mm_packs_epi32((__m128i)a, (__m128i)b), y = _mm_packs_epi32((__m128i)c, (__m128i)d);
  _mm_storeu_si128((__m128i *)p, _mm_and_si128(_mm_packs_epi16(x, y), _mm_set1_epi8(1)));
}
static inline nd_sums16x8 nd_wide16x8(const void *p) {
  const __m128i x = _mm_loadl_epi64((const __m128i *)p);
  return (nd_sums16x8)_mm_srai_epi16(_mm_unpacklo_epi8(x, x), 8);
}
static inline nd_sums32x4 nd_wide32x4(const void *p) {
  const __m128i x = _mm_loadl_epi64((const __m128i *)p);
  return (nd_sums32x4)_mm_srai_epi32(_mm_unpacklo_epi16(x, x), 16);
}
/* Bytes that are not 0, as the bits of a mask. */
#define ND_BLOCK 16
static inline uint32_t nd_events(const void *p) {
  const __m128i zero = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), _mm_setzero_si128());
  return 0xffff & ~(uint32_t)_mm_movemask_epi8(zero);
}
"""

AVX512_OWN = """
static inline nd_words nd_max(nd_words a, nd_words b) { return (nd_words)_mm512_max_epi32((__m512i)a, (__m512i)b); }
static inline nd_words nd_min(nd_words a, nd_words b) { return (nd_words)_mm512_min_epi32((__m512i)a, (__m512i)b); }
static inline int nd_any(nd_words x) { return _mm512_test_epi32_mask((__m512i)x, (__m512i)x) != 0; }
/* x * keep / 2^bits toward zero, for keep in 0 .. 2^bits and bits up to 15. */
static inline nd_words nd_decay(nd_words x, nd_words keep, int bits) {
  const nd_words sign = x >> 31;
  const nd_unsigned m = (nd_unsigned)_mm512_abs_epi32((__m512i)x), rest = m & ((UINT32_C(1) << bits) - 1);
  const nd_unsigned part = (m >> bits) * (nd_unsigned)keep + ((rest * (nd_unsigned)keep) >> bits);
  return ((nd_words)part ^ sign) - sign;
}
/* x * factor toward zero, under a rounding mode toward zero, for integers of 24 bits. */
static inline nd_words nd_cut(nd_words x, float factor) {
  const __m512 product = _mm512_mul_round_ps(
      _mm512_cvtepi32_ps((__m512i)x), _mm512_set1_ps(factor), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  return (nd_words)_mm512_cvttps_epi32(product);
}
static inline nd_words nd_from_uint8(const void *p) {
  return (nd_words)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_words nd_from_int8(const void *p) {
  return (nd_words)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_words nd_from_uint16(const void *p) {
  return (nd_words)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
}
static inline nd_words nd_from_int16(const void *p) {
  return (nd_words)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)p));
}
static inline void nd_to_int16(void *p, nd_words x) {
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16((__m512i)x));
}
static inline void nd_to_int8(void *p, nd_words x) {
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)x));
}
/* The lower bytes of four vectors of 0 .. 255. */
static inline void nd_pack_bytes(void *p, nd_words a, nd_words b, nd_words c, nd_words d) {
  nd_to_int8(p, a);
  nd_to_int8((char *)p + 16, b);
  nd_to_int8((char *)p + 32, c);
  nd_to_int8((char *)p + 48, d);
}
static inline void nd_pack_spikes(void *p, nd_words a, nd_words b, nd_words c, nd_words d) {
  nd_pack_bytes(p, a & 1, b & 1, c & 1, d & 1);
}
static inline nd_sums16x32 nd_wide16x32(const void *p) {
  return (nd_sums16x32)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p));
}
static inline nd_sums16x16 nd_wide16x16(const void *p) {
  return (nd_sums16x16)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_sums16x8 nd_wide16x8(const void *p) {
  return (nd_sums16x8)_mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)p));
}
static inline nd_sums32x16 nd_wide32x16(const void *p) {
  return (nd_sums32x16)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)p));
}
static inline nd_sums32x8 nd_wide32x8(const void *p) {
  return (nd_sums32x8)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_sums32x4 nd_wide32x4(const void *p) {
  return (nd_sums32x4)_mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)p));
}
/* Bytes that are not 0, as the bits of a mask. */
#define ND_BLOCK 32
static inline uint32_t nd_events(const void *p) {
  const __m256i x = _mm256_loadu_si256((const __m256i *)p);
  return _mm256_test_epi8_mask(x, x);
}
"""
OWN = {"avx512": AVX512_OWN, "avx2": AVX2_OWN, "baseline": BASELINE_OWN}
