"""Names of files that stand in a document: relative, in their plainest form, of plain characters."""

from __future__ import annotations

import re

LONGEST = 240
PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that are devices on Windows."""


def is_plain(name: str) -> bool:
    """Whether a name leads nowhere but below its own folder, on every system.

    Parts are joined by single ``/``; each begins with a letter, digit or underscore.
    """
    parts = name.split("/")
    plain = all(PART.fullmatch(part) and not part.endswith(".") and not RESERVED.fullmatch(part) for part in parts)
    return plain and len(name) <= LONGEST
