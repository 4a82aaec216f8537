"""Portable kernels: the C functions that add a projection's messages to an accumulator.

All are event-driven. ``<name>(sum, sent)`` scans the source's messages, a block of 16 at a time, and calls
``<name>_event(sum, j, m)`` for each one that is not 0. That function adds the weights of stored neuron ``j``, times the
message ``m``, to all its targets; its innermost loop runs over contiguous sums and weights, so that a compiler can
vectorise it. Which form it has depends on the projection:

- a matrix: one row of weights per source (``_matrix_event``), or lists where most weights are 0 (``_lists_event``);
- a window without stride, dilation and groups: one run per kernel row, since channels lie last (``_run_event``);
- any other window: one run over the channels of the group per tap (``_tap_event``).

Sums are modulo ``2**bits``, so the order of additions does not matter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.integer_types import INDEX
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window, window_matrix

IntArray = NDArray[np.int64]
BLOCK = 16
"""Messages that one test of the scan finds silent."""
SPARSE = 8
"""A matrix is stored as lists where fewer than one in this many of its weights is not 0."""


def kernel(edge: Edge, name: str, tables: Tables) -> str:
    """The function ``name(sum, sent)``, which adds the messages ``sent`` to the accumulator ``sum``.

    Both arrays lie as their populations are stored. ``tables`` takes up the weights. Raises InputError where a window
    does not fit its source or its target.
    """
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
    window = edge.window
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
"""Anything that can stand in for ``kernel``: it gives the text of the function of that name."""
