"""Events that enter a 16-bit current one after another: currents stay in registers while all events pass.

Sources add in ascending order, each to a stretch of columns at a time by saturating additions, which clip to
-32768 .. 32767 as the current's width does.

A message ``m`` adds ``clip(u + m * w)`` with ``w`` the shifted weight. Added in parts of one sign, ``p1 + p2 + ... =
m * w``, each clipped, it gives the same: no part moves ``u`` away from the bound it may meet, so the clip acts only
where the rest of the sum lies beyond that bound too, and from then on nothing leaves it. So ``m`` may be cut into
parts whose product with every weight is a 16-bit number. One clipped product would not do: -32768 + 2 * 30000 is
27232, but -32768 + clip(60000) is -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodeploy.codegen.context import Context
from neurodeploy.codegen.kernels import SPARSE, Edge
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.lists import SLACK
from neurodeploy.codegen.native.part import LONGEST
from neurodeploy.codegen.native.vectors import pieces, widths
from neurodeploy.codegen.saturating import delivery_kernel
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT8
from neurodeploy.codegen.types import INT16 as WORD
from neurodeploy.step.arrival import INT16, Delivery
from neurodeploy.step.neuron import CURRENT
from neurodeploy.step.plan import Plan, Stage

BITS = 16
REGISTERS = 8


def prelude(machine: Machine) -> str:
    """``nd_clipped16x<lanes>(a, b)``: sums of 16-bit numbers, clipped; ``nd_quotient(a, b)`` of words."""
    names = {32: ("_mm512", "__m512i"), 16: ("_mm256", "__m256i"), 8: ("_mm", "__m128i")}
    sums = "".join(
        f"static inline nd_sums16x{n} nd_clipped16x{n}(nd_sums16x{n} a, nd_sums16x{n} b) {{\n"
        f"  return (nd_sums16x{n}){names[n][0]}_adds_epi16(({names[n][1]})a, ({names[n][1]})b);\n}}\n"
        for n in widths(machine, BITS)
    )
    return sums + f"typedef float nd_singles __attribute__((vector_size({machine.vector_bytes})));\n" + QUOTIENT


QUOTIENT = """/* a / b rounded down, for a in 0 .. 2^23 - 1 and b in 1 .. 2^23. */
static inline nd_words nd_quotient(nd_words a, nd_words b) {
  const nd_singles ratio = __builtin_convertvector(a, nd_singles) / __builtin_convertvector(b, nd_singles);
  return __builtin_convertvector(ratio, nd_words);
}
"""


@dataclass(frozen=True, eq=False)
class Stream:
    """A delivery as it is rendered: its edge, and the largest message whose product with every weight has 16 bits."""

    edge: Edge
    largest: int

    @property
    def graded(self) -> bool:
        """Whether its messages differ."""
        return not self.edge.unit


def stream(delivery: Delivery, plan: Plan, target: Layout) -> Stream | None:
    """The delivery in native code, or None where the portable form delivers it.

    That is so for matrices with few weights, maps whose stored order is not their sources' order, other widths than
    16 bits, negative messages, and products that one event alone carries beyond 16 bits.
    """
    p, numerics = delivery.projection, plan.program.numerics
    sender, source = plan.senders[p.source], Layout(plan.senders[p.source].shape)
    if (numerics.current_bits, numerics.current_overflow) != (BITS, "clip") or p.kind != "dense":
        return None
    if p.shift < 0 or not source.trivial or source.size > LONGEST or sender.low < 0:
        return None
    if int(np.count_nonzero(p.weights)) * SPARSE < p.weights.size:
        return None
    low, high = int(p.weights.min()) << p.shift, int(p.weights.max()) << p.shift
    if low < INT16[0] or high > INT16[1]:
        return None
    largest = min(INT16[0] // low if low < 0 else INT16[1], INT16[1] // high if high > 0 else INT16[1])
    return Stream(Edge(p, sender, source, target, BITS, p.shift), largest)


def room(plan: Plan, stage: Stage) -> tuple[int, int]:
    """Entries of the events' list, and of its starts; 0 where nothing is listed."""
    target = Layout(stage.population.shape)
    found = [stream(each, plan, target) for each in stage.arrival.deliveries]
    most = max((each.edge.source.size for each in found if each is not None), default=0)
    return (most + SLACK, 2) if most else (0, 0)


