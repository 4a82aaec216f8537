"""Dense matrices into a 16-bit current that events enter one after another, event-driven, by saturating additions.

Such a current clips after every event, so the order of events matters: sources add in ascending order. The targets are
cut into stretches of as many currents as eight registers hold; for each stretch the loop over events is the inner one.
Targets are vectorised. A saturating addition clips to -32768 .. 32767, as the current's width does.

A message ``m`` gives ``clip(u + m * w)``, with ``w`` the shifted weight. Where ``m * w`` may exceed 16 bits, ``m`` is
cut into parts of one sign whose product with every weight is a 16-bit number, and each part is added and clipped by
itself. That gives the same: no part moves ``u`` away from the bound that it may meet, so a clip acts only where the
rest of the sum lies beyond that bound too, and from then on nothing leaves it. One addition of a clipped product would
not do: -32768 + 2 * 30000 is 27232, but -32768 + clip(60000) is -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodeploy.codegen.context import Context
from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.kernels import SPARSE
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.event_lists import SLACK
from neurodeploy.codegen.native.kernel import MOST_PLACES
from neurodeploy.codegen.native.vector_widths import pieces, widths
from neurodeploy.codegen.saturating_events import delivery_kernel
from neurodeploy.codegen.tables import Tables
from neurodeploy.integers import INT8, INT16
from neurodeploy.step.arrival import Delivery
from neurodeploy.step.neuron import CURRENT
from neurodeploy.step.plan import Plan, Stage

BITS = 16
"""Width of the current."""
REGISTERS = 8
"""Vectors of currents that stay in registers."""


def prelude(machine: Machine) -> str:
    """The functions ``nd_clipped16x<lanes>(a, b)``, a clipped sum, and ``nd_quotient(a, b)`` of 32-bit integers."""
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
class NativeDelivery:
    """A delivery in native code; ``largest``: the largest message whose product with every weight has 16 bits."""

    edge: Edge
    largest: int

    @property
    def graded(self) -> bool:
        """Whether its messages differ."""
        return not self.edge.unit


def native_delivery(delivery: Delivery, plan: Plan, target: Layout) -> NativeDelivery | None:
    """The delivery in native code, or None where it stays portable.

    It stays portable for currents of another width, matrices with few weights, sources that are not stored in row-major
    order, negative messages, and weights that exceed 16 bits when shifted.
    """
    p, numerics = delivery.projection, plan.program.numerics
    sender, source = plan.senders[p.source], Layout(plan.senders[p.source].shape)
    if (numerics.current_bits, numerics.current_overflow) != (BITS, "clip") or p.kind != "dense":
        return None
    if p.shift < 0 or not source.trivial or source.size > MOST_PLACES or sender.low < 0:
        return None
    if int(np.count_nonzero(p.weights)) * SPARSE < p.weights.size:
        return None
    low, high = int(p.weights.min()) << p.shift, int(p.weights.max()) << p.shift
    if low < INT16.low or high > INT16.high:
        return None
    largest = min(INT16.low // low if low < 0 else INT16.high, INT16.high // high if high > 0 else INT16.high)
    return NativeDelivery(Edge(p, sender, source, target, BITS, p.shift), largest)


def room(plan: Plan, stage: Stage) -> tuple[int, int]:
    """Entries of the event list, and of its starts; 0 where nothing is listed."""
    target = Layout(stage.population.shape)
    deliveries = [native_delivery(delivery, plan, target) for delivery in stage.arrival.deliveries]
    most = max((native.edge.source.size for native in deliveries if native is not None), default=0)
    return (most + SLACK, 2) if most else (0, 0)


def arrive(c: Context, stage: Stage, number: int, prefix: str, tables: Tables, machine: Machine) -> str:
    """The stage's kernels, and ``<prefix>_arrive<number>(c)``, which calls them in program order."""
    name = stage.population.name
    texts: list[str] = []
    lines: list[str] = []
    for k, delivery in enumerate(stage.arrival.deliveries):
        function, source = f"{prefix}_add{number}_{k}", delivery.projection.source
        u, sent = c.state(name, CURRENT), c.past(source, delivery.projection.delay)
        native = native_delivery(delivery, c.plan, c.layouts[name])
        if native is None:
            layouts = c.layouts[source], c.layouts[name]
            texts.append(delivery_kernel(delivery, c.plan.senders[source], *layouts, function, tables))
            lines.append(f"  {function}({u}, {sent});")
            continue
        edge = native.edge
        texts.append(kernel(native, machine, function, tables))
        lines.append(f"  nd_rows{edge.message.bytes}(c->events, c->starts, {sent}, 1, {edge.source.size});")
        lines.append(f"  {function}({u}, {sent}, c->events, c->starts[1]);")
    body = "\n".join(lines)
    return "".join(texts) + f"\nstatic void {prefix}_arrive{number}({prefix}_context *c) {{\n{body}\n}}\n"


