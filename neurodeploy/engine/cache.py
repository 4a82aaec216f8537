"""Compiled libraries by the digest of what they were made from.

An entry is the library followed by its own digest, written under a temporary name and renamed: it is whole or it is not
there, whoever else writes it at the same time. One that does not match its digest counts as missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from neurodeploy.atomic import write_file
from neurodeploy.errors import EnvironmentFailureError

MARK = b"neurodeploy-engine-1"
MOST = 400
"""Entries kept; the oldest make room."""


def folder() -> Path | None:
    """``$NEURODEPLOY_HOME/engine``, else the user's cache folder; None where the user has none."""
    if home := os.environ.get("NEURODEPLOY_HOME"):
        return Path(home).expanduser() / "engine"
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


def find(name: str) -> Path | None:
    """The entry of that name, if it is there and whole."""
    place = _place(name)
    if place is None:
        return None
    try:
        data = place.read_bytes()
    except OSError:
        return None
    tail = len(MARK) + 32
    body, digest, mark = data[:-tail], data[-tail : -len(MARK)], data[-len(MARK) :]
    return place if mark == MARK and hashlib.sha256(body).digest() == digest else None


def keep(name: str, library: bytes) -> Path | None:
    """Store a library under that name; None where nothing can be written there."""
    place = _place(name)
    if place is None:
        return None
    try:
        write_file(place, lambda file: file.write(library + hashlib.sha256(library).digest() + MARK))
    except (EnvironmentFailureError, OSError):
        return None
    _prune(place.parent)
    return place


def _prune(home: Path) -> None:
    with contextlib.suppress(OSError):
        entries = sorted(home.glob("*.so"), key=lambda each: each.stat().st_mtime_ns)
        for old in entries[:-MOST]:
            old.unlink(missing_ok=True)


def _place(name: str) -> Path | None:
    home = folder()
    return None if home is None else home / f"{name}.so"
