"""Traces that travel as digests: who has equal records needs no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.integers import narrowed
from neurodeploy.trace import RECORDS, Entry, Trace

Record = Literal["output", "v", "u"]
COMPARED: tuple[Record, ...] = ("output", "v", "u")
"""What of a record is compared between a target and the program."""
EMPTY = np.zeros((0, 0), np.uint8)


@dataclass(frozen=True, eq=False)
class Prints:
    """A run without its arrays.

    - ``trace``: the run, with empty records. ``recorded``: by node, which of its records hold something.
    - ``digests``: by sample and chunk of steps, that of everything that is compared.
    """

    trace: Trace
    recorded: Mapping[str, tuple[str, ...]]
    digests: tuple[tuple[bytes, ...], ...]

    @staticmethod
    def of(trace: Trace, chunk: int) -> Prints:
        """Those of a run, in chunks of so many steps."""
        recorded = {
            name: tuple(key for key in RECORDS if getattr(entry, key) is not None)
            for name, entry in trace.entries.items()
        }
        bare = {name: replace(entry.outputs(), output=EMPTY) for name, entry in trace.entries.items()}
        starts = range(0, trace.steps, chunk)
        digests = tuple(
            tuple(digest(trace.part(slice(row, row + 1), slice(step, step + chunk)), recorded) for step in starts)
            for row in range(trace.batch)
        )
        return Prints(replace(trace, entries=bare), recorded, digests)

    def filled(self, expected: Trace) -> Trace:
        """The run of samples and steps in which it is equal to ``expected``."""
        entries = {
            name: replace(entry, **{key: getattr(expected[name], key) for key in self.recorded[name]})
            for name, entry in self.trace.entries.items()
        }
        return replace(self.trace, entries=entries)


def digest(trace: Trace, recorded: Mapping[str, Collection[str]]) -> bytes:
    """The digest of all that is compared, in nodes of those names; nothing where a record is missing.

    Equal integers have equal digests, whatever types hold them.
    """
    total = sha256()
    for name, keys in recorded.items():
        entry = trace.entries.get(name)
        for key in (key for key in COMPARED if key in keys):
            array = None if entry is None else getattr(entry, key)
            if array is None:
                return b""
            plain = _plain(array)
            total.update(f"{name}.{key} {plain.dtype.str} {plain.shape}".encode())
            total.update(np.ascontiguousarray(plain).data)
    return total.digest()


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return narrowed(array.view(np.uint8) if array.dtype == np.bool_ else array)


@dataclass(frozen=True, eq=False)
class Packed:
    """A run with integers in the narrowest types that hold them. ``types``: their own, by node and record."""

    trace: Trace
    types: Mapping[tuple[str, str], np.dtype[Any]]

    @staticmethod
    def of(trace: Trace) -> Packed:
        """A run as it travels."""
        types = {(name, key): array.dtype for name, entry in trace.entries.items() for key, array in _arrays(entry)}
        entries = {
            name: replace(entry, **{key: np.ascontiguousarray(narrowed(array)) for key, array in _arrays(entry)})
            for name, entry in trace.entries.items()
        }
        return Packed(replace(trace, entries=entries), types)

    def opened(self) -> Trace:
        """The run as it was."""
        entries = {
            name: replace(entry, **{key: array.astype(self.types[name, key]) for key, array in _arrays(entry)})
            for name, entry in self.trace.entries.items()
        }
        return replace(self.trace, entries=entries)


def _arrays(entry: Entry) -> list[tuple[str, NDArray[Any]]]:
    return [(key, array) for key in RECORDS if (array := getattr(entry, key)) is not None]
