"""Convolutions into few channels by tables: what all binary messages of a pixel add, then each row of outputs once.

The kernel of SpikeSEG's last layer (36 channels into 1 through 7x7): nine tables give what a pixel adds to seven rows.
Without it all of SpikeSEG takes 1.7 times as long with 10 % of the neurons active, and longer with more.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.native import scatter
from neurodeploy.codegen.native.part import Part, shifted, source_rows, wrapped
from neurodeploy.codegen.native.table import FOUR, LARGEST, ROWS, binary, picked
from neurodeploy.codegen.native.vectors import pieces
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT16
from neurodeploy.codegen.window import Window, window_of

LANES = 8
HIGHEST = 8
"""Most rows of a kernel."""


def applies(edge: Edge) -> bool:
    """Whether a row of the kernel, for all channels out, takes one vector of eight sums, and a register holds each."""
    if edge.bits != 16 or not scatter.applies(edge) or not binary(edge):
        return False
    window = window_of(edge.projection, edge.source.shape)
    (kh, kw), groups = window.kernel, window.channels_in // FOUR
    return kw * window.channels_out <= LANES and kh <= HIGHEST and groups * ROWS * LANES * 2 * kh <= LARGEST


def columns(part: Part, name: str, tables: Tables) -> str:
    """The kernel ``name``."""
    edge, window = part.edge, window_of(part.edge.projection, part.edge.source.shape)
    (kh, kw), out, channels = window.kernel, window.channels_out, window.channels_in
    taps = shifted(window.weights.reshape(channels, kh, kw, out)[:, :, ::-1], edge).reshape(channels, kh, kw * out)
    filled = np.pad(taps, ((0, 0), (0, 0), (0, LANES - kw * out))).reshape(channels, kh * LANES)
    sums, kind = tables.add(wrapped(picked(filled), edge.bits), (INT16,))
    run, groups, width = kh * LANES, channels // FOUR, window.space[1]
    vectors = pieces(part.machine, edge.bits, run)
    zero = "\n".join(f"      nd_sums16x{n} a{i} = {{0}};" for i, (_, n) in enumerate(vectors))
    add = "\n".join(f"        a{i} += nd_get16x{n}(w + {at});" for i, (at, n) in enumerate(vectors))
    keep = "\n".join(f"      nd_put16x{n}(all + {at}, a{i});" for i, (at, n) in enumerate(vectors))
    return f"""
static void {name}({part.signature}) {{
{scatter.rows_of(window)}
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
      uint16_t *to = sum + bottom * {part.block.stride} + (x - {kw - 1 - window.padding[1]}) * {out};
{keep}
{_put(part, window)}
    }}
  }}
  (void)events;
  (void)starts;
}}
"""


def _put(part: Part, window: Window) -> str:
    lines: list[str] = []
    for k in range(window.kernel[0]):
        to = f"to - {k * part.block.stride}"
        sums = f"nd_get16x8({to}) + nd_get16x8(all + {LANES * k})"
        lines.append(f"      if (low <= {k} && {k} <= high) nd_put16x8({to}, {sums});")
    return "\n".join(lines)
