"""Constant arrays of a C source, each written once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.integer_types import STORED, literal
from neurodeploy.integers import INT32, INT64, IntegerType, narrowest

PER_LINE = 24
LONG = 1024
"""Entries from which on a table of bytes is written as a string: gcc reads a million of them 15 times faster so."""
STRINGS_MAY_BE_LONG = '#pragma GCC diagnostic ignored "-Woverlength-strings"\n'
"""What code with such strings starts with: C99 asks compilers for no more than 4095 characters."""


@dataclass
class Tables:
    """Named constants, each written once, in the order in which they were first asked for.

    - ``strings``: whether long tables of bytes are written as strings, for code of one machine.
    - ``texts``: the definitions; ``total_bytes``: their size.
    - ``functions``: the names of functions that several kernels share, by their text.
    """

    prefix: str
    strings: bool = False
    texts: list[str] = field(default_factory=list[str])
    total_bytes: int = 0
    known: dict[tuple[str, bytes], tuple[str, IntegerType]] = field(
        default_factory=dict[tuple[str, bytes], tuple[str, IntegerType]]
    )
    functions: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, values: NDArray[np.int64], among: tuple[IntegerType, ...] = STORED) -> tuple[str, IntegerType]:
        """Name and type of a constant array of these values, in the narrowest type of ``among`` that holds them."""
        flat = np.ascontiguousarray(values, dtype=np.int64).reshape(-1)
        kind = narrowest(int(flat.min(initial=0)), int(flat.max(initial=0)), among)
        key = kind.name, flat.tobytes()
        if key not in self.known:
            name = f"{self.prefix}_k{len(self.known)}"
            self.known[key] = name, kind
            string = self.strings and kind.bits == 8 and flat.size >= LONG
            self.texts.append(_string(name, kind, flat) if string else _text(name, kind, flat))
            self.total_bytes += kind.bytes * max(flat.size + string, 1)
        return self.known[key]


def _text(name: str, kind: IntegerType, flat: NDArray[np.int64]) -> str:
    values = flat.tolist() or [0]
    if kind is INT64 or INT32.low in values:
        numbers = [literal(number, kind) for number in values]
    elif kind.bits == 32:
        numbers = [str(number) if number >= 0 else f"({number})" for number in values]
    else:
        numbers = list(map(str, values))
    lines = [",".join(numbers[at : at + PER_LINE]) for at in range(0, len(numbers), PER_LINE)]
    return f"static const {kind.name} {name}[{len(numbers)}] = {{\n" + ",\n".join(lines) + "\n};\n"


def _string(name: str, kind: IntegerType, flat: NDArray[np.int64]) -> str:
    """Bytes as a string; C adds the zero that ends it."""
    octal = np.array([f"\\{byte:03o}" for byte in range(256)])[flat & 255].tolist()
    lines = ["".join(octal[at : at + PER_LINE]) for at in range(0, len(octal), PER_LINE)]
    text = "\n".join(f'"{line}"' for line in lines)
    return f"static const {kind.name} {name}[{len(octal) + 1}] =\n{text};\n"
