"""The vector operations of AVX-512, in intrinsics where vector extensions of the compiler do not express them."""

from neurodeploy.codegen.native.intrinsics_avx2 import WIDEN_TO_16, WIDEN_TO_32, vector_loads

HEADER = "#include <immintrin.h>\n"
OPERATIONS = (
    """
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
"""
    + vector_loads("_mm512_cvt{}_epi32", "_mm_loadu_si128", "_mm256_loadu_si256")
    + """\
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
"""
    + WIDEN_TO_16
    + """\
static inline nd_sums32x16 nd_wide32x16(const void *p) {
  return (nd_sums32x16)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)p));
}
"""
    + WIDEN_TO_32
    + """\
/* Bytes that are not 0, as the bits of a mask. */
#define ND_BLOCK 32
static inline uint32_t nd_events(const void *p) {
  const __m256i x = _mm256_loadu_si256((const __m256i *)p);
  return _mm256_test_epi8_mask(x, x);
}
"""
)
