"""What one message adds to an accumulator: the C of every kind of projection.

All are driven by events: silent neurons cost a test, and sums are modular, so their order does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INDEX, CType, smallest
from neurodeploy.codegen.window import Window, window_matrix, window_of
from neurodeploy.program.projection import Projection
from neurodeploy.step.plan import Sender

IntArray = NDArray[np.int64]
BLOCK = 16
"""Neurons whose silence one test sees."""
SPARSE = 8
"""A matrix is stored as lists when fewer than one in this many of its weights is not zero."""


@dataclass(frozen=True)
class Edge:
    """A projection, its weights as they are stored, with its layouts, its messages and the accumulator's width."""

    projection: Projection
    sender: Sender
    source: Layout
    target: Layout
    bits: int
    shift: int

    @property
    def message(self) -> CType:
        """The type its source's messages are stored in."""
        return smallest(self.sender.low, self.sender.high)

    @property
    def computed(self) -> int:
        """Bits of the arithmetic; sums of 16 bits are computed in 32, since C promotes them to a signed type."""
        return max(self.bits, 32)

    def adds(self, place: str, weight: str) -> str:
        """The statement that adds a weight times the message ``m``."""
        product = f"(uint{self.computed}_t){weight} * m"
        return (
            f"sum[{place}] = (uint16_t)(sum[{place}] + {product});"
            if self.bits == 16
            else f"sum[{place}] += {product};"
        )

    @property
    def unit(self) -> bool:
        """Whether every message that is not 0 counts as 1."""
        return self.projection.message_bits == 1 or (self.sender.low, self.sender.high) == (0, 1)


def kernel(edge: Edge, name: str, tables: Tables) -> str:
    """``name(sum, sent)``: adds to the accumulator what the messages ``sent`` bring."""
    return _event(edge, f"{name}_event", tables) + _scan(edge, name)


def _scan(edge: Edge, name: str) -> str:
    size, unsigned = edge.source.size, f"uint{edge.computed}_t"
    if edge.shift >= edge.computed:
        factor = "0"
    elif edge.unit:
        factor = f"UINT{edge.computed}_C({1 << edge.shift})"
    else:
        factor = f"({unsigned})sent[j]" + (f" << {edge.shift}" if edge.shift else "")
    blocks = f"""
  for (; j + {BLOCK} <= {size}; ) {{
    {edge.message.name} any = 0;
    for (int32_t k = 0; k < {BLOCK}; k++) any = ({edge.message.name})(any | sent[j + k]);
    if (any == 0) {{ j += {BLOCK}; continue; }}
    for (int32_t k = 0; k < {BLOCK}; k++, j++) if (sent[j] != 0) {name}_event(sum, j, {factor});
  }}"""
    return f"""
static void {name}(uint{edge.bits}_t *restrict sum, const {edge.message.name} *restrict sent) {{
  int32_t j = 0;{blocks if size >= BLOCK else ""}
  for (; j < {size}; j++) if (sent[j] != 0) {name}_event(sum, j, {factor});
}}
"""


def _event(edge: Edge, name: str, tables: Tables) -> str:
    projection = edge.projection
    if projection.kind in ("dense", "sparse"):
        return _matrix_event(edge, name, tables, projection.weights)
    window = window_of(projection, edge.source.shape)
    if window.shape != edge.target.shape:
        return _lists_event(edge, name, tables, window_matrix(window, edge.target.size))
    return _run_event(edge, name, tables, window) if window.plain else _tap_event(edge, name, tables, window)


def _function(edge: Edge, name: str, body: str) -> str:
    head = f"static void {name}(uint{edge.bits}_t *restrict sum, int32_t j, uint{edge.computed}_t m)"
    return f"\n{head} {{\n{body}}}\n"


