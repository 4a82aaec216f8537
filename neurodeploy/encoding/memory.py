"""Whether a result fits into memory, checked before it is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from neurodeploy.errors import InputError

SMALL = 1 << 28
"""Results of fewer bytes are not checked."""


def check_memory(needed: int, where: str, remedy: str) -> None:
    """Raises InputError, with ``where`` and ``remedy``, if ``needed`` bytes are more than this process may allocate."""
    if needed < SMALL:
        return
    free = free_memory()
    if free is not None and needed > free:
        raise InputError(f"needs {needed / 1e9:,.1f} GB of memory, {free / 1e9:,.1f} GB are free", where, remedy)


def free_memory() -> int | None:
    """Bytes that this process may still allocate; None where the system does not say."""
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
    """The limit of the Linux control group, if there is one."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
