"""Text from outside, such as names of nodes and files, as terminals, pages and comments may show it."""

from __future__ import annotations

import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode that show nothing: controls (escape sequences among them), marks of direction, lone halves."""


def shown(text: str, lines: bool = False) -> str:
    """``text`` with every character that shows nothing written out as its escape; ``lines``: ends of lines stay.

    A terminal then does nothing but show it, and a page or a comment holds it as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _harmless(c) or (lines and c == "\n") else _escape(c) for c in text)


def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in HIDDEN


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
