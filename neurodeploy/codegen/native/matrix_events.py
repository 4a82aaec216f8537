"""``matrix``: dense matrices, event-driven; sums stay in registers while all events pass.

- The targets are cut into stretches of as many sums as eight registers hold. For each stretch the loop over events is
  the inner one and adds one piece of a source's row of weights; targets are vectorised. So every sum is loaded and
  stored once per step.
- Weights lie as (source, target), rows padded to whole vectors.
- It reads event lists: one list of all sources.

Measured: a thousand neurons that all drive each other are more than 1.3 times as fast by it.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.kernels import SPARSE
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.kernel import MOST_PLACES, KernelTask, NativeKernel
from neurodeploy.codegen.native.vector_widths import pieces, widths
from neurodeploy.codegen.native.weight_runs import Runs, padded, runs, shifted
from neurodeploy.codegen.tables import Tables

REGISTERS = 8
"""Vectors of sums that stay in registers."""


def applies(edge: Edge, machine: Machine) -> bool:
    """Whether the projection is a matrix with few zeros, whose sources 16-bit places index."""
    weights = edge.projection.weights
    if edge.projection.kind != "dense" or edge.bits == 64 or edge.source.size > MOST_PLACES:
        return False
    return int(np.count_nonzero(weights)) * SPARSE >= weights.size


def render(task: KernelTask, name: str, tables: Tables) -> str:
    """The function ``name``."""
    edge = task.edge
    size = edge.target.size
    stride = padded(task, size)
    rows = shifted(edge.projection.weights[np.ix_(edge.target.order, edge.source.order)].T, edge)
    table = runs(np.pad(rows, ((0, 0), (0, stride - size))), edge.bits, tables, tight=True)
    width = widths(task.machine, edge.bits)[0]
    stretch = REGISTERS * width
    stretched = size // stretch * stretch
    loops: list[str] = []
    inner = [(k * width, width) for k in range(REGISTERS)]
    if stretched:
        loops.append(
            f"  for (int32_t k = 0; k < {stretched}; k += {stretch}) {{\n{_pass(task, inner, table, stride)}  }}"
        )
    rest = pieces(task.machine, edge.bits, size - stretched)
    for at in range(0, len(rest), REGISTERS):
        text = _pass(task, rest[at : at + REGISTERS], table, stride)
        loops.append(f"  {{\n    const int32_t k = {stretched};\n{text}  }}")
    unused = "  (void)first;\n  (void)rows;\n" + ("" if not edge.unit else "  (void)sent;\n")
    return f"\nstatic void {name}({task.signature}) {{\n" + "\n".join(loops) + f"\n{unused}}}\n"


def _pass(task: KernelTask, vectors: list[tuple[int, int]], table: Runs, stride: int) -> str:
    """All events for the vectors of targets from ``k`` on."""
    bits, graded = task.edge.bits, not task.edge.unit
    load = [f"    nd_sums{bits}x{n} a{i} = nd_get{bits}x{n}(sum + k + {at});" for i, (at, n) in enumerate(vectors)]
    value = [f"      const int32_t at = events[e];\n      const uint{bits}_t m = {task.factor};"] if graded else []
    times = " * m" if graded else ""
    add = [f"      a{i} += {table.load}{bits}x{n}(w + {at}){times};" for i, (at, n) in enumerate(vectors)]
    store = [f"    nd_put{bits}x{n}(sum + k + {at}, a{i});" for i, (at, n) in enumerate(vectors)]
    lines = [
        *load,
        "    for (int32_t e = starts[0]; e < starts[1]; e++) {",
        *value,
        f"      const {table.kind} *w = {table.name} + (int32_t)events[e] * {stride} + k;",
        *add,
        "    }",
        *store,
    ]
    return "\n".join(lines) + "\n"


MATRIX = NativeKernel("matrix", applies, render, reads="events")
