"""Arrays of ``.npz`` and ``.npy`` files, checked against what they declare before any memory is taken for them.

An archive may hold arrays alone: each member's size must be that of its own shape and type, so that nothing unpacks to
more than it says. Pickled objects are refused.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.reading.door import ARRAY_BYTES, MEBI, allowance, open_regular, too_large

Array = NDArray[Any]
ARRAY = ".npy"
KINDS = "biufcSU"
"""Types of arrays that files may have: truth values, numbers and texts."""
UNBOUNDED = 1 << 62
LARGEST_DIRECTORY = 16 * MEBI
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
END, END_SIZE, LONGEST_COMMENT = b"PK\x05\x06", 22, 1 << 16
END_64, END_64_SIZE, UNSAID = b"PK\x06\x06", 56, 0xFFFFFFFF
"""Marks and sizes of the two records that end an archive; a size that only the second says."""
DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, OverflowError, NotImplementedError, RuntimeError)
DAMAGED_ARCHIVE = (*DAMAGED, zipfile.BadZipFile, zlib.error, SyntaxError, struct.error, RecursionError)
"""What zipfile and numpy raise for a damaged archive."""


class NotArraysError(ValueError):
    """An archive or array that holds what none should hold."""


def read_npz(path: Path, what: str, remedy: str) -> dict[str, Array]:
    """The arrays of an ``.npz`` by name. Raises InputError: ``what`` is wrong and why, with ``remedy``."""
    with open_regular(path, remedy) as file:
        return _arrays(file, str(path), what, remedy, allowance(os.fstat(file.fileno())))


def read_npz_bytes(data: bytes, where: str, what: str, remedy: str, limit: int | None = None) -> dict[str, Array]:
    """The same of an ``.npz`` in memory, named ``where``; ``limit``: bytes that it may unpack to."""
    return _arrays(io.BytesIO(data), where, what, remedy, limit or max(ARRAY_BYTES, 8 * len(data)))


def read_npy(path: Path, what: str, remedy: str) -> Array:
    """The array of an ``.npy``. Raises InputError: ``what`` is wrong and why, with ``remedy``."""
    with open_regular(path, remedy) as file:
        status = os.fstat(file.fileno())
        try:
            shape, kind, fortran = _header(file)
            size = _declared(shape, kind)
            if size > status.st_size:
                raise NotArraysError(f"it declares {shape} of {kind}, more than the file holds")
            if size > allowance(status):
                raise too_large(size, allowance(status), str(path))
            return _filled(file, shape, kind, fortran)
        except DAMAGED_ARCHIVE as error:
            raise InputError(f"{what}: {error}", str(path), remedy) from error


@contextmanager
def open_archive(path: Path, bounded: bool = True) -> Generator[zipfile.ZipFile]:
    """A checked archive, open for reading; ``bounded``: also in what it unpacks to, for who reads it whole.

    Raises InputError and NotArraysError as ``check_archive`` does, BadZipFile for no archive.
    """
    with open_regular(path) as file:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            limit = allowance(os.fstat(file.fileno())) if bounded else UNBOUNDED
            check_archive(archive.infolist(), str(path), limit)
            yield archive


def judge_array(archive: zipfile.ZipFile, member: str, where: str, limit: int = ARRAY_BYTES) -> None:
    """Raises InputError where a member would take more than ``limit``, KeyError where there is none."""
    size = archive.getinfo(member).file_size
    if size > limit:
        raise too_large(size, limit, f"{where}: {member}", "unpacked it is")


def check_archive(members: Sequence[zipfile.ZipInfo], where: str, limit: int) -> None:
    """Raises InputError for what would unpack to more than ``limit``, NotArraysError for members that no tool writes.

    Those are encrypted, of an unusual compression, or named twice.
    """
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise NotArraysError("it names a member twice")
    for member in members:
        if member.flag_bits & 1:
            raise NotArraysError(f"its member {member.filename!r} is encrypted")
        if member.compress_type not in READABLE:
            raise NotArraysError(f"its member {member.filename!r} is compressed by method {member.compress_type}")
    whole = sum(member.file_size for member in members)
    if whole > limit:
        raise too_large(whole, limit, where, "unpacked it is")


def _arrays(file: IO[bytes], where: str, what: str, remedy: str, limit: int) -> dict[str, Array]:
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            check_archive(archive.infolist(), where, limit)
            return {_name(member): _member(archive, member) for member in archive.infolist()}
    except DAMAGED_ARCHIVE as error:
        raise InputError(f"{what}: {error}", where, remedy) from error


def _name(member: zipfile.ZipInfo) -> str:
    if not member.filename.endswith(ARRAY):
        raise NotArraysError(f"its member {member.filename!r} is no array")
    return member.filename.removesuffix(ARRAY)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as entry:
        shape, kind, fortran = _header(entry)
        size = _declared(shape, kind)
        if size != member.file_size - entry.tell():
            problem = f"its member {member.filename!r} is not of the size that its shape {shape} and type {kind} need"
            raise NotArraysError(problem)
        array = _filled(entry, shape, kind, fortran)
        if entry.read(1):  # at its end the checksum is compared
            raise NotArraysError(f"its member {member.filename!r} holds more than its array")
        return array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise NotArraysError(f"it is an array of format {version}")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, kind = read(file)
    if kind.kind not in KINDS or kind.fields is not None or kind.subdtype is not None:
        raise NotArraysError(f"it holds values of type {kind}, no plain numbers or texts")
    if any(type(size) is not int or size < 0 for size in shape):
        raise NotArraysError(f"it declares the shape {shape}")
    return shape, kind, fortran


def _declared(shape: tuple[int, ...], kind: np.dtype[Any]) -> int:
    return prod(shape) * kind.itemsize


def _filled(file: IO[bytes], shape: tuple[int, ...], kind: np.dtype[Any], fortran: bool) -> Array:
    """The array of ``shape`` that the file goes on with; it takes its memory once."""
    flat = np.empty(prod(shape), kind)
    held = flat.view(np.uint8) if flat.size and kind.itemsize else np.empty(0, np.uint8)
    view, at = held.data.cast("B"), 0
    while at < len(view):
        block = file.read(min(len(view) - at, MEBI))
        if not block:
            raise NotArraysError(f"it ends within an array of shape {shape}")
        view[at : at + len(block)] = block
        at += len(block)
    return flat.reshape(shape, order="F" if fortran else "C")


def _check_directory(file: IO[bytes]) -> None:
    """Raises NotArraysError where the archive's list of members alone would fill the memory."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_SIZE - LONGEST_COMMENT - 2 * END_64_SIZE))
    tail = file.read()
    file.seek(0)
    sizes = [0]
    end, end_64 = tail.rfind(END), tail.rfind(END_64)
    if 0 <= end <= len(tail) - END_SIZE:
        sizes.append(struct.unpack_from("<L", tail, end + 12)[0] % UNSAID)
    if 0 <= end_64 <= len(tail) - END_64_SIZE:
        sizes.append(struct.unpack_from("<Q", tail, end_64 + 40)[0])
    if min(max(sizes), size) > LARGEST_DIRECTORY:
        raise NotArraysError("its list of members is too long")
