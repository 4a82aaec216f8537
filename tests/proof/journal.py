"""Finished units of work, one JSON line each; a line is written only after its unit is done."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.proof.case import Counts


@dataclass(frozen=True)
class Entry:
    """One finished unit: ``seeds`` of a case under a stamp's key."""

    case: str
    key: str
    seeds: range
    counts: Counts
    date: str


class Journal:
    """The file of finished units."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, case: str, key: str) -> dict[range, Entry]:
        """The finished units of a case under a key."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        entries = [entry for line in lines if (entry := _parse(line)) is not None]
        return {entry.seeds: entry for entry in entries if (entry.case, entry.key) == (case, key)}

    def add(self, case: str, key: str, seeds: range, counts: Counts) -> None:
        """Write down a finished unit, safe against a loss of power."""
        line = {
            "case": case,
            "key": key,
            "seeds": [seeds.start, seeds.stop],
            "counts": asdict(counts),
            "date": datetime.now(UTC).date().isoformat(),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n")
        with self._path.open("a") as file:
            file.write(("\n" if torn else "") + json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _parse(line: str) -> Entry | None:
    """An entry, or None for the half line that an interruption may leave."""
    try:
        found: dict[str, Any] = json.loads(line)
        return Entry(
            found["case"],
            found["key"],
            range(*found["seeds"]),
            _counts(found["counts"]),
            found["date"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _counts(found: dict[str, Any]) -> Counts:
    parts = {name: _counts(each) for name, each in found.get("parts", {}).items()}
    return Counts(found["cases"], tuple(found["failed"]), found["tallies"], parts)
