"""What an object shows of itself before it is rendered: lines and tables, the same for a terminal and a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from neurodeploy.table import Table

Tone = Literal["plain", "quiet", "good", "warning", "bad"]


@dataclass(frozen=True)
class Span:
    """A piece of text of one tone."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Line:
    """A line of text. A ``heading`` starts a section; ``indent`` columns stand before it on a terminal."""

    spans: tuple[Span, ...]
    heading: bool = False
    indent: int = 0

    @property
    def text(self) -> str:
        """The text without its tones."""
        return "".join(span.text for span in self.spans)


Block = Line | Table


def line(*parts: str | Span, heading: bool = False, indent: int = 0) -> Line:
    """A line of pieces of text; a plain string is a piece without tone."""
    spans = tuple(part if isinstance(part, Span) else Span(part) for part in parts)
    return Line(spans, heading, indent)


def quiet(text: str, indent: int = 0) -> Line:
    """A line of less importance."""
    return line(Span(text, "quiet"), indent=indent)


def plain_text(blocks: Iterable[Block]) -> str:
    """Lines and tables as text without colors, columns aligned, an empty line before every heading but the first."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            lines += _aligned(block)
            continue
        lines += [""] if block.heading and lines else []
        lines.append(" " * block.indent + block.text)
    return "\n".join(text.rstrip() for text in lines)


def _aligned(table: Table) -> list[str]:
    rows = [
        [column.removeprefix(">") for column in table.columns],
        *([str(cell) for cell in row] for row in table.rows),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [column.startswith(">") for column in table.columns]
    lines = ["  ".join(_padded(*cell) for cell in zip(row, widths, right, strict=True)) for row in rows]
    return [table.title, *lines] if table.title else lines


def _padded(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
