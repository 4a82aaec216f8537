"""Our own C source parsed: its functions, the functions they call, and its constant tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

FUNCTION = re.compile(r"^(?:static )?\w+ (\w+)\(([^;{]*)\) \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^static const (u?int\d+)_t (\w+)\[(\d+)\] = \{\n[^}]*\};$", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TERM = re.compile(r"[A-Za-z_]\w*|\d\w*")
WORDS = frozenset({"const", "static", "for", "if", "else", "while", "return", "continue", "break", "restrict"}) | {
    *("int", "void", "sizeof", "union", "double"),
    *(f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}
"""What stands in a body and makes no instruction by itself."""


LOCAL = re.compile(r"\bu?int(8|16|32|64)_t (?:\*|restrict |const )*\w+(?: =|$)")


@dataclass(frozen=True)
class Function:
    """A function's own terms (names and numbers) as often as they stand there, and the locals it declares.

    ``wide`` counts those of 64 bits; ``divides`` says whether it may divide such numbers.
    """

    name: str
    terms: tuple[str, ...]
    locals: int
    wide: int
    divides: bool

    def calls(self, functions: Mapping[str, Function]) -> list[str]:
        """The functions it calls, as often as the text has the call."""
        return [term for term in self.terms if term in functions]


@dataclass(frozen=True)
class Source:
    """A source, parsed."""

    text: str

    @cached_property
    def tables(self) -> dict[str, int]:
        """Bytes of each constant array."""
        return {name: int(kind.strip("uint")) // 8 * int(count) for kind, name, count in TABLE.findall(self.text)}

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Functions by name."""
        code = COMMENT.sub("", TABLE.sub("", self.text))
        return {name: _function(name, parameters, body) for name, parameters, body in FUNCTION.findall(code)}

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The functions that no other calls."""
        called = {callee for function in self.functions.values() for callee in function.calls(self.functions)}
        return tuple(name for name in self.functions if name not in called)


def _function(name: str, parameters: str, body: str) -> Function:
    terms = tuple(term for term in TERM.findall(body) if term not in WORDS)
    declared = LOCAL.findall(body) + [
        bits for parameter in parameters.split(",") for bits in LOCAL.findall(parameter.strip())
    ]
    wide = declared.count("64")
    return Function(name, terms, len(declared), wide, wide > 0 and ("/" in body or "%" in body))
