"""What is wrong with names on the command line, told before anything heavy is imported, and what completes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType

import typer

from neurodeploy.errors import InputError, choices
from neurodeploy.plugin import TARGETS, plugin_names

LIBRARIES = ("typer", "click")


def check_names(targets: Sequence[str] | str | None, options: Mapping[str, str], also: Sequence[str] = ()) -> None:
    """Raises InputError for a target that is not registered, and for an option that neither it nor quantization has.

    ``also``: what may stand beside targets. Options are looked at where there is one target alone.
    """
    named = [targets] if isinstance(targets, str) else list(targets or ())
    for name in named:
        if name not in plugin_names(TARGETS) and name not in also:
            raise InputError(f"unknown target {name!r}", "--target", choices(name, (*also, *plugin_names(TARGETS))))
    if not options or len(named) != 1 or named[0] in also:
        return
    from neurodeploy.passes.pipeline import pipeline_options
    from neurodeploy.target import check_options, find_target

    quantizing = pipeline_options()
    check_options(find_target(named[0]), {key: value for key, value in options.items() if key not in quantizing})


def complete_target(incomplete: str) -> list[str]:
    """Registered targets that begin so."""
    return [name for name in plugin_names(TARGETS) if name.startswith(incomplete)]


def complete_option(context: typer.Context, incomplete: str) -> list[str]:
    """``NAME=`` of every option of quantization, and of the target that was named, that begins so."""
    from neurodeploy.passes.pipeline import pipeline_options
    from neurodeploy.target import find_target

    target = context.params.get("target")
    names: list[Iterable[str]] = [pipeline_options()]
    if isinstance(target, str) and target in plugin_names(TARGETS):
        names.append(option.name for option in find_target(target).options)
    return [f"{name}=" for several in names for name in several if name.startswith(incomplete)]


def is_of_typer(leave: SystemExit) -> bool:
    """Whether typer itself ended the process, as it does after completing, and no code of a user's."""
    last: TracebackType | None = leave.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and str(last.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in LIBRARIES
