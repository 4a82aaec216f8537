"""The committed set: what lava-dl exported, what SLAYER ran natively, and what is said of both."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARCHIVE = Path(__file__).with_name("slayer.tar.xz")


def pack(files: Mapping[str, bytes], archive: Path = ARCHIVE) -> None:
    """Write the files, the same bytes for the same files."""
    with tarfile.open(archive, "w:xz", preset=9, format=tarfile.USTAR_FORMAT) as packed:
        for name in sorted(files):
            about = tarfile.TarInfo(name)
            about.size = len(files[name])
            packed.addfile(about, io.BytesIO(files[name]))


@cache
def members() -> dict[str, bytes]:
    """Every file of the set by name."""
    with tarfile.open(ARCHIVE) as packed:
        return {each.name: packed.extractfile(each).read() for each in packed}  # type: ignore[union-attr]


@cache
def manifest() -> dict[str, Any]:
    """Versions, the cases, and what SLAYER has that no ``.net`` of ours can hold."""
    return json.loads(members()["cases.json"])


def records(name: str) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """The stimulus and what every block sent, in order, ``(B, T, *shape)``."""
    with np.load(io.BytesIO(members()[f"{name}.npz"])) as archive:
        return archive["input"], [archive[f"layer_{i}"] for i in range(len(archive.files) - 1)]


def net_file(name: str, folder: Path) -> Path:
    """The ``.net`` that lava-dl wrote, as a file."""
    path = folder / f"{name}.net"
    path.write_bytes(members()[path.name])
    return path
