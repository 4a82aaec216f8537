/* What this machine can do at most, one function per limit; each returns something that depends on all it did. */
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512BW__)
#define WIDTH 64
#elif defined(__AVX2__)
#define WIDTH 32
#else
#define WIDTH 16
#endif
typedef int16_t v16 __attribute__((vector_size(WIDTH), aligned(WIDTH)));
typedef int64_t v64 __attribute__((vector_size(WIDTH), aligned(WIDTH)));
#define KEEP(x) __asm__ volatile("" : "+x"(x))

int64_t width(void) { return WIDTH; }

/* Additions of 16-bit weights from memory to sums in registers: bytes of weights, over and over. */
int64_t add_int16(const void *weights, int64_t bytes, int64_t rounds) {
  v16 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0};
  const v16 *w = (const v16 *)weights;
  for (int64_t r = 0; r < rounds; r++) {
    for (int64_t i = 0; i < bytes / WIDTH; i += 8) {
      s0 += w[i]; s1 += w[i + 1]; s2 += w[i + 2]; s3 += w[i + 3];
      s4 += w[i + 4]; s5 += w[i + 5]; s6 += w[i + 6]; s7 += w[i + 7];
    }
    KEEP(s0); KEEP(s1); KEEP(s2); KEEP(s3); KEEP(s4); KEEP(s5); KEEP(s6); KEEP(s7);
  }
  s0 += s1 + s2 + s3 + s4 + s5 + s6 + s7;
  return s0[0];
}

/* Reading memory, over and over. */
int64_t read_bytes(const void *memory, int64_t bytes, int64_t rounds) {
  v64 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  const v64 *m = (const v64 *)memory;
  for (int64_t r = 0; r < rounds; r++) {
    for (int64_t i = 0; i < bytes / WIDTH; i += 8) {
      s0 ^= m[i] ^ m[i + 4]; s1 ^= m[i + 1] ^ m[i + 5]; s2 ^= m[i + 2] ^ m[i + 6]; s3 ^= m[i + 3] ^ m[i + 7];
    }
    KEEP(s0); KEEP(s1); KEEP(s2); KEEP(s3);
  }
  s0 ^= s1 ^ s2 ^ s3;
  return s0[0];
}

/* Products of unsigned and signed bytes, summed exactly, in registers: 12 sums, the machine's best instruction.
   Returns the products of one round. */
#define TWELVE(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
int64_t dense_products(int64_t rounds) {
#if defined(__AVX512VNNI__)
#define MAC(i) s[i] = _mm512_dpbusd_epi32(s[i], a, b); KEEP(s[i]);
  __m512i s[12], a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
  memset(s, 0, sizeof s);
  const int64_t each = 64;
#elif defined(__AVXVNNI__)
#define MAC(i) s[i] = _mm256_dpbusd_avx_epi32(s[i], a, b); KEEP(s[i]);
  __m256i s[12], a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(2);
  memset(s, 0, sizeof s);
  const int64_t each = 32;
#elif defined(__AVX2__)
/* Both instructions in one piece: gcc 12 would copy sums between registers. */
#define MAC(i) { __m256i p; __asm__ volatile("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0" \
                                             : "+x"(s[i]), "=&x"(p) : "x"(a), "x"(b)); }
  __m256i s[12], a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(2);
  memset(s, 0, sizeof s);
  const int64_t each = 32;
#elif defined(__SSSE3__)
#define MAC(i) { __m128i p = _mm_maddubs_epi16(a, b); KEEP(p); s[i] = _mm_add_epi16(s[i], p); KEEP(s[i]); }
  __m128i s[12], a = _mm_set1_epi8(1), b = _mm_set1_epi8(2);
  memset(s, 0, sizeof s);
  const int64_t each = 16;
#else
#define MAC(i) s[i] += a * b; KEEP(s[i]);
  v16 s[12] = {{0}}, a = {1}, b = {2};
  const int64_t each = WIDTH / 2;
#endif
  for (int64_t r = 0; r < rounds; r++) {
    TWELVE(MAC)
  }
  return 12 * each;
}

const char *dense_instruction(void) {
#if defined(__AVX512VNNI__)
  return "vpdpbusd zmm";
#elif defined(__AVXVNNI__)
  return "vpdpbusd ymm";
#elif defined(__AVX2__)
  return "vpmaddubsw + vpaddw ymm";
#elif defined(__SSSE3__)
  return "pmaddubsw + paddw xmm";
#else
  return "16-bit multiply and add";
#endif
}

/* A LIF population's step: decays truncated toward zero, 16-bit input, clip, spike bytes, reset to zero.
   Two forms; the faster one is the limit. */
void lif_split(int32_t *restrict u, int32_t *restrict v, const int16_t *restrict a, uint8_t *restrict s, int64_t n,
               int32_t ku, int32_t kv, int32_t threshold) {
  const int32_t most = (1 << 23) - 1;
  for (int64_t i = 0; i < n; i++) {
    int32_t x = u[i], y = v[i];
    x = (x >> 12) * ku + (((x & 4095) * ku + ((x >> 31) & 4095)) >> 12) + a[i] * 64;
    y = (y >> 12) * kv + (((y & 4095) * kv + ((y >> 31) & 4095)) >> 12) + x;
    y = y > most ? most : y < -most ? -most : y;
    const int32_t fires = y > threshold;
    u[i] = x;
    v[i] = fires ? 0 : y;
    s[i] = (uint8_t)fires;
  }
}

/* States are below 2^24, so a product rounded toward zero to a float and then to an integer is the exact one truncated. */
void lif_float(int32_t *restrict u, int32_t *restrict v, const int16_t *restrict a, uint8_t *restrict s, int64_t n,
               int32_t ku, int32_t kv, int32_t threshold) {
  const float fu = (float)ku / 4096.0f, fv = (float)kv / 4096.0f;
  const int32_t most = (1 << 23) - 1;
#if defined(__x86_64__)
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | _MM_ROUND_TOWARD_ZERO);
#endif
  for (int64_t i = 0; i < n; i++) {
    int32_t x = (int32_t)((float)u[i] * fu) + a[i] * 64;
    int32_t y = (int32_t)((float)v[i] * fv) + x;
    y = y > most ? most : y < -most ? -most : y;
    const int32_t fires = y > threshold;
    u[i] = x;
    v[i] = fires ? 0 : y;
    s[i] = (uint8_t)fires;
  }
#if defined(__x86_64__)
  _mm_setcsr(before);
#endif
}

/* Steps of a whole population, a few rows at a time, whose sums stay in the first cache; states come from where they
   fit. */
#define ROWS(form) \
  void form##_rows(int32_t *u, int32_t *v, const int16_t *a, uint8_t *s, int64_t n, int64_t row, int32_t ku, \
                   int32_t kv, int32_t threshold, int64_t steps) { \
    for (int64_t t = 0; t < steps; t++) \
      for (int64_t i = 0; i < n; i += row) \
        form(u + i, v + i, a, s + i, n - i < row ? n - i : row, ku, kv, threshold); \
  }
ROWS(lif_split)
ROWS(lif_float)
