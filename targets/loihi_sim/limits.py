"""Limits of this computer that Lava runs into, known by what its processes say when they end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from neurodeploy.errors import EnvironmentFailureError

SHARED_MEMORY = Path("/dev/shm")
MEBI = 1 << 20


def refuse_limit(said: str) -> None:
    """Raises EnvironmentFailureError that names the limit, where what a process said last tells of one.

    Lava's own process models are left out: what they say of errors is theirs.
    """
    last = "\n".join(said.strip().splitlines()[-3:])
    for pattern, problem, remedy in LIMITS:
        if re.search(pattern, last):
            raise EnvironmentFailureError(f"Lava ran into a limit: {problem()}", "loihi-sim", remedy)


def _shared() -> str:
    try:
        disk = os.statvfs(SHARED_MEMORY)
    except OSError:
        return f"there is no {SHARED_MEMORY}"
    if disk.f_flag & os.ST_RDONLY:
        return f"{SHARED_MEMORY} is read-only"
    size, free = (count * disk.f_frsize / MEBI for count in (disk.f_blocks, disk.f_bavail))
    return f"{SHARED_MEMORY} holds {size:.3g} MiB, of which {free:.3g} are free, and its processes share more"


def _limit(name: str, option: str, unit: int = 1, word: str = "") -> str:
    import resource

    most = resource.getrlimit(getattr(resource, name))[0]
    amount = ": none" if most == resource.RLIM_INFINITY else f": {most // unit}{word}"
    return f"ulimit {option}{amount}"


LIMITS: tuple[tuple[str, Callable[[], str], str], ...] = (
    (
        r"Errno 24\b|Errno 23\b",
        lambda: f"its processes may not open more files ({_limit('RLIMIT_NOFILE', '-n')})",
        "raise it, e.g. ulimit -n 4096",
    ),
    (
        r"Errno 28\b|SIGBUS|killed by signal 7\b",
        lambda: f"no space is left ({_shared()})",
        f"free some, or give more, e.g. mount -o remount,size=1G {SHARED_MEMORY}; fewer samples at once need less",
    ),
    (
        rf"(Errno 30|Errno 13)\b.*(shm|'/nd)|No such file or directory: '{SHARED_MEMORY}|Errno 38\b",
        lambda: f"shared memory cannot be made ({_shared()})",
        f"make {SHARED_MEMORY} writable",
    ),
    (
        r"MemoryError|Errno 12\b|failed to map segment|OpenBLAS.*[Mm]emory",
        lambda: f"its processes need more memory than they get ({_limit('RLIMIT_AS', '-v', 1 << 10, ' KiB')})",
        "free some memory, or raise ulimit -v",
    ),
    (
        r"can't start new thread|Errno 11\b|BlockingIOError",
        lambda: (
            f"no more threads can be started ({_limit('RLIMIT_AS', '-v', 1 << 10, ' KiB')}; "
            f"{_limit('RLIMIT_NPROC', '-u')})"
        ),
        "raise the limit that is low, free some memory, or end other programs",
    ),
)
"""What tells of a limit, the limit in words, and what to do."""
