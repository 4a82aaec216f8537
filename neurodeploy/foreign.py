"""Text from outside, such as names of nodes and files, as terminals, pages and comments may show it.

Different texts are shown differently: what is written out as an escape is told from the same letters in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
"""Categories of Unicode that show nothing: controls (escape sequences among them), marks of direction, lone halves."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
FORMULA = re.compile(r"'*\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]")
"""How a cell begins that a spreadsheet computes instead of showing, or one that looks like what is made of it."""
CODE = re.compile(r"\\+(?=x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
"""Backslashes before what would look like an escape of ours."""


def shown(text: str, lines: bool = False) -> str:
    """``text`` with every character that shows nothing written out as its escape; ``lines``: ends of lines stay.

    A terminal then does nothing but show it, and a page holds it as it is.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return _written_out(text, lambda c: unicodedata.category(c) in HIDDEN and not (lines and c == "\n"))


def in_source(text: str) -> str:
    """``text`` in ASCII where a comment in C can hold it: no end or beginning of one, no trigraph, no line's end."""
    return _written_out(text, lambda c: not c.isascii() or not c.isprintable() or c in "*?")


def in_cell(text: str) -> str:
    """``text`` as a cell of a table that spreadsheets open: no formula, which an apostrophe before it makes text."""
    formula = FORMULA.match(text) and not NUMBER.fullmatch(text)
    return shown(f"'{text}" if formula else text)


def _written_out(text: str, hidden: Callable[[str], bool]) -> str:
    """Hidden characters as escapes; backslashes before them, or before what looks like one, are doubled."""
    parts: list[str] = []
    for part in re.split(r"(\\+)", text):
        parts.append(part if part.startswith("\\") else "".join(_escape(c) if hidden(c) else c for c in part))
    for at in range(1, len(parts), 2):
        if CODE.match(parts[at] + parts[at + 1]):
            parts[at] *= 2
    return "".join(parts)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 1 << 8 else f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"
