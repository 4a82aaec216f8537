"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from neurodeploy.errors import EnvironmentFailureError

_AT_CWD, _RENAME_EXCHANGE = -100, 2


def write_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write ``path`` through a temporary neighbor; on any failure the old file stays and nothing else is left.

    Raises EnvironmentFailureError where the system refuses (disk full, no permission).
    """
    temporary = _neighbor(path)
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            write(file)
        temporary.replace(path)
    except OSError as error:
        raise _failure(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Generator[Path]:
    """A temporary folder that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    A link to a folder stays, and what it leads to is replaced. Raises EnvironmentFailureError where the system refuses
    (disk full, no permission, a file stands there).
    """
    place = Path(os.path.realpath(path))
    temporary = _neighbor(place)
    try:
        temporary.mkdir(parents=True)
    except OSError as error:
        raise _failure(path, error) from error
    try:
        yield temporary
        _take_place(temporary, place)
    except OSError as error:
        raise _failure(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_place(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    if not path.is_dir():
        raise FileExistsError(0, "a file stands where the folder should go")
    if not _exchange(temporary, path):
        aside = temporary.with_name(temporary.name + ".old")
        path.rename(aside)
        try:
            temporary.rename(path)
        except BaseException:
            aside.rename(path)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step (Linux); False where the system or the file system cannot."""
    swap: Any = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    return swap is not None and swap(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _RENAME_EXCHANGE) == 0


def _neighbor(path: Path) -> Path:
    """A hidden name beside ``path`` that nobody else uses."""
    return path.parent / f".{path.name[:100]}.{secrets.token_hex(8)}"


def _failure(path: Path, error: OSError) -> EnvironmentFailureError:
    return EnvironmentFailureError(
        f"cannot write: {error.strerror or error}", str(path), "free some space or choose another place, then run again"
    )
