"""Text for published tables: one line, without the names of this computer's folders."""

from __future__ import annotations

import re
from collections.abc import Sequence

PLACE = re.compile(r"(?<![\w./])~?/(?:[^\s/'\",:;()<>]+/)*([^\s/'\",:;()<>]+)/?")
"""An absolute path, or one from the home folder, with its last part as a group."""
TRACEBACK = "Traceback (most recent call last):"
LONGEST = 200
OUTPUT = ("-o", "--output")


def one_line(reason: str) -> str:
    """A failure's first line, and the error that a traceback in it ends with; paths by their last part."""
    lines = [line.strip() for line in reason.splitlines() if line.strip() and not line.strip().startswith("remedy:")]
    kept = lines[:1]
    if TRACEBACK in lines:
        kept = [*lines[: lines.index(TRACEBACK)][:1], lines[-1]]
    elif kept and kept[0].endswith(":"):
        kept = lines[:2]
    gist = PLACE.sub(r"\1", " ".join(kept))
    return gist if len(gist) <= LONGEST else f"{gist[: LONGEST - 3]}..."


def command_line(arguments: Sequence[str]) -> str:
    """How the benchmarks were called, without where their results were put."""
    kept: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument in OUTPUT:
            next(remaining, None)
        elif not argument.startswith(("--output=", "-o")):
            kept.append(argument)
    return PLACE.sub(r"\1", " ".join(["python -m benchmarks", *kept]))
