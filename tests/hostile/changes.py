"""What a forger or a fault changes: one value of a document, some bytes, one array, one dataset."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.random import Generator

from neurodeploy.program.store import npz_bytes, read_npz

VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        64,
        1 << 31,
        -(1 << 31),
        1 << 62,
        1 << 63,
        10**30,
        0.5,
        -0.0,
        1e308,
        1e-320,
    ),
    *("", "zero", "none", "x", ">=", "../../x", "\x1b[2J", "\ud800", "a" * 5000, "[/x]", "binary", "dense", "conv2d"),
    *([], {}, [[]], {"array": "nothing"}, [0], [1, 1, 1, 1], [-1, 3], {"": None}, [1 << 40, 1 << 40]),
)
"""What stands in place of a value."""
DTYPES = ("i1", "i8", "u8", "f4", "f8", "c16", "U3", "?", "M8[s]", "V4", "f2")


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from _places(child, (*path, key))


def change_document(rng: Generator, document: Any) -> Any:
    """The document with one value replaced, removed, doubled or added."""
    changed = json.loads(json.dumps(document))
    places = list(_places(changed))
    *path, key = places[int(rng.integers(len(places)))]
    holder = changed
    for step in path:
        holder = holder[step]
    way = rng.random()
    if way < 0.75:
        holder[key] = VALUES[int(rng.integers(len(VALUES)))]
    elif way < 0.87 and isinstance(holder, dict):
        del holder[key]
    elif isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[f"{key}2"] = holder[key]
    return changed


def change_bytes(rng: Generator, data: bytes) -> bytes:
    """Bytes cut off, turned over, or put in."""
    at = int(rng.integers(len(data)))
    way = int(rng.integers(4))
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :]
    if way == 2:
        return data[:at] + rng.bytes(int(rng.integers(1, 9))) + data[at + 4 :]
    return data[:at] + struct.pack("<Q", int(rng.integers(1 << 62))) + data[at + 8 :]


def change_arrays(rng: Generator, data: bytes) -> bytes:
    """An archive of arrays in which one has another type, shape, value or name, is missing, or stands beside others."""
    arrays = read_npz(data)
    name = sorted(arrays)[int(rng.integers(len(arrays)))]
    array, way = arrays[name], int(rng.integers(6))
    if array.dtype.kind == "U" and way in (0, 2):
        arrays[name] = np.array(json.dumps(change_document(rng, json.loads(str(array)))))
    elif way == 0:
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(DTYPES[int(rng.integers(len(DTYPES) - 3))])
    elif way == 1:
        arrays[name] = np.resize(array, tuple(int(n) for n in rng.integers(0, 5, int(rng.integers(0, 6)))))
    elif way == 2:
        arrays[name] = np.full(array.shape, [np.nan, np.inf, 1 << 62, -1][int(rng.integers(4))])
    elif way == 3:
        del arrays[name]
    elif way == 4:
        arrays["strange"] = np.zeros(3)
    else:
        arrays[name] = np.flip(array)
    return npz_bytes(arrays)


def change_hdf5(rng: Generator, data: bytes) -> bytes:
    """A file of HDF5 in which a dataset has another value, shape or type, is missing, or stands under another name."""
    held = io.BytesIO(data)
    with h5py.File(held, "a") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name = names[int(rng.integers(len(names)))]
        value, way = file[name][()], int(rng.integers(6))
        del file[name]
        strange: Any = VALUES[int(rng.integers(len(VALUES)))]
        if way == 0 and isinstance(strange, bool | int | float | str) and abs(_size(strange)) < 1 << 63:
            file[name] = strange if not isinstance(strange, str) else strange.encode("utf8", "replace")
        elif way == 1:
            shape = tuple(int(n) for n in rng.integers(0, 5, int(rng.integers(0, 6))))
            file[name] = np.resize(np.asarray(value), shape)
        elif way == 2 and not isinstance(value, bytes):
            file[name] = np.full(np.shape(value), [np.nan, np.inf, 1 << 40, -1][int(rng.integers(4))])
        elif way == 3 and not isinstance(value, bytes):
            file[name] = np.asarray(value).astype(["i1", "u8", "f2", "f8", "c16"][int(rng.integers(5))])
        elif way == 4:
            file[f"{name}/inside"] = value
    return held.getvalue()


def _size(value: Any) -> float:
    return value if isinstance(value, int | float) else 0
