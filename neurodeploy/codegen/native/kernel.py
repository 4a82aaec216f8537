"""What a native kernel is: when it applies, the C function that it renders, and what that function reads.

A kernel adds the messages of one projection to the sums of one block. Its C function has one of two signatures:

- ``(sum, sent, events, starts, first, rows)`` for kernels that read the messages themselves or lists of them;
- ``(sum, map, first, rows)`` for kernels that read a padded copy of the messages, their *map*.

``sum`` is the first neuron's sum of the block's row 0, which is row ``first`` of the population; ``rows`` of them are
wanted. The function adds and never clears. Sums are unsigned and wrap modulo ``2**bits``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from neurodeploy.codegen.edge import Edge
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native.sum_block import SumBlock
from neurodeploy.codegen.tables import Tables

MOST_PLACES = 1 << 16
"""Messages in one row of the source that a 16-bit place in an event list tells apart."""


@dataclass(frozen=True)
class KernelTask:
    """What a kernel is rendered for: a projection, the machine, and the block that it adds to."""

    edge: Edge
    machine: Machine
    block: SumBlock

    @property
    def signature(self) -> str:
        """C parameters of a kernel that reads messages or lists.

        ``sum``: the block's sums; ``sent``: all messages of the source; ``events``: the places of messages that are not
        0; ``starts[y] .. starts[y + 1]``: which events belong to row (or pixel) ``y``; then the rows to add to.
        """
        return (
            f"uint{self.edge.bits}_t *restrict sum, const {self.edge.message.name} *restrict sent,\n"
            "    const uint16_t *restrict events, const int32_t *restrict starts, int32_t first, int32_t rows"
        )

    @property
    def factor(self) -> str:
        """C text of what multiplies the weights of the event whose message is ``sent[at]``."""
        return f"(uint{self.edge.bits}_t)sent[at]"


Reads = Literal["messages", "events", "pairs", "map"]


@dataclass(frozen=True)
class MessageMap:
    """A padded copy of a source's messages, made once per step for a kernel that reads it.

    - ``size(edge)``: its bytes.
    - ``fill(edge, machine, to, sent)``: C statements that write it at ``to`` from the messages at ``sent``.
    """

    size: Callable[[Edge], int]
    fill: Callable[[Edge, Machine, str, str], list[str]]


@dataclass(frozen=True)
class NativeKernel:
    """A kernel.

    - ``name``: part of its functions' names, and what ``render(..., forced=name)`` asks for.
    - ``applies(edge, machine)``: whether it computes this projection exactly on this machine.
    - ``render(task, name, tables)``: text of the function ``name``; weights go to ``tables``.
    - ``reads``: the messages themselves, lists of events, lists of pairs of messages, or a map.
    - ``margins``: whether its runs reach beyond a row of outputs, so that the block needs margins.
    - ``map``: how its map is made, where it reads one.
    """

    name: str
    applies: Callable[[Edge, Machine], bool]
    render: Callable[[KernelTask, str, Tables], str]
    reads: Reads
    margins: bool = False
    map: MessageMap | None = None


def source_rows(edge: Edge) -> tuple[int, int]:
    """Rows of the source's map that are listed separately, and messages in each; a matrix has one row."""
    shape = edge.source.shape
    rows = shape[1] if len(shape) == 3 and edge.projection.kind not in ("dense", "sparse") else 1
    return rows, edge.source.size // max(rows, 1)
