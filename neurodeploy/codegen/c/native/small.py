"""Convolutions into few channels: all messages of a pixel are added in registers, then each row of outputs once.

The kernel of SpikeSEG's last layer (36 channels into 1 through 7x7), where ten or more messages share a pixel: with
30 % of the neurons active, all of SpikeSEG takes 1.5 times as long when this layer scatters every message.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.c.kernels import Edge
from neurodeploy.codegen.c.native import scatter
from neurodeploy.codegen.c.native.part import Part, shifted, source_rows
from neurodeploy.codegen.c.tables import Tables
from neurodeploy.codegen.c.types import INT16
from neurodeploy.codegen.c.window import window_of

LANES = 8
ROWS = 8
SHARED = 4
"""Channels of a source from which on its messages share pixels often enough."""


def applies(edge: Edge) -> bool:
    """Whether a row of the kernel, for all channels out, takes one vector of eight sums, and a register holds each."""
    if edge.bits != 16 or not scatter.applies(edge):
        return False
    window = window_of(edge.projection, edge.source.shape)
    return window.kernel[1] * window.channels_out <= LANES and window.kernel[0] <= ROWS and window.channels_in >= SHARED


def small(part: Part, name: str, tables: Tables) -> str:
    """The kernel ``name``."""
    edge, window = part.edge, window_of(part.edge.projection, part.edge.source.shape)
    (kh, kw), out, channels = window.kernel, window.channels_out, window.channels_in
    taps = shifted(window.weights.reshape(channels, kh, kw, out)[:, :, ::-1], edge).reshape(channels, kh, kw * out)
    table, kind = tables.add(np.pad(taps, ((0, 0), (0, 0), (0, LANES - kw * out))), (INT16,))
    graded = not edge.unit
    times = " * m" if graded else ""
    place = f"const int32_t at = y * {source_rows(edge)[1]} + events[e];"
    value = f"\n        {place}\n        const uint16_t m = {part.factor};"
    zero = "\n".join(f"      nd_sums16x8 a{k} = {{0}};" for k in range(kh))
    add = "\n".join(f"        a{k} += nd_get16x8(w + {LANES * k}){times};" for k in range(kh))
    stride = part.block.stride
    put = "\n".join(
        f"      if (low <= {k} && {k} <= high) nd_put16x8(to - {k * stride}, nd_get16x8(to - {k * stride}) + a{k});"
        for k in range(kh)
    )
    return f"""
static void {name}({part.signature}) {{
{scatter.rows_of(window)}
    for (int32_t e = starts[y]; e < starts[y + 1];) {{
      const int32_t x = events[e] / {channels}, next = (x + 1) * {channels};
{zero}
      do {{{value if graded else ""}
        const {kind.name} *w = {table} + (events[e] - x * {channels}) * {LANES * kh};
{add}
        e++;
      }} while (e < starts[y + 1] && events[e] < next);
      uint16_t *to = sum + bottom * {stride} + (x - {kw - 1 - window.padding[1]}) * {out};
{put}
    }}
  }}{"" if graded else chr(10) + "  (void)sent;"}
}}
"""