def _matrix_event(edge: Edge, name: str, tables: Tables, matrix: IntArray) -> str:
    if edge.projection.kind == "sparse" or np.count_nonzero(matrix) * SPARSE < matrix.size:
        return _lists_event(edge, name, tables, matrix)
    rows = matrix[np.ix_(edge.target.order, edge.source.order)].T
    table, kind = tables.add(rows)
    body = f"""  const {kind.name} *row = {table} + j * {edge.target.size};
  for (int32_t i = 0; i < {edge.target.size}; i++) {edge.adds("i", "row[i]")}
"""
    return _function(edge, name, body)


def _lists_event(edge: Edge, name: str, tables: Tables, matrix: IntArray) -> str:
    rows = matrix[np.ix_(edge.target.order, edge.source.order)].T
    source, target = np.nonzero(rows)
    starts, _ = tables.add(np.searchsorted(source, np.arange(len(rows) + 1)), INDEX)
    targets, _ = tables.add(target, INDEX)
    weights, _ = tables.add(rows[source, target])
    body = f"""  for (int32_t k = {starts}[j]; k < (int32_t){starts}[j + 1]; k++) {{
    {edge.adds(f"{targets}[k]", f"{weights}[k]")}
  }}
"""
    return _function(edge, name, body)


def _place(window: Window) -> str:
    channels, width = window.channels_in, window.space[1]
    return f"""  const int32_t c = j % {channels};
  const int32_t x = j / {channels} % {width} + {window.padding[1]};
  const int32_t y = j / {channels * width} + {window.padding[0]};
"""


def _run_event(edge: Edge, name: str, tables: Tables, window: Window) -> str:
    """Without stride, dilation and groups: for every kernel row one run over output columns and channels."""
    (kh, kw), (rows, columns), out = window.kernel, window.out, window.channels_out
    table, kind = tables.add(window.weights.reshape(window.channels_in, kh, kw, out)[:, :, ::-1])
    body = f"""{_place(window)}  const int32_t first = x > {kw - 1} ? x - {kw - 1} : 0;
  const int32_t last = x < {columns - 1} ? x : {columns - 1};
  const {kind.name} *w = {table} + (c * {kh * kw} + {kw - 1} - x + first) * {out};
  const int32_t length = (last - first + 1) * {out};
  for (int32_t k = 0; k < {kh}; k++) {{
    const int32_t row = y - k;
    if (row < 0 || row >= {rows}) continue;
    for (int32_t i = 0; i < length; i++) {{
      {edge.adds(f"(row * {columns} + first) * {out} + i", f"w[k * {kw * out} + i]")}
    }}
  }}
"""
    return _function(edge, name, body)


def _tap_event(edge: Edge, name: str, tables: Tables, window: Window) -> str:
    """Any window: for every tap of the kernel that meets an output, one run over the channels of the group."""
    (kh, kw), (rows, columns) = window.kernel, window.out
    per_in, per_out = window.channels_in // window.groups, window.channels_out // window.groups
    table, kind = tables.add(window.weights)
    tap = f"(k * {kw} + l)" if window.shared else f"((c * {kh} + k) * {kw} + l) * {per_out}"
    body = f"""{_place(window)}  for (int32_t k = 0; k < {kh}; k++) {{
    const int32_t row = y - {window.dilation[0]} * k;
    if (row < 0 || row % {window.stride[0]} != 0 || row / {window.stride[0]} >= {rows}) continue;
    for (int32_t l = 0; l < {kw}; l++) {{
      const int32_t column = x - {window.dilation[1]} * l;
      if (column < 0 || column % {window.stride[1]} != 0 || column / {window.stride[1]} >= {columns}) continue;
      const int32_t place = (row / {window.stride[0]} * {columns} + column / {window.stride[1]}) * {window.channels_out}
        + c / {per_in} * {per_out};
      const {kind.name} *w = {table} + {tap};
      for (int32_t i = 0; i < {per_out}; i++) {edge.adds("place + i", "w[i]")}
    }}
  }}
"""
    return _function(edge, name, body)


Kernel = Callable[[Edge, str, Tables], str]
"""A way to add what messages bring: portable here; a rendering for one machine has its own."""
