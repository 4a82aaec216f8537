"""``dense``: dense convolutions; products of bytes for every input, silent or not, summed in registers for a tile.

The kernel for high activity where sums are wide, and for AVX-512, which multiplies and adds four bytes in one
instruction. Its time does not depend on the messages.

- A tile is a few neighboring pixels of the outputs times a few vectors of output channels. For each tile the loop over
  kernel rows and groups of four inputs is the inner one; output channels are vectorised.
- AVX2 sums two products in 16 bits. Where that could overflow over a whole kernel, sums are widened and added to memory
  after so many groups as are safe (``_safe_groups``).
- Weights lie as (kernel row, group of four inputs, output channel, input of the group); inputs of a kernel row are its
  columns and channels.
- It reads a map: the messages as bytes, with zeros around them.

Measured: under AVX2 the SEW blocks gain no more than 3 % from it beside ``pairs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import AVX2, AVX512, Machine
from neurodeploy.codegen.native import conv_scatter
from neurodeploy.codegen.native.kernel import KernelTask, MessageMap, NativeKernel
from neurodeploy.codegen.native.weight_runs import NAMELESS, shared, shifted
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window
from neurodeploy.integers import INT8

BYTES = 4
"""Inputs that one instruction multiplies per output channel."""
LARGEST = {"avx2": 127, "avx512": 255}
"""Largest message; AVX2 saturates the sum of two products at 16 bits."""
REGISTERS = {"avx2": 12, "avx512": 24}
"""Vectors of sums that stay in registers."""
WIDEST = 5
"""Most vectors of output channels in a tile."""
PIXELS = 8
"""Most pixels in a tile."""
MARGIN = 64
"""Bytes behind a map that may be read."""


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether messages and weights are bytes whose products this machine sums exactly."""
    if machine.name not in LARGEST or not conv_scatter.applies(edge, machine) or edge.message.name != "uint8_t":
        return False
    if edge.sender.high > LARGEST[machine.name] or (edge.unit and edge.sender.high > 1):
        return False
    weights = shifted(edge.projection.weights, edge)
    fits = INT8.low <= int(weights.min(initial=0)) and int(weights.max(initial=0)) <= INT8.high
    return fits and _safe_groups(_groups(edge), edge, machine) > 0


@dataclass(frozen=True)
class PaddedBytes:
    """The source with zeros around it: bytes of a row, number of rows, and the place of the first message."""

    stride: int
    rows: int
    start: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stride * self.rows + MARGIN


def padded_bytes(edge: Edge) -> PaddedBytes:
    """The map of an edge."""
    window = edge.window
    (height, width), (py, px) = window.space, window.padding
    stride = (width + 2 * px) * window.channels_in
    return PaddedBytes(stride, height + 2 * py, py * stride + px * window.channels_in)


def fill(edge: Edge, machine: Machine, to: str, sent: str) -> list[str]:
    """C statements that write the map at ``to`` from the messages at ``sent``."""
    window, map_ = edge.window, padded_bytes(edge)
    length = window.space[1] * window.channels_in
    return [
        f"nd_clear({to}, {map_.size});",
        f"for (int32_t y = 0; y < {window.space[0]}; y++) {{",
        f"  __builtin_memcpy({to} + {map_.start} + y * {map_.stride}, {sent} + y * {length}, {length});",
        "}",
    ]


def _outputs(machine: Machine) -> int:
    """Output channels in a vector."""
    return machine.vector_bytes // BYTES


def _groups(edge: Edge) -> NDArray[np.int64]:
    """Weights as (kernel row, group of four inputs, output channel, input of the group)."""
    window = edge.window
    (kh, kw), out = window.kernel, window.channels_out
    taps = shifted(window.weights.reshape(window.channels_in, kh, kw, out), edge)
    flat = taps.transpose(1, 2, 0, 3).reshape(kh, kw * window.channels_in, out)
    short = -flat.shape[1] % BYTES
    grouped = np.pad(flat, ((0, 0), (0, short), (0, 0))).reshape(kh, -1, BYTES, out)
    return grouped.transpose(0, 1, 3, 2)


def _safe_groups(groups: NDArray[np.int64], edge: Edge, machine: Machine) -> int:
    """How many groups of inputs may be summed before sums are widened.

    All groups of the kernel where nothing can overflow; else as many of one kernel row; 0 where even one may overflow.
    """
    every = groups.shape[0] * groups.shape[1]
    if machine is AVX512 or edge.bits == 16:
        return every
    pairs = groups.reshape(*groups.shape[:3], 2, 2) * edge.sender.high
    up, down = np.maximum(pairs, 0).sum(-1), np.minimum(pairs, 0).sum(-1)
    if _within(up.sum((0, 1)), down.sum((0, 1))):
        return every
    for step in range(groups.shape[1], 0, -1):
        cuts = np.arange(0, groups.shape[1], step)
        if _within(np.add.reduceat(up, cuts, axis=1), np.add.reduceat(down, cuts, axis=1)):
            return step
    return 0


def _within(up: NDArray[np.int64], down: NDArray[np.int64]) -> bool:
    """Whether the largest and the smallest sums fit 16 bits."""
    return int(up.max(initial=0)) <= 32767 and int(down.min(initial=0)) >= -32768


