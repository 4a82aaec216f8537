"""Nodes under way as the kernels take them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from neurodeploy.floats.rows import Ring, Row

GIVEN, COPIED, DENSE, WINDOW, NEURONS = range(5)
"""What makes what a node sends: somebody else, or what it gets, passed on or through a kernel."""
RECORDS = "bytes", "values", "counts", "before", "after"
MOST_FIXED, MOST_SIZES = 6, 3


class Work(NamedTuple):
    """What a node does in every step.

    - ``fixed``, ``sizes``: addresses and numbers that its kernel takes; what lies there is ``held``.
    - ``still``: where zeros arrive, it sends zeros, none of them negative.
    """

    kind: int
    fixed: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    still: bool = False
    held: tuple[Any, ...] = ()


class _Ring(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("values", "known")),
        *((name, ctypes.c_int64) for name in ("slots", "room")),
    ]


class Part(ctypes.Structure):
    """A node under way; the kernels say what its fields are."""

    _fields_ = [
        *((name, _Ring) for name in ("sends", "gets")),
        *((name, ctypes.c_int64) for name in ("kind", "still", "size")),
        ("fixed", ctypes.c_void_p * MOST_FIXED),
        ("sizes", ctypes.c_int64 * MOST_SIZES),
        ("given", ctypes.c_void_p),
        ("forced", ctypes.c_int64),
        ("narrow", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("size_narrow", "alone")),
        *((name, ctypes.c_void_p) for name in RECORDS),
    ]


def part_of(work: Work, sends: Ring, gets: Ring | None) -> Part:
    """A node that does ``work`` with what another one sends, and sends something itself; both must be kept."""
    part = Part(kind=work.kind, still=work.still, size=sends.size)
    part.sends, part.gets = _ring_of(sends), _Ring() if gets is None else _ring_of(gets)
    part.fixed[: len(work.fixed)] = work.fixed
    part.sizes[: len(work.sizes)] = work.sizes
    return part


def set_chunk(
    part: Part,
    records: Mapping[str, Row],
    given: Row | None = None,
    forced: bool = False,
    narrow: Row | None = None,
    alone: bool = False,
) -> None:
    """What a node is given in the next steps, and where what it does is recorded, ``(T, B, *shape)`` each.

    ``narrow``: what it gets, where that is recorded as bytes; ``alone``: nobody gets what it sends but as bytes. All
    must be kept until those steps are taken.
    """
    for name in RECORDS:
        setattr(part, name, records[name].address if name in records else None)
    part.given, part.forced = None if given is None else given.address, int(forced)
    part.narrow, part.size_narrow = (None, 0) if narrow is None else (narrow.address, narrow.stride)
    part.alone = int(alone)


def in_one_piece(parts: Iterable[Part]) -> ctypes.Array[Part]:
    """The parts side by side, as the kernels take them."""
    several = list(parts)
    return (Part * len(several))(*several)


def _ring_of(ring: Ring) -> _Ring:
    return _Ring(ring.values.ctypes.data, ring.known.ctypes.data, ring.slots, ring.room)
