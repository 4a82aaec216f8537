"""Convolutions by tables: four binary messages at a time pick a row of sums made beforehand.

The kernel of few channels in: its time does not depend on the messages. Without it all of SpikeSEG, whose second layer
takes 4 channels into 36 through 5x5, takes 1.5 times as long with 10 % to 30 % of the neurons active.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import scatter
from neurodeploy.codegen.native.part import Part, shifted, wrapped
from neurodeploy.codegen.native.vectors import pieces, widths
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT16, INT32
from neurodeploy.codegen.window import Window, window_of

REGISTERS = 8
"""Most vectors of a pixel's sums."""
LEAST = 8
"""Bytes of the narrowest: what is stored for a pixel must not overlap what is loaded for the next."""
FOUR = 4
"""Messages that pick a row."""
ROWS = 1 << FOUR
LARGEST = 64 << 10
"""Bytes of tables that still are fast."""


def binary(edge: Edge) -> bool:
    """Whether messages are bytes of 0 or 1, four of which lie in one pixel."""
    window = window_of(edge.projection, edge.source.shape)
    few = (edge.sender.low, edge.sender.high) == (0, 1) and edge.message.bytes == 1
    return few and window.channels_in % FOUR == 0


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether the scatter applies, messages are binary, and the tables are small enough."""
    if not scatter.applies(edge) or not binary(edge):
        return False
    window = window_of(edge.projection, edge.source.shape)
    vectors, lanes = pieces(machine, edge.bits, window.channels_out, LEAST), _lanes(edge, machine)
    count = window.kernel[0] * window.kernel[1] * window.channels_in // FOUR * ROWS * lanes
    return len(vectors) <= REGISTERS and count * edge.bits // 8 <= LARGEST and ROWS * lanes < 1 << 16


def _lanes(edge: Edge, machine: Machine) -> int:
    """Sums of a row of a table: whole vectors, so that none is split between two lines of the cache."""
    out = window_of(edge.projection, edge.source.shape).channels_out
    width = widths(machine, edge.bits)[0]
    return -(-out // width) * width


def picked(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of four rows each: ``(4 * n, lanes)`` to ``(n, 16, lanes)``, row ``m`` those whose bit is set in ``m``."""
    bits = np.arange(ROWS)[:, None] >> np.arange(FOUR) & 1
    return np.einsum("mk,nkl->nml", bits, weights.reshape(-1, FOUR, weights.shape[-1]))


def _row(window: Window) -> int:
    """Entries of a row of the padded map."""
    return (window.space[1] + 2 * window.padding[1]) * (window.channels_in // FOUR)


def map_bytes(edge: Edge) -> int:
    """Bytes of the padded map of picked rows."""
    window = window_of(edge.projection, edge.source.shape)
    return -(-2 * _row(window) * (window.space[0] + 2 * window.padding[0]) // 64) * 64


def fill(edge: Edge, machine: Machine, to: str, sent: str) -> list[str]:
    """Statements that write, for every four messages, which row they pick into their padded map."""
    window = window_of(edge.projection, edge.source.shape)
    (py, px), groups = window.padding, window.channels_in // FOUR
    start, count = py * _row(window) + px * groups, window.space[1] * groups
    row = f"(uint16_t *)(void *)({to}) + {start} + y * {_row(window)}"
    return [
        f"nd_clear({to}, {map_bytes(edge)});",
        f"for (int32_t y = 0; y < {window.space[0]}; y++) {{",
        f"  nd_pick4({row}, {sent} + y * {FOUR * count}, {count}, {_lanes(edge, machine)});",
        "}",
    ]


def table(part: Part, name: str, tables: Tables) -> str:
    """The kernel ``name(sum, map, first, rows)``."""
    edge, window = part.edge, window_of(part.edge.projection, part.edge.source.shape)
    (kh, kw), out, channels, bits = window.kernel, window.channels_out, window.channels_in, edge.bits
    vectors, groups = pieces(part.machine, bits, out, LEAST), kw * channels // FOUR
    run = _lanes(edge, part.machine)
    taps = shifted(window.weights.reshape(channels, kh, kw, out), edge).transpose(1, 2, 0, 3).reshape(-1, out)
    rows = wrapped(picked(np.pad(taps, ((0, 0), (0, run - out)))), bits)
    sums, kind = tables.add(rows, (INT16 if bits == 16 else INT32,))
    own = list(enumerate(vectors))
    load = "\n".join(f"        nd_sums{bits}x{n} a{i} = nd_get{bits}x{n}(to + {at});" for i, (at, n) in own)
    picks = "\n".join(
        f"        a{i} += nd_get{bits}x{n}(of_row + {j * ROWS * run + at} + from[{j}]);"
        for j in range(groups)
        for i, (at, n) in own
    )
    store = "\n".join(f"        nd_put{bits}x{n}(to + {at}, a{i});" for i, (at, n) in own)
    return f"""
static void {name}(uint{bits}_t *restrict sum, const uint8_t *restrict map, int32_t first, int32_t rows) {{
  for (int32_t k = 0; k < {kh}; k++) {{
    const {kind.name} *of_row = {sums} + k * {groups * ROWS * run};
    for (int32_t r = 0; r < rows; r++) {{
      const uint16_t *from = (const uint16_t *)(const void *)map + (first + r + k) * {_row(window)};
      uint{bits}_t *to = sum + r * {part.block.stride};
      for (int32_t x = 0; x < {window.out[1]}; x++, to += {out}, from += {channels // FOUR}) {{
{load}
{picks}
{store}
      }}
    }}
  }}
}}
"""


PICK = """
/* For every four bytes of 0 or 1, the number whose bits they are, times a factor. */
static inline void nd_pick4(uint16_t *restrict to, const uint8_t *restrict from, int32_t count, int32_t factor) {
  for (int32_t k = 0; k < count; k++) {
    to[k] = (uint16_t)((nd_load4(from + 4 * k) * UINT32_C(0x01020408) >> 24 & 15) * (uint32_t)factor);
  }
}
"""
