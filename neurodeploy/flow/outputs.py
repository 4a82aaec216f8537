"""Outputs of a verb that are files it reads, one another, or no place to write: refused before anything is done."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import filterfalse
from pathlib import Path

from neurodeploy.atomic import check_writable
from neurodeploy.errors import InputError

SOURCES = frozenset(
    {"source", "subject", "signal", "spikes", "contract", "encoder", "coder", "chip", "again", "choices"}
)
READ = SOURCES | {"stimulus", "stimuli", "calibrate", "module"}
"""Arguments that may name a file that is read."""
WORDS = frozenset({"auto", "own", "none"})
"""What stands in their place for something that is made."""


def check_apart(
    outputs: Iterable[str | Path | None], arguments: Mapping[str, object], *, replaced: bool = False
) -> None:
    """Raises InputError where an output is an input, or another output, by whatever name: a path, link or hard link.

    And what writing it would raise at the end, where that can be seen now: EnvironmentFailureError where a folder
    stands in the way, a file is marked read-only, or the system would refuse; InputError in a bundle.

    Args:
        outputs: what is to be written; None where it is not.
        arguments: those of a verb, by name; of them all count that may name a file.
        replaced: an output is a folder that is replaced whole, so it may hold no input either.
    """
    places = [Path(output) for output in outputs if output is not None]
    inputs = [path for name in sorted(READ & arguments.keys()) for path in _files(name, arguments[name])]
    for number, place in enumerate(places):
        if any(_same(place, other) for other in places[:number]):
            raise InputError("is the name of two outputs", str(place), "give each a name of its own")
        for path in inputs if replaced else filterfalse(_is_folder, inputs):
            if _same(place, path):
                as_well = "" if str(place) == str(path) else f" (as {path})"
                problem = f"is to be written, and is read by the same command{as_well}"
                raise InputError(problem, str(place), "name another place for what is written")
            if replaced and any(_same(place, folder) for folder in path.absolute().parents):
                problem = f"is a folder that would be replaced, and {path} in it is read by the same command"
                raise InputError(problem, str(place), "name another place for what is written")
    for place in places:
        check_writable(place, folder=replaced)


def _files(name: str, value: object) -> Iterator[Path]:
    """The files that an argument names, among them a module's own."""
    values: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    for text in values:
        if name == "module" and isinstance(text, str):
            parts = text.partition(":")[0].split(".")
            for folder in ("", *sys.path):
                yield from (Path(folder, *parts[:-1], f"{parts[-1]}.py"), Path(folder, *parts, "__init__.py"))
        elif isinstance(text, str | Path) and str(text) not in WORDS:
            yield Path(text)


def _is_folder(path: Path) -> bool:
    """Whether a folder stands there, such as a bundle: no file is written over it."""
    with contextlib.suppress(OSError, ValueError):
        return path.is_dir()
    return False


def _same(first: Path, second: Path) -> bool:
    """Whether both names lead, or would lead, to one place."""
    with contextlib.suppress(OSError, ValueError):  # a loop of links, or no path at all
        if os.path.realpath(first) == os.path.realpath(second):
            return True
    with contextlib.suppress(OSError, ValueError):  # one of them is not there
        return first.samefile(second)
    return False
