"""The vector operations of SSE2, which every x86-64 processor has, in intrinsics where the compiler lacks them."""

HEADER = "#include <emmintrin.h>\n"
OPERATIONS = """
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
