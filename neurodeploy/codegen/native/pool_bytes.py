"""``pool``: pooling over windows that lie side by side, dense; messages are added as bytes and widened last.

- Rows of bytes are added first, then the bytes of neighboring pixels, as wide as they come; only the result is added to
  the sums. All loops run over neighboring bytes and are vectorised.
- It has no weights, and reads the messages themselves.

Measured: without it the pooled maps of SpikeSEG, where half the neurons may spike, cost as much as its convolutions.
"""

from __future__ import annotations

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.kernel import KernelTask, NativeKernel, source_rows
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.window import Window

BYTE = 255
"""Largest sum that a byte holds."""


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether all weights are 1, windows lie side by side, and their sums fit a byte."""
    p = edge.projection
    if p.kind != "sum-pool" or edge.bits == 64 or edge.message.name != "uint8_t":
        return False
    window = edge.window
    ones = bool((p.weights == 1).all()) and edge.shift == 0
    binary = edge.unit and edge.sender.high > 1
    full = edge.sender.high * p.weights.size <= BYTE and not binary
    return ones and full and window.kernel == window.stride and window.padding == (0, 0) and _fits(edge)


def _fits(edge: Edge) -> bool:
    return edge.window.shape == edge.target.shape


def render(task: KernelTask, name: str, tables: Tables) -> str:
    """The function ``name``."""
    edge, window = task.edge, task.edge.window
    (kh, kw), channels, columns = window.kernel, window.channels_in, window.out[1]
    length, sums, bits = source_rows(edge)[1], columns * channels, edge.bits
    pooled = _pooled(window, length) if (kh, kw) != (1, 1) else "    const uint8_t *all = from;\n"
    return f"""
static void {name}({task.signature}) {{
  for (int32_t r = 0; r < rows; r++) {{
    const uint8_t *from = sent + (int32_t)(first + r) * {kh * length};
{pooled}    uint{bits}_t *to = sum + r * {task.block.stride};
    for (int32_t j = 0; j < {sums}; j++) to[j] = (uint{bits}_t)(to[j] + all[j]);
  }}
  (void)events;
  (void)starts;
}}
"""


def _pooled(window: Window, length: int) -> str:
    """C statements that add rows of bytes, then neighboring pixels, into ``all``."""
    (kh, kw), channels, columns = window.kernel, window.channels_in, window.out[1]
    used = columns * kw * channels
    down = " + ".join(f"from[{k} * {length} + j]" for k in range(kh))
    across = "\n".join(f"      {line}" for line in _across(channels, kw))
    return f"""    uint8_t high[{used + 64}], all[{columns * channels + 64}];
    for (int32_t j = 0; j < {used}; j++) high[j] = (uint8_t)({down});
    for (int32_t x = 0; x < {columns}; x++) {{
      const uint8_t *in = high + x * {kw * channels};
      uint8_t *out = all + x * {channels};
{across}
    }}
"""


def _across(channels: int, kw: int) -> list[str]:
    """C statements that add the pixels of a window, 8 channels at a time: no byte's sum carries over."""
    lines: list[str] = []
    at = 0
    for size in (8, 4, 2, 1):
        kind = f"uint{8 * size}_t"
        while channels - at >= size:
            loads = [f"nd_load{size}(in + {k * channels + at})" for k in range(kw)]
            lines.append(f"nd_store{size}(out + {at}, ({kind})({' + '.join(loads)}));")
            at += size
    return lines


POOL = NativeKernel("pool", applies, render, reads="messages")
