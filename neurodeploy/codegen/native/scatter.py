"""Convolutions driven by events: every message adds one run of weights to each row of outputs it reaches.

The kernel of low activity. Events outside, rows inside: neighbors overlap in their unaligned runs, and a row comes back
only after all the others, when its stores have retired. Against the portable form SpikeSEG gains 2x to 3x.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.native.part import LONGEST, Part, added, padded, runs, shifted, source_rows
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window, window_of


def applies(edge: Edge) -> bool:
    """Whether the projection is a convolution without stride, dilation and groups, whose rows 16-bit places index."""
    if edge.projection.kind not in ("conv1d", "conv2d") or edge.bits == 64:
        return False
    window = window_of(edge.projection, edge.source.shape)
    return window.plain and window.shape == edge.target.shape and source_rows(edge)[1] <= LONGEST


def margins(edge: Edge) -> tuple[int, int]:
    """How far its runs reach beyond a row of outputs, to the left and to the right, in sums."""
    window = window_of(edge.projection, edge.source.shape)
    (_, kw), pad, out = window.kernel, window.padding[1], window.channels_out
    return max(0, kw - 1 - pad) * out, max(0, window.space[1] + pad - window.out[1]) * out


def scatter(part: Part, name: str, tables: Tables) -> str:
    """The kernel ``name``."""
    edge = part.edge
    window = window_of(edge.projection, edge.source.shape)
    (kh, kw), out = window.kernel, window.channels_out
    count = kw * out
    run = padded(part, count)
    taps = shifted(window.weights.reshape(window.channels_in, kh, kw, out)[:, :, ::-1], edge)
    rows = taps.reshape(window.channels_in * kh, count)
    table = runs(np.pad(rows, ((0, 0), (0, run - count))), edge.bits, tables, tight=False)
    graded = not edge.unit
    body = "\n".join(f"        {line}" for line in added(part, "to", "w", table, count, graded))
    times = f"\n      const uint{edge.bits}_t m = {part.factor};" if graded else ""
    place = f"\n      const int32_t at = y * {source_rows(edge)[1]} + events[e];" if graded else ""
    return f"""
static void {name}({part.signature}) {{
{rows_of(window)}
    for (int32_t e = starts[y]; e < starts[y + 1]; e++) {{{place}{times}
      const int32_t x = events[e] / {window.channels_in}, c = events[e] % {window.channels_in};
      const {table.kind} *w = {table.name} + (c * {kh} + low) * {run};
      uint{edge.bits}_t *to = sum + (bottom - low) * {part.block.stride} + (x - {kw - 1 - window.padding[1]}) * {out};
      for (int32_t k = low; k <= high; k++, w += {run}, to -= {part.block.stride}) {{
{body}
      }}
    }}
  }}{"" if graded else chr(10) + "  (void)sent;"}
}}
"""


def rows_of(window: Window) -> str:
    """The loop over rows of inputs that reach the block, with the kernel rows by which they do."""
    kh, pad, height = window.kernel[0], window.padding[0], window.space[0]
    return f"""  const int32_t from = first > {pad} ? first - {pad} : 0;
  const int32_t end = first + rows + {kh - 1 - pad} < {height} ? first + rows + {kh - 1 - pad} : {height};
  for (int32_t y = from; y < end; y++) {{
    const int32_t bottom = y + {pad} - first;
    const int32_t low = bottom >= rows ? bottom - rows + 1 : 0, high = bottom < {kh - 1} ? bottom : {kh - 1};"""
