"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from neurodeploy.errors import EnvironmentFailureError

_AT_CWD, _RENAME_EXCHANGE = -100, 2


def write_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write ``path`` through a temporary neighbor; on any failure the old file stays and nothing else is left.

    Raises EnvironmentFailureError where the system refuses (disk full, no permission).
    """
    write_files({path: write})


def write_files(files: Mapping[Path, Callable[[IO[bytes]], object]]) -> None:
    """Write several files, all or none: each takes its place once all stand beside theirs.

    Raises EnvironmentFailureError where the system refuses.
    """
    temporary = {path: _neighbor(path) for path in files}
    try:
        for path, write in files.items():
            with _as_our_error(path):
                _write_new(temporary[path], path, write)
        for path, neighbor in temporary.items():
            with _as_our_error(path):
                neighbor.replace(path)
    finally:
        for neighbor in temporary.values():
            with contextlib.suppress(OSError):
                neighbor.unlink(missing_ok=True)


def _write_new(temporary: Path, path: Path, write: Callable[[IO[bytes]], object]) -> None:
    temporary.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with temporary.open("xb") as file:
        write(file)


@contextmanager
def new_folder(path: Path) -> Generator[Path]:
    """A temporary folder that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    A link to a folder stays, and what it leads to is replaced. Raises EnvironmentFailureError where the system refuses
    (disk full, no permission, a file stands there).
    """
    place = Path(os.path.realpath(path))
    temporary = _neighbor(place)
    with _as_our_error(path):
        temporary.mkdir(parents=True)
    try:
        with _as_our_error(path):
            yield temporary
            _take_place(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_place(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    if not path.is_dir():
        raise FileExistsError(errno.EEXIST, "a file stands where the folder should go")
    if not _exchange(temporary, path):
        aside = temporary.with_name(temporary.name + ".old")
        path.rename(aside)
        try:
            temporary.rename(path)
        except BaseException:
            aside.rename(path)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two names in one step (Linux); False where the system or the file system cannot."""
    swap: Any = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    return swap is not None and swap(_AT_CWD, os.fsencode(first), _AT_CWD, os.fsencode(second), _RENAME_EXCHANGE) == 0


def _neighbor(path: Path) -> Path:
    """A hidden name beside ``path`` that nobody else uses."""
    return path.parent / f".{path.name[:100]}.{secrets.token_hex(8)}"


@contextmanager
def _as_our_error(path: Path) -> Generator[None]:
    """Turn an error of the system into EnvironmentFailureError."""
    try:
        yield
    except OSError as error:
        problem = f"cannot write: {error.strerror or error}"
        raise EnvironmentFailureError(problem, str(path), _remedy(path, error)) from error


def _remedy(path: Path, error: OSError) -> str:
    """The remedy for an error of the system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space or choose another place, then run again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "choose a place where you may write"
    if error.errno == errno.EISDIR:
        return "a folder stands there: give the name of a file"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        file = next((parent for parent in (path, *path.parents) if parent.is_file()), path)
        return f"{file} is no folder: move it away, or choose another place"
    if error.errno == errno.ENOENT:
        folder = next((parent for parent in path.parents if parent.is_dir()), path.parent)
        return f"no folder can be made in {folder}: choose another place"
    return "choose another place, then run again"
