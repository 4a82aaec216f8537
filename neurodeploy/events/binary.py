"""Files that are a header and then words of one size."""

from __future__ import annotations

from pathlib import Path

from neurodeploy.errors import InputError

COPY = "fetch or copy the file again"


def whole_words(path: Path, start: int, size: int) -> None:
    """Raises InputError unless the file is ``start`` bytes and a whole number of words of ``size`` bytes."""
    end = path.stat().st_size
    over = (end - start) % size
    if over:
        reason = f"cut off within an event or word of {size} bytes: the file ends at byte {end:,}"
        remedy = f"{COPY}, or keep what is whole with `truncate -s {end - over}`"
        raise InputError(f"{reason}, the last whole one at byte {end - over:,}", str(path), remedy)
