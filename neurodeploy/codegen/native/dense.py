"""Convolutions over every input, silent or not: products of bytes, summed in registers for a tile of outputs.

The kernel of wide sums and of AVX-512, which multiplies and adds four bytes in one instruction: its time does not
depend on the messages. Under AVX2 the SEW blocks gain no more than 3 % from it beside pairs of messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.machine import AVX2, AVX512, Machine
from neurodeploy.codegen.native import scatter
from neurodeploy.codegen.native.part import NAMELESS, Part, shared, shifted
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT8
from neurodeploy.codegen.window import Window, window_of

BYTES = 4
"""Inputs that one instruction multiplies per output."""
LARGEST = {"avx2": 127, "avx512": 255}
"""Largest message; AVX2 saturates the sum of two products at 16 bits."""
REGISTERS = {"avx2": 12, "avx512": 24}
WIDEST = 5
"""Most vectors of outputs of a tile."""
PIXELS = 8
MARGIN = 64
"""Bytes read behind a map."""


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether messages and weights are bytes whose products this machine sums exactly."""
    if machine.name not in LARGEST or not scatter.applies(edge) or edge.message.name != "uint8_t":
        return False
    if edge.sender.high > LARGEST[machine.name] or (edge.unit and edge.sender.high > 1):
        return False
    weights = shifted(edge.projection.weights, edge)
    fits = INT8.low <= int(weights.min(initial=0)) and int(weights.max(initial=0)) <= INT8.high
    return fits and _step(_groups(edge), edge, machine) > 0


@dataclass(frozen=True)
class Map:
    """The source with zeros around it: bytes of a row, rows, and where the first message stands."""

    stride: int
    rows: int
    start: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stride * self.rows + MARGIN


def map_of(edge: Edge) -> Map:
    """The padded map of an edge."""
    window = window_of(edge.projection, edge.source.shape)
    (height, width), (py, px) = window.space, window.padding
    stride = (width + 2 * px) * window.channels_in
    return Map(stride, height + 2 * py, py * stride + px * window.channels_in)


def fill(edge: Edge, to: str, sent: str) -> list[str]:
    """Statements that copy messages into their padded map."""
    window, map_ = window_of(edge.projection, edge.source.shape), map_of(edge)
    length = window.space[1] * window.channels_in
    return [
        f"nd_clear({to}, {map_.size});",
        f"for (int32_t y = 0; y < {window.space[0]}; y++) {{",
        f"  __builtin_memcpy({to} + {map_.start} + y * {map_.stride}, {sent} + y * {length}, {length});",
        "}",
    ]


def _outputs(machine: Machine) -> int:
    return machine.vector_bytes // BYTES


def _groups(edge: Edge) -> NDArray[np.int64]:
    """Weights as (kernel row, group of four inputs, output, input of the group)."""
    window = window_of(edge.projection, edge.source.shape)
    (kh, kw), out = window.kernel, window.channels_out
    taps = shifted(window.weights.reshape(window.channels_in, kh, kw, out), edge)
    flat = taps.transpose(1, 2, 0, 3).reshape(kh, kw * window.channels_in, out)
    short = -flat.shape[1] % BYTES
    grouped = np.pad(flat, ((0, 0), (0, short), (0, 0))).reshape(kh, -1, BYTES, out)
    return grouped.transpose(0, 1, 3, 2)


def _step(groups: NDArray[np.int64], edge: Edge, machine: Machine) -> int:
    """Groups of a kernel row after which sums are widened: all of the kernel where nothing can overflow; 0: none."""
    whole = groups.shape[0] * groups.shape[1]
    if machine is AVX512 or edge.bits == 16:
        return whole
    pairs = groups.reshape(*groups.shape[:3], 2, 2) * edge.sender.high
    up, down = np.maximum(pairs, 0).sum(-1), np.minimum(pairs, 0).sum(-1)
    if _within(up.sum((0, 1)), down.sum((0, 1))):
        return whole
    for step in range(groups.shape[1], 0, -1):
        cuts = np.arange(0, groups.shape[1], step)
        if _within(np.add.reduceat(up, cuts, axis=1), np.add.reduceat(down, cuts, axis=1)):
            return step
    return 0


