"""A folder from outside: its files are read without following any link, and files are put only below a fresh one."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from neurodeploy.errors import InputError
from neurodeploy.reading.door import ARRAY_BYTES, DOCUMENT_BYTES, FLAGS, GROWTH, read_open, wrap
from neurodeploy.reading.names import is_plain

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
FOLDER = os.O_RDONLY | NO_LINK | getattr(os, "O_DIRECTORY", 0)
RELATIVE = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
"""Whether this system opens files below an open folder, whatever becomes of its path (not on Windows)."""
DEEPEST, MOST = 16, 100_000


@dataclass(frozen=True)
class Folder:
    """An open folder at ``path``: it stays the same one while its name is given to another."""

    path: Path
    handle: int

    def names(self) -> Iterator[tuple[str, bool]]:
        """Every file below, by its relative name, and whether it is a regular file; a link is a file that is not.

        Raises InputError where there is no end of them.
        """
        yield from self._below(self.handle if RELATIVE else self.path, "", 0)

    def read(self, name: str, large: bool = True) -> bytes:
        """A file of a plain name. Raises InputError for any other name, a link, what is no regular file, or too large.

        Raises FileNotFoundError where it is missing.
        """
        where = str(self.path / name)
        if not is_plain(name):
            raise InputError("is no name of a file of its own", where, "do not use this folder")
        usual, growth = (ARRAY_BYTES, GROWTH) if large else (DOCUMENT_BYTES, 0)
        with wrap(self._open(PurePosixPath(name).parts, where), where) as file:
            return read_open(file, where, usual, growth)

    def _open(self, parts: tuple[str, ...], where: str) -> int:
        """A handle of the file, every part of its name opened without following a link."""
        if not RELATIVE:
            return os.open(self.path.joinpath(*parts), FLAGS)
        opened: list[int] = []
        try:
            at = self.handle
            for part in parts[:-1]:
                at = os.open(part, FOLDER, dir_fd=at)
                opened.append(at)
            return os.open(parts[-1], FLAGS | NO_LINK, dir_fd=at)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise InputError(
                f"is a link or cannot be read: {error.strerror}", where, "do not use this folder"
            ) from error
        finally:
            for handle in opened:
                os.close(handle)

    def _below(self, place: int | Path, prefix: str, depth: int) -> Iterator[tuple[str, bool]]:
        if depth > DEEPEST:
            raise InputError("its folders are nested too deeply", str(self.path), "do not use this folder")
        with os.scandir(place) as entries:
            listed = sorted((entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in entries)
        if len(listed) > MOST:
            raise InputError(f"holds more than {MOST} files", str(self.path / prefix), "do not use this folder")
        for name, mode in listed:
            if not stat.S_ISDIR(mode):
                yield prefix + name, stat.S_ISREG(mode)
            elif isinstance(place, Path):
                yield from self._below(place / name, f"{prefix}{name}/", depth + 1)
            else:
                inner = os.open(name, FOLDER, dir_fd=place)
                try:
                    yield from self._below(inner, f"{prefix}{name}/", depth + 1)
                finally:
                    os.close(inner)


@contextmanager
def open_folder(path: Path) -> Generator[Folder]:
    """A folder, open for reading. Raises InputError where ``path`` is none."""
    if not RELATIVE:
        yield Folder(path, -1)
        return
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", str(path), "check the path") from error
    try:
        yield Folder(path, handle)
    finally:
        os.close(handle)


def stage(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a fresh folder of ours, each under its own plain name and nowhere else.

    Raises InputError for a name that leads elsewhere, or that stands there already.
    """
    for name, content in files.items():
        if not is_plain(name):
            problem = f"names a file {name!r}, which leads out of its folder or is no plain name"
            raise InputError(problem, "target/", "export the network again")
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with place.open("xb") as file:
                file.write(content)
        except FileExistsError as error:
            raise InputError(f"names the file {name!r} twice", "target/", "export the network again") from error