@dataclass(frozen=True)
class Rows:
    """A table of weights by source: its C type, weights in a row, and the shift that is applied when they are read."""

    name: str
    kind: str
    stride: int
    shift: int

    def vector(self, at: int, n: int) -> str:
        """C text that loads the weights of ``n`` targets from ``at`` on."""
        return f"nd_{'wide' if self.kind == INT8.name else 'get'}16x{n}(w + {at})"


def kernel(native: NativeDelivery, machine: Machine, name: str, tables: Tables) -> str:
    """The function ``name(u, sent, events, count)``: it adds ``count`` events of the messages ``sent`` to the currents.

    It assumes that the currents ``u`` are padded to whole vectors, as those of a native context are.
    """
    edge = native.edge
    size = edge.target.size
    rows = _rows(native, machine, tables)
    width = widths(machine, BITS)[0]
    stretch = REGISTERS * width
    stretched = size // stretch * stretch
    loops: list[str] = []
    if stretched:
        inner = [(k * width, width) for k in range(REGISTERS)]
        loops.append(f"  for (int32_t k = 0; k < {stretched}; k += {stretch}) {{\n{_pass(native, inner, rows)}  }}")
    rest = pieces(machine, BITS, size - stretched)
    for at in range(0, len(rest), REGISTERS):
        loops.append(f"  {{\n    const int32_t k = {stretched};\n{_pass(native, rest[at : at + REGISTERS], rows)}  }}")
    unused = "" if native.graded else "  (void)sent;\n"
    head = (
        f"static void {name}(int16_t *restrict u, const {edge.message.name} *restrict sent,\n"
        "    const uint16_t *restrict events, int32_t count)"
    )
    return f"\n{head} {{\n" + "\n".join(loops) + f"\n{unused}}}\n"


def _rows(native: NativeDelivery, machine: Machine, tables: Tables) -> Rows:
    """The weights as 16-bit numbers; where all fit, as bytes that are shifted when they are read."""
    edge = native.edge
    weights = edge.projection.weights[edge.target.order].T
    stride = sum(n for _, n in pieces(machine, BITS, edge.target.size))
    rows = np.pad(weights, ((0, 0), (0, stride - edge.target.size)))
    if INT8.low <= int(rows.min()) and int(rows.max()) <= INT8.high:
        return Rows(tables.add(rows, (INT8,))[0], INT8.name, stride, edge.shift)
    return Rows(tables.add(rows << edge.shift, (INT16,))[0], INT16.name, stride, 0)


def _pass(native: NativeDelivery, vectors: list[tuple[int, int]], rows: Rows) -> str:
    """All events for the vectors of targets from ``k`` on."""
    load = [f"    nd_sums16x{n} a{i} = nd_get16x{n}(u + k + {at});" for i, (at, n) in enumerate(vectors)]
    store = [f"    nd_put16x{n}(u + k + {at}, a{i});" for i, (at, n) in enumerate(vectors)]
    loop = [
        "    for (int32_t e = 0; e < count; e++) {",
        f"      const {rows.kind} *w = {rows.name} + (int32_t)events[e] * {rows.stride} + k;",
        *_event(native, vectors, rows),
        "    }",
    ]
    return "\n".join([*load, *loop, *store]) + "\n"


def _event(native: NativeDelivery, vectors: list[tuple[int, int]], rows: Rows) -> list[str]:
    """One event's additions: its whole message at once, or in parts where its products may be too wide."""
    shift = f" << {rows.shift}" if rows.shift else ""
    if not native.graded:
        return _added(vectors, rows, shift)
    high, kind = native.edge.sender.high, native.edge.message.name
    if high <= native.largest:
        factor = f"      const uint16_t m = (uint16_t)(sent[events[e]]{shift});"
        return [factor, *_added(vectors, rows, " * m")]
    return [
        f"      {kind} left = sent[events[e]];",
        "      do {",
        f"        const {kind} part = left < {native.largest} ? left : {native.largest};",
        f"        const uint16_t m = (uint16_t)(part{shift});",
        *(f"  {line}" for line in _added(vectors, rows, " * m")),
        f"        left = ({kind})(left - part);",
        "      } while (left != 0);",
    ]


def _added(vectors: list[tuple[int, int]], rows: Rows, times: str) -> list[str]:
    return [f"      a{i} = nd_clipped16x{n}(a{i}, {rows.vector(at, n)}{times});" for i, (at, n) in enumerate(vectors)]
