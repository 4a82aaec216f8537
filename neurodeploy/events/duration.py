"""Lengths of time as text."""

from __future__ import annotations

import re

from neurodeploy.errors import InputError

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}


def microseconds(text: str, where: str) -> int:
    """``10ms``, ``500us``, ``0.5s`` or ``2min`` in whole microseconds, at least one. Raises InputError."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(us|ms|s|min)", text.strip())
    length = round(float(found[1]) * UNITS[found[2]]) if found else 0
    if length < 1:
        raise InputError(f"{text!r} is no length of time", where, "write a number and us, ms, s or min, e.g. 10ms")
    return length
