"""Progress on a terminal's standard error; silence elsewhere."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def working(task: str, silent: bool) -> Generator[None]:
    """A spinner while the block runs, on a terminal only."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield
        return
    with console.status(task):
        yield
