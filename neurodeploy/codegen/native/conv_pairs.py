"""``pairs``: convolutions by pairs of messages; what a pixel adds is summed in registers, then added to the rows.

The event-driven kernel for many channels, binary or graded, with sums of 16 bits.

- For every pixel of the source, the loop over its pairs of messages that are not both 0 is the inner one. One
  instruction (``vpmaddubsw``) multiplies a pair by the weights of a whole vector of sums and adds both products. Sums
  in memory are touched once per pixel instead of once per event.
- Where a pixel adds to more vectors than there are registers, they are done in several functions, whole kernel rows
  each where one fits.
- Weights lie as (pair of input channels, vector of sums, input channel of the pair), kernel columns reversed.
- It reads lists of pairs: one list per pixel, of the first byte of each pair.

Measured: without it the SEW blocks take 1.4 times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import conv_scatter
from neurodeploy.codegen.native.kernel import KernelTask, NativeKernel, source_rows
from neurodeploy.codegen.native.vector_widths import pieces
from neurodeploy.codegen.native.weight_runs import NAMELESS, shared, shifted
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window
from neurodeploy.integers import INT8

LARGEST = 127
"""Largest message: the sum of two products must fit 16 bits, since the instruction saturates it there."""
REGISTERS = {"avx2": 12, "avx512": 24}
"""Vectors of sums that stay in registers; the machines that have the instruction."""


@dataclass(frozen=True)
class Vector:
    """``lanes`` sums, from number ``first`` on, of the run that kernel row ``row`` adds to."""

    row: int
    first: int
    lanes: int


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether sums have 16 bits, messages and weights are bytes, and pairs of messages lie in one pixel."""
    if machine.name not in REGISTERS or edge.bits != 16 or not conv_scatter.applies(edge, machine):
        return False
    window = edge.window
    high = edge.sender.high
    if edge.message.name != "uint8_t" or high > (1 if edge.unit else LARGEST) or window.channels_in % 2:
        return False
    weights = shifted(window.weights, edge)
    return INT8.low <= int(weights.min(initial=0)) and int(weights.max(initial=0)) <= INT8.high


def vectors(edge: Edge, window: Window, machine: Machine) -> list[Vector]:
    """All vectors of sums that one pixel adds to."""
    run = pieces(machine, edge.bits, window.kernel[1] * window.channels_out)
    return [Vector(k, at, n) for k in range(window.kernel[0]) for at, n in run]


def _at_once(covering: list[Vector], machine: Machine) -> list[list[Vector]]:
    """As many vectors at a time as registers hold: whole kernel rows where one fits."""
    most = REGISTERS[machine.name]
    per_row = sum(vector.row == 0 for vector in covering)
    size = most // per_row * per_row if per_row <= most else most
    return [covering[at : at + size] for at in range(0, len(covering), size)]


def render(task: KernelTask, name: str, tables: Tables) -> str:
    """The function ``name``, and the functions that it shares with others of the same shape."""
    edge, window = task.edge, task.edge.window
    texts: list[str] = []
    calls: list[str] = []
    for group in _at_once(vectors(edge, window, task.machine), task.machine):
        table, _ = tables.add(_weights(edge, window, group), (INT8,))
        function = shared(tables, texts, _function(task, window, group))
        calls.append(f"    {function}(to, from, events, at, low, high, {table});")
    body = "\n".join(calls)
    start = window.kernel[1] - 1 - window.padding[1]
    return f"""{"".join(texts)}
static void {name}({task.signature}) {{
{conv_scatter.rows_of(window)}
    const uint8_t *from = sent + y * {source_rows(edge)[1]};
    const int32_t *at = starts + y * {window.space[1]};
    uint16_t *to = sum + bottom * {task.block.stride} - {start * window.channels_out};
{body}
  }}
}}
"""


