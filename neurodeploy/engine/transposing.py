"""Bytes from rows to columns and back: compiled code stores channels last, and everything else stores them first."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from numpy.typing import NDArray

from neurodeploy.engine.library import open_source

Array = NDArray[Any]
Transpose = Callable[[int, int, int, int, int], None]

SOURCE = r"""
#include <stdint.h>
#include <string.h>

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS void swap(uint64_t *first, uint64_t *second, int bits, uint64_t mask) {
  const uint64_t moved = (*first >> bits ^ *second) & mask;
  *first ^= moved << bits, *second ^= moved;
}

/* Byte i of word j, counted from the lowest, becomes byte j of word i. */
ALWAYS void exchange(uint64_t *w) {
  const uint64_t ones = 0x00ff00ff00ff00ffu, twos = 0x0000ffff0000ffffu, fours = 0x00000000ffffffffu;
  swap(w, w + 1, 8, ones), swap(w + 2, w + 3, 8, ones), swap(w + 4, w + 5, 8, ones), swap(w + 6, w + 7, 8, ones);
  swap(w, w + 2, 16, twos), swap(w + 1, w + 3, 16, twos), swap(w + 4, w + 6, 16, twos), swap(w + 5, w + 7, 16, twos);
  swap(w, w + 4, 32, fours), swap(w + 1, w + 5, 32, fours);
  swap(w + 2, w + 6, 32, fours), swap(w + 3, w + 7, 32, fours);
}

ALWAYS void few_rows(const uint8_t *restrict from, uint8_t *restrict to, int64_t rows, int64_t columns) {
  for (int64_t c = 0; c < columns; c++)
#pragma GCC unroll 8
    for (int64_t r = 0; r < rows; r++) to[c * rows + r] = from[r * columns + c];
}

ALWAYS void few_columns(const uint8_t *restrict from, uint8_t *restrict to, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int64_t c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
}

/* Eight by eight, the last ones once more with those before them where eight do not divide them. */
ALWAYS void block(const uint8_t *restrict from, uint8_t *restrict to, int64_t rows, int64_t columns, int64_t row,
                  int64_t column) {
  const int64_t r = row + 8 <= rows ? row : rows - 8, c = column + 8 <= columns ? column : columns - 8;
  uint64_t words[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) memcpy(words + i, from + (r + i) * columns + c, 8);
  exchange(words);
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) memcpy(to + (c + i) * rows + r, words + i, 8);
}

/* A tile is a line of the cache wide and high. Where lines lie further apart, written or read, they are finished one
   after the other: at distances of a power of two, few of them find room in the cache together. */
static void blocks(const uint8_t *restrict from, uint8_t *restrict to, int64_t rows, int64_t columns) {
  enum { TILE = 64 };
  for (int64_t top = 0; top < rows; top += TILE)
    for (int64_t begin = 0; begin < columns; begin += TILE) {
      const int64_t bottom = top + TILE < rows ? top + TILE : rows;
      const int64_t end = begin + TILE < columns ? begin + TILE : columns;
      if (rows >= columns)
        for (int64_t column = begin; column < end; column += 8)
          for (int64_t row = top; row < bottom; row += 8) block(from, to, rows, columns, row, column);
      else
        for (int64_t row = top; row < bottom; row += 8)
          for (int64_t column = begin; column < end; column += 8) block(from, to, rows, columns, row, column);
    }
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { EIGHT = 8 };
#else
enum { EIGHT = INT32_MAX };  /* elsewhere the lowest byte of a word is not the first */
#endif

/* (maps, columns, rows) from (maps, rows, columns). */
void nd_transpose(const uint8_t *from, uint8_t *to, int64_t maps, int64_t rows, int64_t columns) {
  for (int64_t m = 0; m < maps; m++, from += rows * columns, to += rows * columns) {
    if (rows == 2) few_rows(from, to, 2, columns);
    else if (rows == 3) few_rows(from, to, 3, columns);
    else if (rows == 4) few_rows(from, to, 4, columns);
    else if (columns == 2) few_columns(from, to, rows, 2);
    else if (columns == 3) few_columns(from, to, rows, 3);
    else if (columns == 4) few_columns(from, to, rows, 4);
    else if (rows >= EIGHT && columns >= EIGHT) blocks(from, to, rows, columns);
    else few_rows(from, to, rows, columns);
  }
}
"""


def transpose(values: Array, to: Array, rows: int, columns: int) -> bool:
    """Write the bytes of ``(maps, rows, columns)`` into ``(maps, columns, rows)``; False where that is not done.

    Both arrays may have any shapes of as many cells. It is done for arrays of bytes that lie without gaps, where there
    is a C compiler. Raises EnvironmentFailureError where the compiler fails.
    """
    if not (values.itemsize == to.itemsize == 1 and values.flags.c_contiguous and to.flags.c_contiguous):
        return False
    if not values.size:
        return True
    function = _loaded()
    if function is None:
        return False
    function(values.ctypes.data, to.ctypes.data, values.size // (rows * columns), rows, columns)
    return True


@cache
def _loaded() -> Transpose | None:
    """The function, looked for once: which compiler there is takes longer to tell than to transpose a step."""
    library = open_source(SOURCE)
    if library is None:
        return None
    function = library["nd_transpose"]
    function.argtypes, function.restype = [*(ctypes.c_void_p,) * 2, *(ctypes.c_int64,) * 3], None
    return function
