"""Weights as kernels read them: runs as wide as the sums, or half as wide; and functions that kernels share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.native.kernel import KernelTask
from neurodeploy.codegen.native.vector_widths import pieces
from neurodeploy.codegen.tables import Tables
from neurodeploy.integers import INT8, INT16, INT32

IntArray = NDArray[np.int64]
NAMELESS = "@"
"""Stands for the name in the text of a function that kernels share."""
SMALL_TABLE = 16 << 10
"""Bytes up to which a table of weights is stored as wide as its sums, so that nothing is widened when it is read."""


@dataclass(frozen=True)
class Runs:
    """A table of runs of weights: its name, its C type, and the function that loads a vector of sums from it."""

    name: str
    kind: str
    load: str


def shifted(weights: IntArray, edge: Edge) -> IntArray:
    """Weights times ``2**shift`` modulo the width of the sums, signed."""
    return wrapped(weights << edge.shift if edge.shift < edge.bits else np.zeros_like(weights), edge.bits)


def wrapped(values: IntArray, bits: int) -> IntArray:
    """The same modulo ``2**bits``, signed."""
    half = 1 << (bits - 1)
    return ((values + half) & ((1 << bits) - 1)) - half


def runs(weights: IntArray, bits: int, tables: Tables, tight: bool) -> Runs:
    """A table of these weights for sums of ``bits``.

    They are stored as wide as the sums; half as wide where all of them fit that and the table is large, or ``tight``.
    """
    wide, narrow = (INT16, INT8) if bits == 16 else (INT32, INT16)
    low, high = int(weights.min(initial=0)), int(weights.max(initial=0))
    fits = narrow.low <= low and high <= narrow.high
    use = narrow if fits and (tight or weights.size * wide.bytes > SMALL_TABLE) else wide
    name, _ = tables.add(weights, (use,))
    return Runs(name, use.name, "nd_wide" if use is narrow else "nd_get")


def added(task: KernelTask, sums: str, weights: str, table: Runs, count: int, graded: bool) -> list[str]:
    """C statements that add ``count`` weights at ``weights``, times ``m`` if ``graded``, to the sums at ``sums``."""
    bits = task.edge.bits
    times = " * m" if graded else ""
    return [
        f"nd_put{bits}x{n}({sums} + {at}, nd_get{bits}x{n}({sums} + {at}) + "
        f"{table.load}{bits}x{n}({weights} + {at}){times});"
        for at, n in pieces(task.machine, bits, count)
    ]


def padded(task: KernelTask, count: int) -> int:
    """How many lanes the vectors have that cover ``count`` sums."""
    return sum(n for _, n in pieces(task.machine, task.edge.bits, count))


def shared(tables: Tables, texts: list[str], text: str) -> str:
    """The name of the function of this text, in which ``NAMELESS`` stands for its name.

    The text is appended to ``texts`` where no kernel of this source has written it before.
    """
    if text not in tables.functions:
        tables.functions[text] = f"{tables.prefix}_shared{len(tables.functions)}"
        texts.append(text.replace(NAMELESS, tables.functions[text]))
    return tables.functions[text]
