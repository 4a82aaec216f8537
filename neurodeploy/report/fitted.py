"""A table as wide as a terminal lets it be: whole, with folded cells, or row below row. No cell is ever left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from neurodeploy.foreign import shown
from neurodeploy.table import Table

GAP = 2
FOLDED = 16
"""Columns of the terminal below which no cell is folded."""


class Fitted:
    """A table that is laid out when the width of the terminal is known."""

    def __init__(self, content: Table) -> None:
        self._title = shown(content.title)
        self._right = [column.startswith(">") for column in content.columns]
        self._heads = [shown(column.removeprefix(">")) for column in content.columns]
        self._rows = [[shown(str(cell), lines=True) for cell in row] for row in content.rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Columns beside each other where they fit, else the cells of a row below its first one."""
        widths = self._widths(options.max_width)
        if not self._heads:
            yield Text(self._title, "bold", overflow="fold")
        elif widths is None:
            yield from self._stacked(options.max_width)
        else:
            yield self._aligned(widths)

    def _widths(self, width: int) -> list[int] | None:
        """The width of each column; None where they do not fit beside each other."""
        columns = [[head, *(row[i] for row in self._rows)] for i, head in enumerate(self._heads)]
        whole = [max(map(_longest_line, cells)) for cells in columns]
        least = [
            full if right else max(min(full, FOLDED), *map(_longest_word, cells))
            for full, right, cells in zip(whole, self._right, columns, strict=True)
        ]
        room = width - GAP * max(len(columns) - 1, 0) - sum(least)
        if room < 0:
            return None
        wanted = [full - short for full, short in zip(whole, least, strict=True)]
        for i, more in enumerate(wanted):  # the widest wishes are served last, with what is left
            others = sum(1 for other in wanted[i + 1 :] if other)
            given = min(more, room) if not others else min(more, room // (others + 1))
            least[i] += given
            room -= given
        return least

    def _aligned(self, widths: Sequence[int]) -> RichTable:
        head = Text(self._title) if self._title else None
        table = RichTable(
            title=head, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, GAP, 0, 0)
        )
        table.show_header = any(self._heads)
        for name, width, right in zip(self._heads, widths, self._right, strict=True):
            table.add_column(Text(name), justify="right" if right else "left", width=width, overflow="fold")
        for row in self._rows:
            table.add_row(*map(Text, row))
        return table

    def _stacked(self, width: int) -> Iterator[RenderableType]:
        if self._title:
            yield Text(self._title, "bold", overflow="fold")
        for first, *others in self._rows:
            yield Text(first, "bold", overflow="fold")
            pairs = [
                f"{name}: {cell}" if name else cell for name, cell in zip(self._heads[1:], others, strict=True) if cell
            ]
            for text in _packed(pairs, width - GAP):
                yield Padding(Text(text, overflow="fold"), (0, 0, 0, GAP))


def _packed(parts: Sequence[str], width: int) -> Iterator[str]:
    """Parts beside each other, as many as fit into a line."""
    line = ""
    for part in parts:
        joined = f"{line}{' ' * GAP if line else ''}{part}"
        if line and cell_len(joined) > width:
            yield line
            joined = part
        line = joined
    if line:
        yield line


def _longest_line(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