def _within(up: NDArray[np.int64], down: NDArray[np.int64]) -> bool:
    return int(up.max(initial=0)) <= 32767 and int(down.min(initial=0)) >= -32768


@dataclass(frozen=True)
class Tiling:
    """Vectors of outputs in each block of a tile."""

    blocks: tuple[int, ...]

    def pixels(self, vectors: int, machine: Machine) -> int:
        """Pixels of a tile of so many vectors."""
        return max(1, min(PIXELS, REGISTERS[machine.name] // vectors))


def _tiling(vectors: int) -> Tiling:
    parts = -(-vectors // WIDEST)
    return Tiling(tuple(vectors // parts + (k < vectors % parts) for k in range(parts)))


def dense(part: Part, name: str, tables: Tables) -> str:
    """The kernel ``name(sum, map, first, rows)``."""
    edge, machine = part.edge, part.machine
    window, groups = window_of(edge.projection, edge.source.shape), _groups(edge)
    per = _outputs(machine)
    vectors = -(-window.channels_out // per)
    filled = np.pad(groups, ((0, 0), (0, 0), (0, vectors * per - window.channels_out), (0, 0)))
    texts: list[str] = []
    calls: list[str] = []
    first_vector, columns = 0, window.out[1]
    tiling = _tiling(vectors)
    for count in tiling.blocks:
        table, _ = tables.add(filled[:, :, first_vector * per : (first_vector + count) * per], (INT8,))
        pixels = min(tiling.pixels(count, machine), columns)
        tiles: dict[int, str] = {}
        for some in dict.fromkeys((pixels, columns % pixels)):
            if some:
                tiles[some] = shared(tables, texts, _tile(part, groups, window, some, count))
        calls.append(_loop(part, window, table, tiles, pixels, first_vector * per))
        first_vector += count
    head = f"uint{edge.bits}_t *restrict sum, const uint8_t *restrict map, int32_t first, int32_t rows"
    body = "".join(calls)
    return "".join(texts) + f"\nstatic void {name}({head}) {{\n{body}}}\n"


def _loop(part: Part, window: Window, table: str, tiles: Mapping[int, str], pixels: int, output: int) -> str:
    columns, map_ = window.out[1], map_of(part.edge)
    whole, channels, out = columns // pixels * pixels, window.channels_in, window.channels_out
    tile = f"{tiles[pixels]}(to + x * {out}, in + x * {channels}, {table});"
    rest = columns - whole
    last = f"\n    {tiles[rest]}(to + {whole * out}, in + {whole * channels}, {table});" if rest else ""
    return f"""  for (int32_t r = 0; r < rows; r++) {{
    const uint8_t *in = map + (first + r) * {map_.stride};
    uint{part.edge.bits}_t *to = sum + r * {part.block.stride} + {output};
    for (int32_t x = 0; x < {whole}; x += {pixels}) {tile}{last}
  }}
"""


def _tile(part: Part, groups: NDArray[np.int64], window: Window, pixels: int, count: int) -> str:
    """One tile: ``pixels`` next to each other, ``count`` vectors of outputs each."""
    kh, row_groups = groups.shape[:2]
    step = _step(groups, part.edge, part.machine)
    cells = [(p, v) for p in range(pixels) for v in range(count)]
    zero = [f"a{p}_{v} = nd_none()" for p, v in cells]
    loads = [f"b{p} = nd_quad(from + {p * window.channels_in} + {BYTES} * g)" for p in range(pixels)]
    adds = [
        f"a{p}_{v} = nd_dot(a{p}_{v}, b{p}, w + {v * part.machine.vector_bytes});"
        for v in range(count)
        for p in range(pixels)
    ]
    flush = _flush(part, window, pixels, count)
    size = count * part.machine.vector_bytes
    inner = f"""const nd_quads {", ".join(loads)};
        {(chr(10) + " " * 8).join(adds)}
        w += {size};"""
    to = f"uint{part.edge.bits}_t *restrict to"
    head = f"static void {NAMELESS}({to}, const uint8_t *restrict in, const int8_t *restrict w)"
    start, end = f"nd_quads {', '.join(zero)};", (chr(10) + " " * 4).join(flush)
    map_ = map_of(part.edge)
    if step >= kh * row_groups:
        return f"""
{head} {{
    {start}
    for (int32_t k = 0; k < {kh}; k++) {{
      const uint8_t *from = in + k * {map_.stride};
      for (int32_t g = 0; g < {row_groups}; g++) {{
        {inner}
      }}
    }}
    {end}
}}
"""
    return f"""
{head} {{
  for (int32_t k = 0; k < {kh}; k++) {{
    const uint8_t *from = in + k * {map_.stride};
    for (int32_t part = 0; part < {row_groups}; part += {step}) {{
      {start}
      for (int32_t g = part; g < part + {step} && g < {row_groups}; g++) {{
        {inner}
      }}
    {end}
    }}
  }}
}}
"""


def _flush(part: Part, window: Window, pixels: int, count: int) -> list[str]:
    """Statements that add a tile to the sums in memory, two vectors at a time where sums are half as wide."""
    per, bits, lines = _outputs(part.machine), part.edge.bits, list[str]()
    for p in range(pixels):
        for v in range(0, count, 2 if bits == 16 and part.machine is AVX2 else 1):
            at = f"to + {p * window.channels_out + v * per}"
            both = bits == 16 and part.machine is AVX2 and v + 1 < count
            lines.append(
                f"nd_flush{bits}_2({at}, a{p}_{v}, a{p}_{v + 1});" if both else f"nd_flush{bits}({at}, a{p}_{v});"
            )
    return lines


PRELUDE = {
    "avx2": """
typedef __m256i nd_quads;
static inline nd_quads nd_none(void) { return _mm256_setzero_si256(); }
static inline nd_quads nd_quad(const uint8_t *p) { return _mm256_set1_epi32((int32_t)nd_load4(p)); }
/* Both instructions in one piece: gcc 12 would make all products first, and copy or spill the sums. */
static inline nd_quads nd_dot(nd_quads sum, nd_quads x, const int8_t *w) {
  nd_quads product;
  __asm__("vpmaddubsw %3, %2, %1\\n\\tvpaddw %1, %0, %0"
          : "+x"(sum), "=&x"(product) : "x"(x), "x"(_mm256_loadu_si256((const __m256i *)w)));
  return sum;
}
static inline nd_quads nd_halves(nd_quads x) { return _mm256_madd_epi16(x, _mm256_set1_epi16(1)); }
static inline void nd_flush32(uint32_t *p, nd_quads x) {
  nd_put32x8(p, nd_get32x8(p) + (nd_sums32x8)nd_halves(x));
}
static inline void nd_flush16_2(uint16_t *p, nd_quads x, nd_quads y) {
  const __m256i low = _mm256_set1_epi32(0xffff);
  const __m256i a = _mm256_and_si256(nd_halves(x), low), b = _mm256_and_si256(nd_halves(y), low);
  nd_put16x16(p, nd_get16x16(p) + (nd_sums16x16)_mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8));
}
static inline void nd_flush16(uint16_t *p, nd_quads x) {
  const __m256i a = _mm256_and_si256(nd_halves(x), _mm256_set1_epi32(0xffff));
  const __m256i b = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, a), 0xd8);
  nd_put16x8(p, nd_get16x8(p) + (nd_sums16x8)_mm256_castsi256_si128(b));
}
""",
    "avx512": """
typedef __m512i nd_quads;
static inline nd_quads nd_none(void) { return _mm512_setzero_si512(); }
static inline nd_quads nd_quad(const uint8_t *p) { return _mm512_set1_epi32((int32_t)nd_load4(p)); }
static inline nd_quads nd_dot(nd_quads sum, nd_quads x, const int8_t *w) {
  return _mm512_dpbusd_epi32(sum, x, _mm512_loadu_si512(w));
}
static inline void nd_flush32(uint32_t *p, nd_quads x) { nd_put32x16(p, nd_get32x16(p) + (nd_sums32x16)x); }
static inline void nd_flush16(uint16_t *p, nd_quads x) {
  nd_put16x16(p, nd_get16x16(p) + (nd_sums16x16)_mm512_cvtepi32_epi16(x));
}
""",
    "baseline": "",
}
