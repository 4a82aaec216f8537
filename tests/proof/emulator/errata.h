/* What the emulator gets wrong, put right before the programs are compiled; other operands reach its instructions.

   vpcompressw with all 32 elements wanted writes nothing in Bochs 2.7 (mended upstream by pull request 850); Intel's
   manual has all of them copied, in their order. */
#include <immintrin.h>
#define _mm512_maskz_compress_epi16(wanted, from) \
  ((uint32_t)(wanted) == UINT32_C(0xffffffff) ? (from) : _mm512_maskz_compress_epi16(wanted, from))
