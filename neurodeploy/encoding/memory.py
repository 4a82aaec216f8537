"""Memory that a result takes, looked at before it is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from neurodeploy.errors import InputError

SMALL = 1 << 28
"""Bytes that are not worth a look."""


def check_memory(needed: int, where: str, remedy: str) -> None:
    """Raises InputError where ``needed`` bytes are more than this machine has free."""
    if needed < SMALL:
        return
    free = free_memory()
    if free is not None and needed > free:
        raise InputError(f"needs {needed / 1e9:,.1f} GB of memory, {free / 1e9:,.1f} GB are free", where, remedy)


def free_memory() -> int | None:
    """Bytes that this process may still have; None where the system does not tell."""
    known = [limit for limit in (_available(), _limit()) if limit is not None]
    return min(known, default=None)


def _available() -> int | None:
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, LookupError):
        pages, size = (os.sysconf_names.get(name) for name in ("SC_PHYS_PAGES", "SC_PAGE_SIZE"))
        return None if pages is None or size is None else os.sysconf(pages) * os.sysconf(size)


def _limit() -> int | None:
    """What a Linux control group allows."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