@dataclass(frozen=True)
class Tiling:
    """How output channels are split among tiles: vectors of them in each tile of a pixel."""

    blocks: tuple[int, ...]

    def pixels(self, vectors: int, machine: Machine) -> int:
        """Pixels of a tile that has this number of vectors of output channels."""
        return max(1, min(PIXELS, REGISTERS[machine.name] // vectors))


def _tiling(vectors: int) -> Tiling:
    parts = -(-vectors // WIDEST)
    return Tiling(tuple(vectors // parts + (k < vectors % parts) for k in range(parts)))


def render(task: KernelTask, name: str, tables: Tables) -> str:
    """The function ``name(sum, map, first, rows)``, and the functions of its tiles."""
    edge, machine = task.edge, task.machine
    window, groups = edge.window, _groups(edge)
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
        for width in dict.fromkeys((pixels, columns % pixels)):
            if width:
                tiles[width] = shared(tables, texts, _tile(task, groups, window, width, count))
        calls.append(_loop(task, window, table, tiles, pixels, first_vector * per))
        first_vector += count
    head = f"uint{edge.bits}_t *restrict sum, const uint8_t *restrict map, int32_t first, int32_t rows"
    body = "".join(calls)
    return "".join(texts) + f"\nstatic void {name}({head}) {{\n{body}}}\n"


def _loop(task: KernelTask, window: Window, table: str, tiles: Mapping[int, str], pixels: int, output: int) -> str:
    """All rows of one block of output channels: tiles of ``pixels``, then a narrower one."""
    columns, map_ = window.out[1], padded_bytes(task.edge)
    tiled, channels, out = columns // pixels * pixels, window.channels_in, window.channels_out
    tile = f"{tiles[pixels]}(to + x * {out}, in + x * {channels}, {table});"
    rest = columns - tiled
    last = f"\n    {tiles[rest]}(to + {tiled * out}, in + {tiled * channels}, {table});" if rest else ""
    return f"""  for (int32_t r = 0; r < rows; r++) {{
    const uint8_t *in = map + (first + r) * {map_.stride};
    uint{task.edge.bits}_t *to = sum + r * {task.block.stride} + {output};
    for (int32_t x = 0; x < {tiled}; x += {pixels}) {tile}{last}
  }}
"""


def _tile(task: KernelTask, groups: NDArray[np.int64], window: Window, pixels: int, count: int) -> str:
    """The function of a tile: ``pixels`` neighboring pixels of the outputs, ``count`` vectors of channels each."""
    kernel_rows, row_groups = groups.shape[:2]
    safe = _safe_groups(groups, task.edge, task.machine)
    zero = [f"a{p}_{v} = nd_none()" for p in range(pixels) for v in range(count)]
    start = f"nd_quads {', '.join(zero)};"
    end = ("\n" + " " * 4).join(_flush(task, window, pixels, count))
    inner = _products(task, window, pixels, count)
    head = (
        f"static void {NAMELESS}(uint{task.edge.bits}_t *restrict to, "
        "const uint8_t *restrict in, const int8_t *restrict w)"
    )
    stride = padded_bytes(task.edge).stride
    if safe >= kernel_rows * row_groups:
        return f"""
{head} {{
    {start}
    for (int32_t k = 0; k < {kernel_rows}; k++) {{
      const uint8_t *from = in + k * {stride};
      for (int32_t g = 0; g < {row_groups}; g++) {{
        {inner}
      }}
    }}
    {end}
}}
"""
    return f"""
{head} {{
  for (int32_t k = 0; k < {kernel_rows}; k++) {{
    const uint8_t *from = in + k * {stride};
    for (int32_t part = 0; part < {row_groups}; part += {safe}) {{
      {start}
      for (int32_t g = part; g < part + {safe} && g < {row_groups}; g++) {{
        {inner}
      }}
    {end}
    }}
  }}
}}
"""


def _products(task: KernelTask, window: Window, pixels: int, count: int) -> str:
    """C statements that add the products of group ``g`` of inputs to all sums of a tile."""
    vector_bytes = task.machine.vector_bytes
    loads = [f"b{p} = nd_quad(from + {p * window.channels_in} + {BYTES} * g)" for p in range(pixels)]
    adds = [f"a{p}_{v} = nd_dot(a{p}_{v}, b{p}, w + {v * vector_bytes});" for v in range(count) for p in range(pixels)]
    return f"""const nd_quads {", ".join(loads)};
        {(chr(10) + " " * 8).join(adds)}
        w += {count * vector_bytes};"""


def _flush(task: KernelTask, window: Window, pixels: int, count: int) -> list[str]:
    """C statements that add a tile to the sums in memory; two vectors at a time where sums are half as wide."""
    per, bits, lines = _outputs(task.machine), task.edge.bits, list[str]()
    for p in range(pixels):
        for v in range(0, count, 2 if bits == 16 and task.machine is AVX2 else 1):
            at = f"to + {p * window.channels_out + v * per}"
            both = bits == 16 and task.machine is AVX2 and v + 1 < count
            lines.append(
                f"nd_flush{bits}_2({at}, a{p}_{v}, a{p}_{v + 1});" if both else f"nd_flush{bits}({at}, a{p}_{v});"
            )
    return lines


DENSE = NativeKernel("dense", applies, render, reads="map", map=MessageMap(lambda edge: padded_bytes(edge).size, fill))
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
