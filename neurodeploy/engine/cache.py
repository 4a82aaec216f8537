"""Compiled libraries by the digest of what they were made from.

An entry is the library, a text that goes with it, and a trailer: the text's length, the name of the instruction set the
library needs, a digest of all of it, and a mark. It is written under a temporary name and renamed, so it is whole or it
is not there, whoever else writes it at the same time. One whose digest or instruction set is not as expected counts as
missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.atomic import write_file
from neurodeploy.codegen.machine import Machine
from neurodeploy.engine.processor import can_run
from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.reading import read_bytes

MARK = b"neurodeploy-engine-2"
NAME_BYTES = 16
TRAILER = 8 + NAME_BYTES + 32 + len(MARK)
LARGEST, MOST = 256 << 20, 400
"""Bytes of an entry; entries kept, of which the oldest make room."""
STALE = 24 * 3600.0
"""Seconds after which a file that nobody finished is removed."""


@dataclass(frozen=True)
class Entry:
    """A library's file, and the text that was kept with it."""

    path: Path
    about: str


def folder() -> Path | None:
    """``$NEURODEPLOY_HOME/engine``, else the user's cache folder; None where the user has none."""
    if home := os.environ.get("NEURODEPLOY_HOME"):
        try:
            return Path(home).expanduser() / "engine"
        except RuntimeError as error:
            problem = f"{home!r} begins with a user who has no home"
            raise InputError(problem, "NEURODEPLOY_HOME", "name a folder") from error
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache).expanduser() / "neurodeploy" / "engine"
    try:
        return Path.home() / ".cache" / "neurodeploy" / "engine"
    except RuntimeError:
        return None


def key(*parts: str) -> str:
    """The name of what is made from these texts."""
    digest = hashlib.sha256(MARK)
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def find(name: str, machine: Machine) -> Entry | None:
    """The entry of that name for that instruction set, if it is there, whole, and this processor can run it."""
    place = _place(name, machine)
    if place is None or not can_run(machine):
        return None
    try:
        data = read_bytes(place, LARGEST) if _is_ours(place.parent) and _is_ours(place) else b""
    except (InputError, OSError):
        return None
    body, trailer = data[:-TRAILER], data[-TRAILER:]
    length = int.from_bytes(trailer[:8], "little")
    if length > len(body) or trailer != _trailer(body, length, machine):
        return None
    return Entry(place, body[len(body) - length :].decode())


def keep(name: str, machine: Machine, library: bytes, about: str = "") -> Path | None:
    """Store a library under that name; None where nothing can be written there."""
    place = _place(name, machine)
    if place is None:
        return None
    text = about.encode()
    body = library + text
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(place.parent):
            return None
        write_file(place, lambda file: file.write(body + _trailer(body, len(text), machine)))
    except (EnvironmentFailureError, InputError, OSError):
        return None
    _prune(place.parent)
    return place


def _is_ours(path: Path) -> bool:
    """Whether a folder or file belongs to this user and nobody else may write it: what stands there is then our own."""
    if not hasattr(os, "geteuid"):
        return True
    status = path.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _trailer(body: bytes, length: int, machine: Machine) -> bytes:
    about = length.to_bytes(8, "little") + machine.name.encode().ljust(NAME_BYTES, b"\0")
    return about + hashlib.sha256(body + about).digest() + MARK


def _prune(home: Path) -> None:
    with contextlib.suppress(OSError):
        entries = sorted(home.glob("*.so"), key=lambda entry: entry.stat().st_mtime_ns)
        for old in entries[:-MOST]:
            old.unlink(missing_ok=True)
        for left in home.glob(".*.so.*"):
            if left.stat().st_mtime < time.time() - STALE:
                left.unlink(missing_ok=True)


def _place(name: str, machine: Machine) -> Path | None:
    home = folder()
    return None if home is None else home / f"{name}.{machine.name}.so"
