"""``columns``: convolutions into few channels by tables of what four binary messages of a pixel add together.

The kernel for layers such as SpikeSEG's last one (36 channels into 1 through 7x7). Its time hardly depends on activity:

- Four binary messages of a pixel pick one of 16 rows of a table; a row holds what they add to all kernel rows and
  columns. The loop over groups of four is the inner one, and its sums stay in registers. Then each row of outputs is
  touched once per pixel.
- A kernel row times the output channels fits one vector of eight sums of 16 bits.
- It reads the messages themselves, and skips rows of the source that are silent.

Measured: without it SpikeSEG takes 1.7 times as long with 10 % of its neurons active, and longer with more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import conv_scatter
from neurodeploy.codegen.native.conv_table import FOUR, LARGEST, ROWS, binary, picked
from neurodeploy.codegen.native.kernel import KernelTask, NativeKernel, source_rows
from neurodeploy.codegen.native.vector_widths import pieces
from neurodeploy.codegen.native.weight_runs import shifted, wrapped
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window
from neurodeploy.integers import INT16

LANES = 8
"""Sums that one kernel row may add to."""
HIGHEST = 8
"""Most rows of a kernel: each takes a register."""


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether messages are binary, a kernel row adds to eight sums at most, and the tables are small enough."""
    if edge.bits != 16 or not conv_scatter.applies(edge, machine) or not binary(edge):
        return False
    window = edge.window
    (kh, kw), groups = window.kernel, window.channels_in // FOUR
    return kw * window.channels_out <= LANES and kh <= HIGHEST and groups * ROWS * LANES * 2 * kh <= LARGEST


def render(task: KernelTask, name: str, tables: Tables) -> str:
    """The function ``name``."""
    edge, window = task.edge, task.edge.window
    (kh, kw), out = window.kernel, window.channels_out
    sums, kind = tables.add(_table(edge, window), (INT16,))
    run, groups, width = kh * LANES, window.channels_in // FOUR, window.space[1]
    vectors = pieces(task.machine, edge.bits, run)
    zero = "\n".join(f"      nd_sums16x{n} a{i} = {{0}};" for i, (_, n) in enumerate(vectors))
    add = "\n".join(f"        a{i} += nd_get16x{n}(w + {at});" for i, (at, n) in enumerate(vectors))
    keep = "\n".join(f"      nd_put16x{n}(all + {at}, a{i});" for i, (at, n) in enumerate(vectors))
    return f"""
static void {name}({task.signature}) {{
{conv_scatter.rows_of(window)}
    uint16_t picks[{width * groups}], all[{run}];
    const uint8_t *from_row = sent + y * {source_rows(edge)[1]};
    if (nd_still(from_row, {source_rows(edge)[1]})) continue;
    nd_pick4(picks, from_row, {width * groups}, {run});
    for (int32_t x = 0; x < {width}; x++) {{
{zero}
      for (int32_t j = 0; j < {groups}; j++) {{
        const {kind.name} *w = {sums} + j * {ROWS * run} + picks[x * {groups} + j];
{add}
      }}
      uint16_t *to = sum + bottom * {task.block.stride} + (x - {kw - 1 - window.padding[1]}) * {out};
{keep}
{_put(task, window)}
    }}
  }}
  (void)events;
  (void)starts;
}}
"""


def _table(edge: Edge, window: Window) -> NDArray[np.int64]:
    """What four messages add, as (group of four channels, 16, kernel row, eight sums); kernel columns reversed."""
    (kh, kw), out, channels = window.kernel, window.channels_out, window.channels_in
    taps = shifted(window.weights.reshape(channels, kh, kw, out)[:, :, ::-1], edge).reshape(channels, kh, kw * out)
    filled = np.pad(taps, ((0, 0), (0, 0), (0, LANES - kw * out))).reshape(channels, kh * LANES)
    return wrapped(picked(filled), edge.bits)


def _put(task: KernelTask, window: Window) -> str:
    """Statements that add what a pixel adds by each kernel row to the row of outputs it reaches."""
    lines: list[str] = []
    for k in range(window.kernel[0]):
        to = f"to - {k * task.block.stride}"
        sums = f"nd_get16x8({to}) + nd_get16x8(all + {LANES * k})"
        lines.append(f"      if (low <= {k} && {k} <= high) nd_put16x8({to}, {sums});")
    return "\n".join(lines)


COLUMNS = NativeKernel("columns", applies, render, reads="messages", margins=True)
