"""Opening a file that may be anything: it must be a regular one, and no larger than we are ready to hold.

A FIFO or a device would be waited for without end, and a file with holes may claim any size: what counts as the size
of an honest file is what it takes on its disk.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import IO

from neurodeploy.errors import EnvironmentFailureError, InputError

READ_LIMIT = "NEURODEPLOY_READ_LIMIT"
"""The variable that raises (or lowers) how many bytes one file may unpack to in memory."""
KIBI, MEBI, GIBI = 1 << 10, 1 << 20, 1 << 30
DOCUMENT_BYTES, ARRAY_BYTES, GROWTH = 64 * MEBI, 512 * MEBI, 4
"""Usual limits: of a text such as JSON; of arrays, which may also be so many times what their file takes on disk."""
SMALLEST_BLOCK, REGULAR = 512, "give a regular file"
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
KINDS = (
    (stat.S_ISDIR, "is a folder, no file"),
    (stat.S_ISFIFO, "is a FIFO, no file"),
    (stat.S_ISSOCK, "is a socket, no file"),
)


def check_regular(path: Path, remedy: str = REGULAR) -> os.stat_result:
    """The status of a regular file. Raises InputError, with ``remedy``, where ``path`` is none."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        if not path.is_absolute():
            check_working_folder()
        raise InputError("there is no such file", str(path), "check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason}", str(path), "check the path and its permissions") from error
    return refuse_irregular(status, str(path), remedy)


def check_working_folder() -> None:
    """Raises EnvironmentFailureError where the folder that this process works in is no more."""
    try:
        Path.cwd()
    except OSError as error:
        raise EnvironmentFailureError("no longer exists", "the working folder", "go to another one") from error


def refuse_irregular(status: os.stat_result, where: str, remedy: str = REGULAR) -> os.stat_result:
    """``status`` as it is. Raises InputError where it is that of anything but a regular file."""
    if not stat.S_ISREG(status.st_mode):
        problem = next((words for is_kind, words in KINDS if is_kind(status.st_mode)), "is a device, no file")
        raise InputError(problem, where, remedy)
    return status


def open_regular(path: Path, remedy: str = REGULAR) -> IO[bytes]:
    """A regular file, open for reading. Raises InputError, with ``remedy``, where it is none or may not be read."""
    check_regular(path, remedy)
    try:
        handle = os.open(path, FLAGS)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", str(path), "check its permissions") from error
    return wrap(handle, str(path))


def wrap(handle: int, where: str) -> IO[bytes]:
    """An open handle as a file. Raises InputError, and closes it, where it is that of no regular file."""
    try:
        refuse_irregular(os.fstat(handle), where)
    except BaseException:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def allowance(status: os.stat_result, usual: int = ARRAY_BYTES, growth: int = GROWTH) -> int:
    """How many bytes a file may take in memory: what ``NEURODEPLOY_READ_LIMIT`` says, else ``usual``.

    Without that variable a file that takes more on its disk may take ``growth`` times that. Raises InputError where the
    variable holds no size.
    """
    stored = getattr(status, "st_blocks", -1) * SMALLEST_BLOCK
    return memory_limit(max(usual, growth * (status.st_size if stored < 0 else min(stored, status.st_size))))


def refuse_holes(status: os.stat_result, where: str) -> None:
    """Raises InputError where a file is far larger than what it takes on its disk: reading it would take for ever."""
    limit = allowance(status)
    if status.st_size > limit:
        raise too_large(status.st_size, limit, where, "is mostly holes, and")


def memory_limit(usual: int = ARRAY_BYTES) -> int:
    """How many bytes the state of one network from outside may take: as ``allowance``, whatever its file takes."""
    said = os.environ.get(READ_LIMIT)
    return _size(said) if said else usual


def too_large(size: int, limit: int, where: str, needs: str = "is") -> InputError:
    """The error of a file that would take more than is allowed."""
    problem = f"{needs} {size / MEBI:.4g} MiB large, and at most {limit / MEBI:.4g} MiB are read"
    return InputError(problem, where, f"for a file you trust, set {READ_LIMIT} to more, e.g. {READ_LIMIT}=8G")


def read_bytes(path: Path, usual: int = DOCUMENT_BYTES, growth: int = 0) -> bytes:
    """A whole regular file. Raises InputError where ``path`` is none, or is larger than ``allowance`` allows."""
    with open_regular(path) as file:
        return read_open(file, str(path), usual, growth)


def read_open(file: IO[bytes], where: str, usual: int = DOCUMENT_BYTES, growth: int = 0) -> bytes:
    """The whole of an open file. Raises InputError where it is larger than ``allowance`` allows, even as it grows."""
    status = os.fstat(file.fileno())
    limit = allowance(status, usual, growth)
    if status.st_size > limit:
        raise too_large(status.st_size, limit, where)
    try:
        data = file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where, "check the disk it is on") from error
    if len(data) > limit:
        raise too_large(len(data), limit, where)
    return data


def read_text(path: Path, usual: int = DOCUMENT_BYTES, growth: int = 0) -> str:
    """A whole text in UTF-8, with or without a mark at its start. Raises InputError as ``read_bytes`` does."""
    try:
        return read_bytes(path, usual, growth).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is no text in UTF-8: {error}", str(path), "save it as UTF-8") from error


def _size(text: str) -> int:
    """Bytes of a size such as ``512M`` or ``8G``."""
    match = re.fullmatch(r"\s*(\d{1,15})\s*([KMGT]?)(i?B)?\s*", text, re.IGNORECASE)
    if match is None or int(match[1]) == 0:
        raise InputError(f"{text!r} is no size", READ_LIMIT, "give bytes, or K, M or G of them, e.g. 8G")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[match[2].upper()]
