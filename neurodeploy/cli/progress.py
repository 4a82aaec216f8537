"""Progress on a terminal's standard error; silence elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from neurodeploy.foreign import shown


@contextmanager
def working(task: str, silent: bool) -> Generator[Callable[[str], None]]:
    """A spinner while the block runs, on a terminal only; what it gets is told beside the task."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield lambda text: None
        return
    with console.status(Text(shown(task))) as status:
        yield lambda text: status.update(Text(shown(f"{task}: {text}")))


@contextmanager
def epochs_bar(epochs: int, silent: bool) -> Generator[Callable[[str], None]]:
    """A bar of epochs on a terminal only; each call of what it gives ends one and says how it went."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("epoch {task.completed} of {task.total}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("calibrating", total=epochs)
        yield lambda text: bar.update(task, advance=1, description=text)