def _weights(edge: Edge, window: Window, group: list[Vector]) -> NDArray[np.int64]:
    """Weights as (pair of input channels, sum, input channel of the pair), kernel columns reversed."""
    (kh, kw), out, channels = window.kernel, window.channels_out, window.channels_in
    taps = shifted(window.weights.reshape(channels, kh, kw, out)[:, :, ::-1], edge).reshape(channels, kh, kw * out)
    padded = np.pad(taps, ((0, 0), (0, 0), (0, max(vector.lanes for vector in group))))
    lanes = np.concatenate([padded[:, v.row, v.first : v.first + v.lanes] for v in group], axis=1)
    return lanes.reshape(channels // 2, 2, -1).transpose(0, 2, 1)


def _function(task: KernelTask, window: Window, group: list[Vector]) -> str:
    """A function that adds what one row of pixels adds to these vectors."""
    numbered = list(enumerate(group))
    places = np.cumsum([0, *(2 * vector.lanes for vector in group)]).tolist()
    widths = dict.fromkeys(vector.lanes for vector in group)
    zero = "\n".join(f"    nd_sums16x{v.lanes} a{i} = {{0}};" for i, v in numbered)
    twos = "\n".join(f"      const nd_sums16x{n} m{n} = nd_two16x{n}(from + c);" for n in widths)
    adds = "\n".join(f"      a{i} = nd_pair16x{v.lanes}(a{i}, m{v.lanes}, w + {places[i]});" for i, v in numbered)
    puts = "\n".join(_put(task, group, row) for row in dict.fromkeys(vector.row for vector in group))
    return f"""
static void {NAMELESS}(uint16_t *restrict to, const uint8_t *restrict from, const uint16_t *restrict events,
    const int32_t *restrict at, int32_t low, int32_t high, const int8_t *restrict weights) {{
  if (high < {group[0].row} || low > {group[-1].row}) return;
  int32_t e = at[0];
  for (int32_t x = 0; x < {window.space[1]}; x++, from += {window.channels_in}, to += {window.channels_out}) {{
    const int32_t end = at[x + 1];
    if (e == end) continue;
{zero}
    do {{
      const int64_t c = events[e];
      const int8_t *w = weights + c * {places[-1] // 2};
{twos}
{adds}
    }} while (++e < end);
{puts}
  }}
}}
"""


def _put(task: KernelTask, group: list[Vector], row: int) -> str:
    """Statements that add the registers of kernel row ``row`` to the sums in memory."""
    lines = "\n".join(
        f"      nd_put16x{v.lanes}(to + {v.first - row * task.block.stride}, "
        f"nd_get16x{v.lanes}(to + {v.first - row * task.block.stride}) + a{i});"
        for i, v in enumerate(group)
        if v.row == row
    )
    return f"    if (low <= {row} && {row} <= high) {{\n{lines}\n    }}"


def prelude(machine: Machine) -> str:
    """The functions that list pairs of messages and multiply them; none where the machine cannot."""
    if machine.name not in REGISTERS:
        return ""
    return LISTS[machine.name] + LIST + "".join(_product(n) for n in (8, 16, 32) if 2 * n <= machine.vector_bytes)


def _product(n: int) -> str:
    size = 2 * n
    set1 = {16: "_mm_set1_epi16", 32: "_mm256_set1_epi16", 64: "_mm512_set1_epi16"}[size]
    return f"""
typedef int8_t nd_bytes{size} __attribute__((vector_size({size}), aligned(1), may_alias));
static inline nd_sums16x{n} nd_two16x{n}(const uint8_t *p) {{ return (nd_sums16x{n}){set1}((int16_t)nd_load2(p)); }}
/* Both instructions in one piece: gcc 12 would copy sums between registers. */
static inline nd_sums16x{n} nd_pair16x{n}(nd_sums16x{n} sum, nd_sums16x{n} x, const int8_t *w) {{
  nd_sums16x{n} product;
  __asm__("vpmaddubsw %3, %2, %1\\n\\tvpaddw %1, %0, %0"
          : "+v"(sum), "=&v"(product) : "v"(x), "m"(*(const nd_bytes{size} *)w));
  return sum;
}}
"""


LISTS = {
    "avx2": """
/* First bytes of the pairs of 16 bytes that are not both 0, after that many bytes before. */
static inline int32_t nd_pairs8(uint16_t *events, const uint8_t *sent, int32_t before) {
  const __m128i silent = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)sent), _mm_setzero_si128());
  const uint32_t mask = 255 & ~(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(silent, silent));
  const __m128i bytes = _mm_loadl_epi64((const __m128i *)(nd_places + 8 * mask));
  const __m128i places = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
  const __m128i even = _mm_add_epi16(_mm_add_epi16(places, places), _mm_set1_epi16((int16_t)(uint16_t)before));
  _mm_storeu_si128((__m128i *)events, even);
  return __builtin_popcount(mask);
}
""",
    "avx512": """
/* First bytes of the pairs of 16 bytes that are not both 0, after that many bytes before. */
static inline int32_t nd_pairs8(uint16_t *events, const uint8_t *sent, int32_t before) {
  const __m128i x = _mm_loadu_si128((const __m128i *)sent), even = _mm_setr_epi16(0, 2, 4, 6, 8, 10, 12, 14);
  const __mmask8 mask = _mm_test_epi16_mask(x, x);
  const __m128i places = _mm_add_epi16(even, _mm_set1_epi16((int16_t)(uint16_t)before));
  _mm_storeu_si128((__m128i *)events, _mm_maskz_compress_epi16(mask, places));
  return __builtin_popcount(mask);
}
""",
}
LIST = """
/* For every pixel where its list starts; a list holds the first byte, in its pixel, of pairs that are not both 0. */
static inline void nd_pairs(
    uint16_t *events, int32_t *starts, const uint8_t *sent, int32_t pixels, int32_t channels) {
  int32_t count = 0;
  for (int32_t x = 0; x < pixels; x++, sent += channels) {
    int32_t c = 0;
    *starts++ = count;
    for (; c + 16 <= channels; c += 16) count += nd_pairs8(events + count, sent + c, c);
    for (; c < channels; c += 2) {
      events[count] = (uint16_t)c;
      count += nd_load2(sent + c) != 0;
    }
  }
  *starts = count;
}
"""

PAIRS = NativeKernel("pairs", applies, render, reads="pairs", margins=True)