def arrive(c: Context, stage: Stage, number: int, prefix: str, tables: Tables, machine: Machine) -> str:
    """Kernels, and ``<prefix>_arrive<number>(c)``, which runs them in program order."""
    name = stage.population.name
    texts: list[str] = []
    lines: list[str] = []
    for k, each in enumerate(stage.arrival.deliveries):
        function, source = f"{prefix}_add{number}_{k}", each.projection.source
        u, sent = c.state(name, CURRENT), c.past(source, each.projection.delay)
        own = stream(each, c.plan, c.layouts[name])
        if own is None:
            texts.append(
                delivery_kernel(each, c.plan.senders[source], c.layouts[source], c.layouts[name], function, tables)
            )
            lines.append(f"  {function}({u}, {sent});")
            continue
        texts.append(kernel(own, machine, function, tables))
        lines.append(f"  nd_rows{own.edge.message.bytes}(c->events, c->starts, {sent}, 1, {own.edge.source.size});")
        lines.append(f"  {function}({u}, {sent}, c->events, c->starts[1]);")
    body = "\n".join(lines)
    return "".join(texts) + f"\nstatic void {prefix}_arrive{number}({prefix}_context *c) {{\n{body}\n}}\n"


@dataclass(frozen=True)
class Rows:
    """A table of weights by source: its type, its stride, and the shift that its numbers still lack."""

    name: str
    kind: str
    stride: int
    shift: int

    def vector(self, at: int, n: int) -> str:
        """The numbers of ``n`` columns from ``at`` on."""
        return f"nd_{'wide' if self.kind == INT8.name else 'get'}16x{n}(w + {at})"


def kernel(own: Stream, machine: Machine, name: str, tables: Tables) -> str:
    """``name(u, sent, events, count)``: the currents ``u`` after the ``count`` events of the messages ``sent``.

    Currents are padded to whole vectors.
    """
    edge = own.edge
    size = edge.target.size
    rows = _rows(own, machine, tables)
    width = widths(machine, BITS)[0]
    stretch = REGISTERS * width
    whole = size // stretch * stretch
    loops: list[str] = []
    if whole:
        inner = [(k * width, width) for k in range(REGISTERS)]
        loops.append(f"  for (int32_t k = 0; k < {whole}; k += {stretch}) {{\n{_pass(own, inner, rows)}  }}")
    rest = pieces(machine, BITS, size - whole)
    for at in range(0, len(rest), REGISTERS):
        loops.append(f"  {{\n    const int32_t k = {whole};\n{_pass(own, rest[at : at + REGISTERS], rows)}  }}")
    unused = "" if own.graded else "  (void)sent;\n"
    head = (
        f"static void {name}(int16_t *restrict u, const {edge.message.name} *restrict sent,\n"
        "    const uint16_t *restrict events, int32_t count)"
    )
    return f"\n{head} {{\n" + "\n".join(loops) + f"\n{unused}}}\n"


def _rows(own: Stream, machine: Machine, tables: Tables) -> Rows:
    """Bytes, shifted when they are read, where all weights are: half as much to read as numbers of 16 bits."""
    edge = own.edge
    weights = edge.projection.weights[edge.target.order].T
    stride = sum(n for _, n in pieces(machine, BITS, edge.target.size))
    rows = np.pad(weights, ((0, 0), (0, stride - edge.target.size)))
    if INT8.low <= int(rows.min()) and int(rows.max()) <= INT8.high:
        return Rows(tables.add(rows, (INT8,))[0], INT8.name, stride, edge.shift)
    return Rows(tables.add(rows << edge.shift, (WORD,))[0], WORD.name, stride, 0)


def _pass(own: Stream, vectors: list[tuple[int, int]], rows: Rows) -> str:
    """All events for these columns."""
    load = [f"    nd_sums16x{n} a{i} = nd_get16x{n}(u + k + {at});" for i, (at, n) in enumerate(vectors)]
    store = [f"    nd_put16x{n}(u + k + {at}, a{i});" for i, (at, n) in enumerate(vectors)]
    loop = [
        "    for (int32_t e = 0; e < count; e++) {",
        f"      const {rows.kind} *w = {rows.name} + (int32_t)events[e] * {rows.stride} + k;",
        *_event(own, vectors, rows),
        "    }",
    ]
    return "\n".join([*load, *loop, *store]) + "\n"


def _event(own: Stream, vectors: list[tuple[int, int]], rows: Rows) -> list[str]:
    """One event's additions: its message at once, or in parts where its products may be too wide."""
    shift = f" << {rows.shift}" if rows.shift else ""
    if not own.graded:
        return _added(vectors, rows, shift)
    high, kind = own.edge.sender.high, own.edge.message.name
    if high <= own.largest:
        factor = f"      const uint16_t m = (uint16_t)(sent[events[e]]{shift});"
        return [factor, *_added(vectors, rows, " * m")]
    return [
        f"      {kind} left = sent[events[e]];",
        "      do {",
        f"        const {kind} part = left < {own.largest} ? left : {own.largest};",
        f"        const uint16_t m = (uint16_t)(part{shift});",
        *(f"  {line}" for line in _added(vectors, rows, " * m")),
        f"        left = ({kind})(left - part);",
        "      } while (left != 0);",
    ]


def _added(vectors: list[tuple[int, int]], rows: Rows, times: str) -> list[str]:
    return [f"      a{i} = nd_clipped16x{n}(a{i}, {rows.vector(at, n)}{times});" for i, (at, n) in enumerate(vectors)]
