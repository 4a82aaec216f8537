"""Values that installed packages register under an entry-point group.

Targets, models, profiles, numerics and heads are all found this way. A plug-in that cannot be used never stops the
others: it is kept with the reason, and the reason is what the user reads who asks for it by name.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from neurodeploy.errors import InputError, UnavailableError, choices

TARGETS = "neurodeploy.targets"
"""The group of deployment targets."""


class Named(Protocol):
    """A value that knows its own name."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, eq=False)
class Plugins(Generic[T]):
    """The ``usable`` values of one group by name, and of the others the ``reasons`` why they cannot be used."""

    usable: Mapping[str, T]
    reasons: Mapping[str, str]

    def find(self, name: str, where: str, kind: str, hint: str = "") -> T:
        """The value of that name; ``where`` names the option it was given in, ``kind`` says what it is.

        Raises InputError for an unknown name, UnavailableError for a plug-in that cannot be used.
        """
        if name in self.reasons:
            what = f"{kind} {name!r} cannot be used: {self.reasons[name]}"
            raise UnavailableError(what, where, "repair its package, or remove it")
        if name not in self.usable:
            raise InputError(f"unknown {kind} {name!r}", where, choices(name, self.usable, "known") + hint)
        return self.usable[name]


def plugin_names(group: str) -> tuple[str, ...]:
    """Every name that is registered in a group, whether or not it can be used."""
    return tuple(sorted({entry.name for entry in _installed(group)}))


def load_plugin(entry: EntryPoint, kind: type[T]) -> T | str:
    """The value of one entry point, or the reason why it cannot be used."""
    try:
        value = entry.load()
    except Exception as error:  # foreign code may fail in any way, and its reason is shown to the user
        return f"its plug-in fails to import: {type(error).__name__}: {error}"
    if not isinstance(value, kind):
        return f"its plug-in gives a {type(value).__name__}, not a {kind.__name__}"
    if value.name != entry.name:
        return f"its plug-in gives a value of another name, {value.name!r}"
    return value


def registered(group: str, name: str) -> EntryPoint | str:
    """The one entry point of that name, or the reason why there is not exactly one."""
    entries = {entry.value: entry for entry in _installed(group) if entry.name == name}
    if len(entries) != 1:
        return f"several packages register it: {' and '.join(entries)}" if entries else "no package registers it"
    return next(iter(entries.values()))


def find_plugins(group: str, kind: type[T], built_in: Mapping[str, T]) -> Plugins[T]:
    """The built-in values of a group, followed by what installed packages add; a built-in one is never replaced."""
    usable, reasons = dict(built_in), dict[str, str]()
    for name in plugin_names(group):
        if name in built_in:
            continue
        entry = registered(group, name)
        value = entry if isinstance(entry, str) else load_plugin(entry, kind)
        if isinstance(value, str):
            reasons[name] = value
        else:
            usable[name] = value
    return Plugins(usable, reasons)


GROUPS = 8
"""Groups whose entry points are kept."""
Stamp = tuple[str, int, int, int]


def _installed(group: str) -> EntryPoints:
    """The entry points of a group. They are read again, which takes a while, where a package came or went.

    Both change the folder that it lies in, by which ``importlib`` itself knows what is installed.
    """
    return _selected(group, tuple(map(id, sys.meta_path)), tuple(map(_stamp, sys.path)))


@lru_cache(maxsize=GROUPS)
def _selected(group: str, finders: tuple[int, ...], folders: tuple[Stamp, ...]) -> EntryPoints:
    """The entry points of a group, as long as packages are looked for in the same folders and these stay."""
    return _read(finders, folders).select(group=group)


@lru_cache(maxsize=1)
def _read(finders: tuple[int, ...], folders: tuple[Stamp, ...]) -> Any:
    """The entry points of all groups: every package is opened once, whichever of them is asked for."""
    return entry_points()


def _stamp(folder: str) -> Stamp:
    """Which folder of packages, or archive, with the time of its last change and how many folders it holds."""
    try:
        status = Path(folder or ".").stat()
    except OSError:
        return folder, 0, 0, 0
    return folder, status.st_ino, status.st_mtime_ns, status.st_nlink
