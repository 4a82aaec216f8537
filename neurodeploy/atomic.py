"""Files and folders that appear whole or not at all.

They are made under a hidden name beside their place. Whoever makes one holds it locked, so that what a killed process
left behind is told from what another one is making, and removed by the next that writes to the same place.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import shutil
import stat
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.stopping import held_back, undone, undone_path

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, and what a killed process left stays
    fcntl = None  # type: ignore[assignment]

_AT_CWD, _RENAME_EXCHANGE = -100, 2
UNFINISHED = "unfinished"
LONGEST, YOUNG = 100, 2.0
"""Letters of a place's own name in that of its neighbor, and the seconds after which one that nobody locks is left."""
SEALED = ("manifest.json", "program.npz")
"""What every bundle holds: nothing is written into a folder that has them all."""
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class OutputWarning(UserWarning):
    """Something about a file that was replaced is not as it was."""


def write_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write ``path`` through a temporary neighbor; on any failure the old file stays and nothing else is left.

    Raises EnvironmentFailureError where the system refuses (disk full, no permission).
    """
    write_files({path: write})


def write_files(files: Mapping[Path, Callable[[IO[bytes]], object]]) -> None:
    """Write several files, all or none: each takes its place once all stand beside theirs.

    A link stays, and the file it leads to is replaced. An old file's permissions are kept; where it has other names
    (hard links), those keep the old content, and a warning says so.

    Raises InputError where a device or a FIFO stands there, in a bundle, and for two names of one file;
    EnvironmentFailureError where the system refuses or the old file is marked read-only.
    """
    places = {path: Path(os.path.realpath(path)) for path in files}
    check_distinct(files)
    for path, place in places.items():
        check_outside_bundles(path)
        _check_replaceable(path, place)
        _warn_of_other_names(path, place)
    temporary = {path: _neighbor(place) for path, place in places.items()}
    with contextlib.ExitStack() as held:
        for path, write in files.items():
            held.enter_context(made_folder(temporary[path].parent))
            held.enter_context(undone_path(temporary[path]))
            with _as_our_error(path):
                held.enter_context(_write_new(temporary[path], places[path], write))
        with held_back():
            for path, neighbor in temporary.items():
                with _as_our_error(path):
                    neighbor.replace(places[path])


def check_distinct(paths: Iterable[Path]) -> None:
    """Raises InputError where two of the files to write are one."""
    places: set[str] = set()
    for path in paths:
        place = os.path.realpath(path)
        if place in places:
            raise InputError("is the name of two outputs", str(path), "give each a name of its own")
        places.add(place)


def check_writable(path: Path, *, folder: bool = False) -> None:
    """Raises what writing ``path`` would raise, as far as can be seen before; nothing is made.

    ``folder``: a folder is to be written there; whether it may replace what is there is not looked at.
    """
    place = Path(os.path.realpath(path))
    check_outside_bundles(path)
    with _as_our_error(path):
        if not folder and place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        first = next(parent for parent in place.parents if os.path.lexists(parent))
        if not first.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(first, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if not folder:
        _check_replaceable(path, place)


def check_outside_bundles(path: Path) -> None:
    """Raises InputError where ``path`` stands in a bundle, which would be intact no more."""
    for folder in Path(os.path.realpath(path)).parents:
        with contextlib.suppress(OSError):
            if all((folder / name).is_file() for name in SEALED):
                problem = "stands in a bundle, which may hold only what it was exported with"
                raise InputError(problem, str(path), f"name a place outside of {folder}")


@contextmanager
def made_folder(folder: Path) -> Generator[None]:
    """``folder`` is there in the block; what was made for it, and is empty at the end, is removed again.

    Raises EnvironmentFailureError where the system refuses.
    """
    missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    with undone(lambda: _remove_empty(missing)):
        with _as_our_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
        yield


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _check_replaceable(path: Path, place: Path) -> None:
    """Raises what ``write_files`` raises for an old file that must stay."""
    with contextlib.suppress(OSError, ValueError):
        status = place.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise InputError("is a device, a FIFO or a socket, no file", str(path), "name a file to write")
        if stat.S_ISREG(status.st_mode) and not status.st_mode & WRITABLE:
            remedy = f"make it writable (chmod u+w {path}), or name another file"
            raise EnvironmentFailureError("cannot write: it is marked read-only", str(path), remedy)


def _warn_of_other_names(path: Path, place: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        status = place.stat()
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            message = f"{path} was one of {status.st_nlink} names of a file; the others keep the old content"
            warnings.warn(message, OutputWarning, stacklevel=4)


@contextmanager
def _write_new(temporary: Path, place: Path, write: Callable[[IO[bytes]], object]) -> Generator[None]:
    """Write a temporary file with the permissions of the one it will replace; it is locked until the block ends."""
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with temporary.open("xb") as file:
        _lock(file.fileno())
        if place.exists():
            temporary.chmod(stat.S_IMODE(place.stat().st_mode))
        write(file)
        file.flush()
        yield


@contextmanager
def new_folder(path: Path) -> Generator[Path]:
    """A temporary folder that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    A link to a folder stays, and what it leads to is replaced. Raises EnvironmentFailureError where the system refuses
    (disk full, no permission, a file stands there), InputError in a bundle.
    """
    place = Path(os.path.realpath(path))
    check_outside_bundles(path)
    temporary = _neighbor(place)
    with made_folder(place.parent), undone_path(temporary), _as_our_error(path):
        temporary.mkdir()
        with _held(temporary):
            yield temporary
            _take_place(temporary, place)


def _take_place(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    if not path.is_dir():
        raise FileExistsError(errno.EEXIST, "a file stands where the folder should go")
    if not _exchange(temporary, path):
        aside = _neighbor(path)
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
    """A hidden name beside ``path`` that nobody else uses; what killed processes left under such names is removed."""
    start = f".{path.name[:LONGEST]}."
    with contextlib.suppress(OSError):
        _remove_left_behind(path.parent, re.compile(rf"{re.escape(start)}[0-9a-f]{{16}}\.{UNFINISHED}"))
    return path.parent / f"{start}{secrets.token_hex(8)}.{UNFINISHED}"


def _remove_left_behind(folder: Path, pattern: re.Pattern[str]) -> None:
    if fcntl is None:
        return
    for entry in os.scandir(folder):
        if pattern.fullmatch(entry.name) and not entry.is_symlink() and _is_abandoned(entry.path):
            if entry.is_dir():
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _is_abandoned(path: str) -> bool:
    """Whether nobody holds a file or folder of ours locked; one made just now may not be locked yet."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        return os.fstat(handle).st_mtime < time.time() - YOUNG and _lock(handle)
    finally:
        os.close(handle)


@contextmanager
def _held(folder: Path) -> Generator[None]:
    """Hold a folder locked."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open file until it is closed; False where another process holds it, or the file system cannot."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
