"""Progress on a terminal's standard error; silence elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def working(task: str, silent: bool) -> Generator[Callable[[str], None]]:
    """A spinner while the block runs, on a terminal only; what it gets is told beside the task."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield lambda text: None
        return
    with console.status(task) as status:
        yield lambda text: status.update(f"{task}: {text}")
