"""Event lists: the places of the messages of each row that are not 0.

``nd_rows<bytes>(events, starts, sent, rows, length)`` writes them for ``rows`` rows of ``length`` messages of that
size: ``events[starts[y] .. starts[y + 1] - 1]`` are the places in row ``y``, in ascending order. Messages of one byte
are compacted a block at a time, by a table of places or by AVX-512's own instruction, so that no branch depends on a
single message.
"""

from __future__ import annotations

from neurodeploy.codegen.machine import AVX512, Machine

SLACK = 64
"""Entries that may be written beyond the end of a list."""


def prelude(machine: Machine) -> str:
    """The functions ``nd_rows1``, ``nd_rows2``, ``nd_rows4`` and ``nd_rows8``."""
    list_bytes = COMPRESS if machine is AVX512 else _places() + LOOKUP
    return list_bytes + "".join(_rows(size) for size in (1, 2, 4, 8))


def _places() -> str:
    """The bits that are set in each byte: a row of eight, of which the first ones count."""
    rows = [[bit for bit in range(8) if mask >> bit & 1] for mask in range(256)]
    lines = ",\n".join(",".join(map(str, [*row, *[0] * (8 - len(row))])) for row in rows)
    return f"\nstatic const uint8_t nd_places[256 * 8] = {{\n{lines}\n}};\n"


LOOKUP = """
static inline int32_t nd_list1(uint16_t *events, const uint8_t *sent, int32_t length) {
  int32_t count = 0, j = 0;
  for (; j + ND_BLOCK <= length; j += ND_BLOCK) {
    const uint32_t mask = nd_events(sent + j);
    if (mask == 0) continue;
    for (int32_t k = 0; k < ND_BLOCK; k += 8) {
      const uint32_t part = (mask >> k) & 255;
      const __m128i eight = _mm_loadl_epi64((const __m128i *)(nd_places + 8 * part));
      const __m128i places = _mm_unpacklo_epi8(eight, _mm_setzero_si128());
      _mm_storeu_si128((__m128i *)(events + count), _mm_add_epi16(places, _mm_set1_epi16((int16_t)(uint16_t)(j + k))));
      count += __builtin_popcount(part);
    }
  }
  for (; j < length; j++) {
    events[count] = (uint16_t)j;
    count += sent[j] != 0;
  }
  return count;
}
"""
COMPRESS = """
static inline int32_t nd_list1(uint16_t *events, const uint8_t *sent, int32_t length) {
  int32_t count = 0, j = 0;
  const __m512i ascending = _mm512_cvtepu8_epi16(_mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31));
  for (; j + ND_BLOCK <= length; j += ND_BLOCK) {
    const uint32_t mask = nd_events(sent + j);
    if (mask == 0) continue;
    const __m512i places = _mm512_add_epi16(ascending, _mm512_set1_epi16((int16_t)(uint16_t)j));
    _mm512_storeu_si512(events + count, _mm512_maskz_compress_epi16(mask, places));
    count += __builtin_popcount(mask);
  }
  for (; j < length; j++) {
    events[count] = (uint16_t)j;
    count += sent[j] != 0;
  }
  return count;
}
"""


def _rows(size: int) -> str:
    list_row = (
        ""
        if size == 1
        else f"""
static inline int32_t nd_list{size}(uint16_t *events, const uint{8 * size}_t *sent, int32_t length) {{
  int32_t count = 0;
  for (int32_t j = 0; j < length; j++) {{
    events[count] = (uint16_t)j;
    count += sent[j] != 0;
  }}
  return count;
}}
"""
    )
    return f"""{list_row}
static inline void nd_rows{size}(uint16_t *events, int32_t *starts, const void *sent, int32_t rows, int32_t length) {{
  int32_t count = 0;
  for (int32_t y = 0; y < rows; y++) {{
    starts[y] = count;
    count += nd_list{size}(events + count, (const uint{8 * size}_t *)sent + (int64_t)y * length, length);
  }}
  starts[rows] = count;
}}
"""
