"""Events that saturate the current one after another: the matrix kernel with a saturating addition, in event order.

The currents of a stretch of targets stay in registers while all events pass, so each is loaded and stored once.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.arrival import Delivery
from neurodeploy.codegen.c.kernels import SPARSE
from neurodeploy.codegen.c.layout import Layout
from neurodeploy.codegen.c.machine import Machine
from neurodeploy.codegen.c.native.lists import SLACK
from neurodeploy.codegen.c.native.matrix import REGISTERS
from neurodeploy.codegen.c.native.part import Runs, runs
from neurodeploy.codegen.c.native.vectors import pieces, widths
from neurodeploy.codegen.c.tables import Tables
from neurodeploy.codegen.c.types import INT16, smallest
from neurodeploy.codegen.plan import Sender
from neurodeploy.numerics import Numerics

MOST = 1 << 13
"""Sources whose list a stack frame holds."""


def applies(delivery: Delivery, sender: Sender, source: Layout, numerics: Numerics) -> bool:
    """Whether currents are 16 bits that clip, products of weights and messages too, and few weights are zero."""
    p = delivery.projection
    if (numerics.current_bits, numerics.current_overflow) != (16, "clip") or p.kind != "dense" or p.shift < 0:
        return False
    high = max(abs(each) for each in _messages(delivery, sender))
    largest = int(np.abs(p.weights).max(initial=0)) << p.shift
    filled = int(np.count_nonzero(p.weights)) * SPARSE >= p.weights.size
    return filled and source.trivial and source.size <= MOST and largest * high <= INT16.high


def _messages(delivery: Delivery, sender: Sender) -> tuple[int, int]:
    return (0, 1) if delivery.projection.message_bits == 1 else (sender.low, sender.high)


def saturating(
    delivery: Delivery, sender: Sender, source: Layout, target: Layout, name: str, tables: Tables, machine: Machine
) -> str:
    """``name(u, sent)``: the currents ``u`` after the messages ``sent``, sources in order."""
    p, kind = delivery.projection, smallest(sender.low, sender.high)
    covering = pieces(machine, 16, target.size)
    stride = covering[-1][0] + covering[-1][1]
    rows = np.pad(p.weights[target.order].T << p.shift, ((0, 0), (0, stride - target.size)))
    table = runs(rows, 16, tables, tight=True)
    graded = p.message_bits != 1 and (sender.low, sender.high) != (0, 1)
    passes = [covering[at : at + REGISTERS] for at in range(0, len(covering), REGISTERS)]
    whole = [each for each in passes if len(each) == REGISTERS and each[-1][1] == widths(machine, 16)[0]]
    rest = passes[len(whole) :]
    body = ""
    if whole:
        step = REGISTERS * widths(machine, 16)[0]
        loop = f"for (int32_t k = 0; k < {len(whole) * step}; k += {step})"
        body += f"  {loop} {{\n{_pass(whole[0], table, stride, graded)}  }}\n"
    for each in rest:
        body += f"  {{\n    const int32_t k = 0;\n{_pass(each, table, stride, graded)}  }}\n"
    return f"""
static void {name}(int16_t *restrict u, const {kind.name} *restrict sent) {{
  uint16_t events[{source.size + SLACK}];
  const int32_t count = nd_list{kind.bytes}(events, (const uint{kind.bits}_t *)sent, {source.size});
{body}}}
"""


def _pass(vectors: list[tuple[int, int]], table: Runs, stride: int, graded: bool) -> str:
    value = ["      const uint16_t m = (uint16_t)sent[events[e]];"] if graded else []
    times = " * m" if graded else ""
    lines = [
        *(f"    nd_sums16x{n} a{i} = nd_get16x{n}(u + k + {at});" for i, (at, n) in enumerate(vectors)),
        "    for (int32_t e = 0; e < count; e++) {",
        *value,
        f"      const {table.kind} *w = {table.name} + (int32_t)events[e] * {stride} + k;",
        *(
            f"      a{i} = nd_clipped16x{n}(a{i}, {table.load}16x{n}(w + {at}){times});"
            for i, (at, n) in enumerate(vectors)
        ),
        "    }",
        *(f"    nd_put16x{n}(u + k + {at}, a{i});" for i, (at, n) in enumerate(vectors)),
    ]
    return "\n".join(lines) + "\n"


def prelude(machine: Machine) -> str:
    """``nd_clipped16x<lanes>``: additions that clip at 16 bits."""
    own = {8: ("_mm", "__m128i"), 16: ("_mm256", "__m256i"), 32: ("_mm512", "__m512i")}
    texts: list[str] = []
    for n in widths(machine, 16):
        start, kind = own[n]
        add = f"({kind})a, ({kind})b"
        texts.append(f"""
static inline nd_sums16x{n} nd_clipped16x{n}(nd_sums16x{n} a, nd_sums16x{n} b) {{
  return (nd_sums16x{n}){start}_adds_epi16({add});
}}
""")
    return "".join(texts)
