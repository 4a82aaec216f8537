"""Lines and tables as HTML, for notebooks and pages. Everything that is shown is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape as _as_html
from itertools import groupby

from neurodeploy.document import Block, Line
from neurodeploy.foreign import shown

STYLE = """
.nd { font: 13px/1.45 system-ui, sans-serif; max-width: 62rem; }
.nd table { border-collapse: collapse; margin: .3rem 0 1rem; }
.nd caption { text-align: left; font-weight: 600; padding: .2rem 0; color: inherit; }
.nd th, .nd td { padding: .2rem .7rem .2rem 0; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
.nd th { font-weight: 600; } .nd .r { text-align: right; font-variant-numeric: tabular-nums; }
.nd .good { color: light-dark(#1a7f45, #5cc98a); } .nd .bad { color: light-dark(#b3261e, #ff8a80); }
.nd .warning { color: light-dark(#8a5a00, #e5b567); }
.nd .quiet, .nd small { opacity: .75; } .nd code { background: #8882; padding: 0 .25rem; }
"""
"""One style for all; it binds nothing outside of ``.nd``, and follows the page's ``color-scheme``."""


def escape(text: str) -> str:
    """Text as a page shows it, whatever it holds."""
    return _as_html(shown(text, lines=True))


def html_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with its title; a column named ``>name`` is set to the right. Cells are any values, shown as text."""
    sides = [' class="r"' if column.startswith(">") else "" for column in columns]
    heads = "".join(f"<th{side}>{escape(c.removeprefix('>'))}</th>" for c, side in zip(columns, sides, strict=True))
    body = "".join(f"<tr>{_cells(row, sides)}</tr>\n" for row in rows)
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f"<table>{caption}<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table>"


def html_note(text: str) -> str:
    """A line of text in small print."""
    return f"<small>{escape(text)}</small>"


def fragment(*parts: str) -> str:
    """Parts as one piece of a page, with the style they need."""
    return f'<style>{STYLE}</style><div class="nd">{"".join(parts)}</div>'


def html_document(blocks: Iterable[Block]) -> str:
    """Lines and tables as one piece of a page with the style it needs."""
    return fragment(html_blocks(blocks))


def html_blocks(blocks: Iterable[Block]) -> str:
    """Lines and tables as HTML; lines that follow each other make one paragraph."""
    parts: list[str] = []
    for is_paragraph, group in groupby(blocks, lambda block: isinstance(block, Line) and not block.heading):
        if is_paragraph:
            lines = [_line(block) for block in group if isinstance(block, Line) and block.text]
            parts += [f"<p>{'<br>'.join(lines)}</p>"] if lines else []
            continue
        parts += [f"<h3>{_line(block)}</h3>" if isinstance(block, Line) else html_table(*block) for block in group]
    return "".join(parts)


def _line(block: Line) -> str:
    spans = [(span.tone, escape(span.text)) for span in block.spans if span.text]
    return "".join(text if tone == "plain" else f'<span class="{tone}">{text}</span>' for tone, text in spans)


def _cells(row: Sequence[object], sides: Sequence[str]) -> str:
    return "".join(f"<td{side}>{escape(str(cell))}</td>" for cell, side in zip(row, sides, strict=True))
