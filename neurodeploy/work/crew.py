"""What runs jobs: a ``concurrent.futures.Executor``, and data that travels to its workers once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

KEPT = 8
"""Pieces of data that a worker keeps in memory."""


@dataclass(frozen=True)
class Shared:
    """Data by its digest, where a worker finds it: in memory, or in a file of this machine."""

    digest: str
    data: bytes | None = None
    path: Path | None = None


def content(shared: Shared | bytes) -> bytes:
    """The data itself, in the worker; a cluster has fetched it already."""
    if isinstance(shared, bytes):
        return shared
    return shared.data if shared.data is not None else _read(str(shared.path), shared.digest)


@lru_cache(maxsize=KEPT)
def _read(path: str, digest: str) -> bytes:
    return Path(path).read_bytes()


@dataclass(frozen=True, eq=False)
class Crew:
    """Workers.

    - ``name``: as it was asked for; ``width``: jobs that are under way at once.
    - ``executor``: runs them; ``share``: makes data known to all workers, to be passed to a job in its place.
    - ``restarted``: the same crew with new workers, after some were lost together with all that was under way; None
      where workers are replaced without our doing.
    """

    name: str
    width: int
    executor: Executor
    share: Callable[[bytes], Any]
    restarted: Callable[[], Executor] | None = None


def digest_of(data: bytes) -> str:
    """The name of data: its SHA-256."""
    return sha256(data).hexdigest()
