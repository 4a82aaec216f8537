"""The committed cases: what each framework's exporter wrote, what it ran natively, and what is said of both."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).with_name("data")
MANIFEST = "manifest.json"
REFUSED = "REFUSED.md"


HEAD = """# Nets of this set that do not pass through a file

Written by `python -m tests.crossframework`. In code type: the error with which the framework's own exporter (or
`nir.write`) stops. In words: it writes a file, which says something else. All other nets of the set are read back and
compared spike for spike.

| framework | net | what stands in the way |
|---|---|---|"""


@dataclass(frozen=True)
class Case:
    """A net in one framework. ``exactness`` is ``exact`` or ``ties``; ``late``: steps by which layers send late."""

    framework: str
    name: str
    profile: str
    exactness: str
    digests: Mapping[str, str]
    late: int = 0

    @property
    def label(self) -> str:
        return f"{self.framework}-{self.name}"


def manifest(folder: Path = DATA) -> dict[str, Any]:
    """Versions, cases and refusals of every framework."""
    path = folder / MANIFEST
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_manifest(told: Mapping[str, Any], folder: Path = DATA) -> None:
    """The manifest, and beside it the nets that exporters do not write."""
    (folder / MANIFEST).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / REFUSED).write_text(refused(told), encoding="utf-8")


def refused(told: Mapping[str, Any]) -> str:
    """The table of nets that an exporter does not write, or that no profile can tell from the file."""
    rows = [
        f"| {framework} | `{name}` | {why} |"
        for framework, cases in sorted(told.items())
        for name, case in sorted(cases["cases"].items())
        for why in _obstacles(case)
    ]
    return "\n".join([HEAD, *rows, ""])


def cases() -> list[Case]:
    """Every case with a file."""
    return [
        Case(framework, name, each["profile"], each["exactness"], each["digests"], each.get("late", 0))
        for framework, told in manifest().items()
        for name, each in told["cases"].items()
        if "digests" in each and "unread" not in each
    ]


def _obstacles(case: Mapping[str, Any]) -> list[str]:
    found = [f"`{case['error'].replace('|', '/')}`"] if "error" in case else []
    found += (
        [f"`{case['completed']}`; written with the shapes that nir's `infer_types()` finds"]
        if "completed" in case
        else []
    )
    return found + ([case["unread"]] if "unread" in case else [])


@cache
def members(framework: str) -> dict[str, bytes]:
    """The files of a framework by name."""
    with tarfile.open(DATA / f"{framework}.tar.xz") as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]


def pack(framework: str, files: Mapping[str, bytes], folder: Path = DATA) -> None:
    """Write a framework's files, the same bytes for the same files."""
    with tarfile.open(folder / f"{framework}.tar.xz", "w:xz", preset=9, format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            about = tarfile.TarInfo(name)
            about.size = len(files[name])
            archive.addfile(about, io.BytesIO(files[name]))


def records(case: Case) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """The stimulus and every neuron layer's record in order, ``(B, T, *shape)``."""
    with np.load(io.BytesIO(members(case.framework)[f"{case.name}.npz"])) as archive:
        layers = [archive[f"layer_{i}"] for i in range(len(archive.files) - 1)]
        return archive["input"], layers


def digest(content: bytes) -> str:
    """Its SHA-256."""
    return hashlib.sha256(content).hexdigest()
