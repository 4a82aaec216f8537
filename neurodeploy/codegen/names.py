"""C identifiers for nodes, whose names are arbitrary text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from neurodeploy.errors import InputError

LONGEST = 24
"""Characters of a node's name that its identifier shows."""


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """A distinct identifier for each name, readable where the name is: its position, then its letters and digits."""
    return {name: f"n{number}{_readable(name)}" for number, name in enumerate(names)}


def _readable(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:LONGEST]
    return f"_{plain}" if plain else ""


def checked_prefix(prefix: str) -> str:
    """A prefix for everything with external linkage. Raises InputError where it is no C identifier."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", prefix):
        raise InputError(f"{prefix!r} is no C identifier", "prefix", "use letters, digits and underscores")
    return prefix
