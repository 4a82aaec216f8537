"""What the kernels of native code have in common: one projection into one block of sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.block import Block
from neurodeploy.codegen.native.vectors import pieces
from neurodeploy.codegen.tables import Tables
from neurodeploy.codegen.types import INT8, INT16, INT32

IntArray = NDArray[np.int64]
NAMELESS = "@"
"""Stands for the name in the text of a function that kernels share."""
LONGEST = 1 << 16
"""Messages of one row that 16-bit places tell apart."""
SMALL = 16 << 10
"""Bytes up to which a table of weights is stored as wide as its sums."""


@dataclass(frozen=True)
class Part:
    """An edge under a machine, and the block that it adds to."""

    edge: Edge
    machine: Machine
    block: Block

    @property
    def signature(self) -> str:
        """Parameters of a kernel: sums of row ``first``, messages, their lists by row, and the rows to add to."""
        return (
            f"uint{self.edge.bits}_t *restrict sum, const {self.edge.message.name} *restrict sent,\n"
            "    const uint16_t *restrict events, const int32_t *restrict starts, int32_t first, int32_t rows"
        )

    @property
    def factor(self) -> str:
        """What multiplies the weights of an event of message ``sent[at]``."""
        return f"(uint{self.edge.bits}_t)sent[at]"


Kernel = Callable[[Part, str, Tables], str]


def source_rows(edge: Edge) -> tuple[int, int]:
    """Rows of a source's map, and messages in each."""
    shape = edge.source.shape
    rows = shape[1] if len(shape) == 3 and edge.projection.kind not in ("dense", "sparse") else 1
    return rows, edge.source.size // max(rows, 1)


def shifted(weights: IntArray, edge: Edge) -> IntArray:
    """Weights times ``2**shift`` modulo the width of the sums, signed."""
    return wrapped(weights << edge.shift if edge.shift < edge.bits else np.zeros_like(weights), edge.bits)


def wrapped(values: IntArray, bits: int) -> IntArray:
    """The same modulo ``2**bits``, signed."""
    half = 1 << (bits - 1)
    return ((values + half) & ((1 << bits) - 1)) - half


@dataclass(frozen=True)
class Runs:
    """A table of runs of weights and the C text that loads a vector of one."""

    name: str
    kind: str
    load: str


def runs(weights: IntArray, bits: int, tables: Tables, tight: bool) -> Runs:
    """Runs as wide as their sums, or half as wide where all fit that and the table is large, or ``tight``."""
    wide, narrow = (INT16, INT8) if bits == 16 else (INT32, INT16)
    low, high = int(weights.min(initial=0)), int(weights.max(initial=0))
    fits = narrow.low <= low and high <= narrow.high
    use = narrow if fits and (tight or weights.size * wide.bytes > SMALL) else wide
    name, _ = tables.add(weights, (use,))
    return Runs(name, use.name, "nd_wide" if use is narrow else "nd_get")


def shared(tables: Tables, texts: list[str], text: str) -> str:
    """The name of a function of this text, which is written where no kernel has written it before."""
    if text not in tables.functions:
        tables.functions[text] = f"{tables.prefix}_shared{len(tables.functions)}"
        texts.append(text.replace(NAMELESS, tables.functions[text]))
    return tables.functions[text]


def added(part: Part, sums: str, weights: str, table: Runs, count: int, graded: bool) -> list[str]:
    """Statements that add a run of ``count`` weights at ``weights`` (times ``m``) to the sums at ``sums``."""
    bits = part.edge.bits
    times = " * m" if graded else ""
    return [
        f"nd_put{bits}x{n}({sums} + {at}, nd_get{bits}x{n}({sums} + {at}) + "
        f"{table.load}{bits}x{n}({weights} + {at}){times});"
        for at, n in pieces(part.machine, bits, count)
    ]


def padded(part: Part, count: int) -> int:
    """``count`` lanes and those of the vectors that cover them."""
    return sum(n for _, n in pieces(part.machine, part.edge.bits, count))
