"""The vector operations of AVX2, in intrinsics where vector extensions of the compiler do not express them."""

HEADER = """#if defined(__GNUC__) && !defined(__clang__) && !defined(_IMMINTRIN_H_INCLUDED)
/* gcc takes half a second to read what all instruction sets have; of these three it takes a twentieth. */
#define _IMMINTRIN_H_INCLUDED
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#else
#include <immintrin.h>
#endif
"""
WIDEN_TO_16 = """\
static inline nd_sums16x16 nd_wide16x16(const void *p) {
  return (nd_sums16x16)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_sums16x8 nd_wide16x8(const void *p) {
  return (nd_sums16x8)_mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)p));
}
"""
"""Loads of 8-bit weights as 16-bit sums; AVX-512 has them too."""
WIDEN_TO_32 = """\
static inline nd_sums32x8 nd_wide32x8(const void *p) {
  return (nd_sums32x8)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline nd_sums32x4 nd_wide32x4(const void *p) {
  return (nd_sums32x4)_mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)p));
}
"""
"""Loads of 16-bit weights as 32-bit sums; AVX-512 has them too."""


def vector_loads(convert: str, bytes_at: str, words_at: str) -> str:
    """The functions ``nd_from_<type>(p)``: numbers in memory as a vector of 32-bit integers.

    ``convert``: the intrinsic, with ``{}`` for the type; ``bytes_at``, ``words_at``: what loads numbers of 8 and 16
    bits.
    """
    types = {"uint8": ("epu8", bytes_at), "int8": ("epi8", bytes_at), "uint16": ("epu16", words_at)}
    types["int16"] = ("epi16", words_at)
    text = "static inline nd_words nd_from_{}(const void *p) {{\n  return (nd_words){}({}((const {} *)p));\n}}\n"
    return "".join(
        text.format(kind, convert.format(suffix), load, "__m256i" if "256" in load else "__m128i")
        for kind, (suffix, load) in types.items()
    )


OPERATIONS = (
    """
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
"""
    + vector_loads("_mm256_cvt{}_epi32", "_mm_loadl_epi64", "_mm_loadu_si128")
    + """\
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
"""
    + WIDEN_TO_16
    + WIDEN_TO_32
    + """\
/* Bytes that are not 0, as the bits of a mask. */
#define ND_BLOCK 32
static inline uint32_t nd_events(const void *p) {
  const __m256i zero = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_setzero_si256());
  return ~(uint32_t)_mm256_movemask_epi8(zero);
}
"""
)
