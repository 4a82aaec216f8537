"""``table``: dense convolutions of binary messages by tables; four messages at a time pick a row of sums.

The kernel for few input channels at high activity; its time does not depend on the messages.

- Four messages of neighboring channels pick one of 16 rows of a table, which holds their sum for all output channels.
  For every pixel of the outputs, the picked rows of one kernel row are added in registers; output channels are
  vectorised.
- Tables lie as (kernel row, kernel column and group of four channels, 16, output channel).
- It reads a map: for every group of four messages, zeros around them included, the place of the row they pick.

Measured: without it SpikeSEG, whose second layer takes 4 channels into 36 through 5x5, takes 1.5 times as long with 10
% to 30 % of its neurons active.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import conv_scatter
from neurodeploy.codegen.native.kernel import KernelTask, MessageMap, NativeKernel
from neurodeploy.codegen.native.vector_widths import pieces, widths
from neurodeploy.codegen.native.weight_runs import shifted, wrapped
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window
from neurodeploy.integers import INT16, INT32

REGISTERS = 8
"""Most vectors of sums that a pixel of outputs may have."""
LEAST = 8
"""Bytes of the narrowest vector: what is stored for a pixel must not overlap what is loaded for the next one."""
FOUR = 4
"""Messages that pick a row."""
ROWS = 1 << FOUR
"""Rows that they pick from."""
LARGEST = 64 << 10
"""Most bytes of tables: larger ones leave the caches and are slow."""


def binary(edge: Edge) -> bool:
    """Whether messages are bytes of 0 or 1, and the channels of a pixel make whole groups of four."""
    window = edge.window
    bits = (edge.sender.low, edge.sender.high) == (0, 1) and edge.message.bytes == 1
    return bits and window.channels_in % FOUR == 0


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether ``scatter`` applies, messages are binary, and the tables are small enough."""
    if not conv_scatter.applies(edge, machine) or not binary(edge):
        return False
    window = edge.window
    vectors, lanes = pieces(machine, edge.bits, window.channels_out, LEAST), _lanes(edge, machine)
    count = window.kernel[0] * window.kernel[1] * window.channels_in // FOUR * ROWS * lanes
    return len(vectors) <= REGISTERS and count * edge.bits // 8 <= LARGEST and ROWS * lanes < 1 << 16


def _lanes(edge: Edge, machine: Machine) -> int:
    """Sums in a row of a table: whole vectors, so that none is split between two lines of the cache."""
    out = edge.window.channels_out
    width = widths(machine, edge.bits)[0]
    return -(-out // width) * width


def picked(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """All sums of four rows, ``(4 * n, lanes)`` to ``(n, 16, lanes)``: ``m`` adds those whose bit it has set."""
    bits = np.arange(ROWS)[:, None] >> np.arange(FOUR) & 1
    return np.einsum("mk,nkl->nml", bits, weights.reshape(-1, FOUR, weights.shape[-1]))


def _row(window: Window) -> int:
    """Entries of a row of the padded map."""
    return (window.space[1] + 2 * window.padding[1]) * (window.channels_in // FOUR)


def map_bytes(edge: Edge) -> int:
    """Bytes of the map."""
    window = edge.window
    return -(-2 * _row(window) * (window.space[0] + 2 * window.padding[0]) // 64) * 64


def fill(edge: Edge, machine: Machine, to: str, sent: str) -> list[str]:
    """C statements that write the map at ``to`` from the messages at ``sent``."""
    window = edge.window
    (py, px), groups = window.padding, window.channels_in // FOUR
    start, count = py * _row(window) + px * groups, window.space[1] * groups
    row = f"(uint16_t *)(void *)({to}) + {start} + y * {_row(window)}"
    return [
        f"nd_clear({to}, {map_bytes(edge)});",
        f"for (int32_t y = 0; y < {window.space[0]}; y++) {{",
        f"  nd_pick4({row}, {sent} + y * {FOUR * count}, {count}, {_lanes(edge, machine)});",
        "}",
    ]


def _table(edge: Edge, window: Window, lanes: int) -> NDArray[np.int64]:
    """What four messages add, as (kernel row, kernel column and group of four channels, 16, output channel)."""
    (kh, kw), out, channels = window.kernel, window.channels_out, window.channels_in
    taps = shifted(window.weights.reshape(channels, kh, kw, out), edge).transpose(1, 2, 0, 3).reshape(-1, out)
    return wrapped(picked(np.pad(taps, ((0, 0), (0, lanes - out)))), edge.bits)


def render(task: KernelTask, name: str, tables: Tables) -> str:
    """The function ``name(sum, map, first, rows)``."""
    edge, window = task.edge, task.edge.window
    (kh, kw), out, channels, bits = window.kernel, window.channels_out, window.channels_in, edge.bits
    vectors, groups = pieces(task.machine, bits, out, LEAST), kw * channels // FOUR
    run = _lanes(edge, task.machine)
    sums, kind = tables.add(_table(edge, window, run), (INT16 if bits == 16 else INT32,))
    numbered = list(enumerate(vectors))
    load = "\n".join(f"        nd_sums{bits}x{n} a{i} = nd_get{bits}x{n}(to + {at});" for i, (at, n) in numbered)
    picks = "\n".join(
        f"        a{i} += nd_get{bits}x{n}(of_row + {j * ROWS * run + at} + from[{j}]);"
        for j in range(groups)
        for i, (at, n) in numbered
    )
    store = "\n".join(f"        nd_put{bits}x{n}(to + {at}, a{i});" for i, (at, n) in numbered)
    return f"""
static void {name}(uint{bits}_t *restrict sum, const uint8_t *restrict map, int32_t first, int32_t rows) {{
  for (int32_t k = 0; k < {kh}; k++) {{
    const {kind.name} *of_row = {sums} + k * {groups * ROWS * run};
    for (int32_t r = 0; r < rows; r++) {{
      const uint16_t *from = (const uint16_t *)(const void *)map + (first + r + k) * {_row(window)};
      uint{bits}_t *to = sum + r * {task.block.stride};
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

TABLE = NativeKernel("table", applies, render, reads="map", map=MessageMap(map_bytes, fill))
