"""Any HDF5 file, damaged ones included, as plain data: tables of arrays and texts.

The library that reads HDF5 hangs or crashes on some damaged files, so it works in a process of its own, with limits on
its time and its memory (``hdf5_child.py``). That process serves every file of this one and ends with it.
"""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from neurodeploy.errors import EnvironmentFailureError, InputError
from neurodeploy.process import close_pipes, kill_group, start_process
from neurodeploy.reading.door import allowance, check_regular, too_large

Tree = dict[str, Any]
CHILD = Path(__file__).with_name("hdf5_child.py")
MEGABYTE = 1 << 20
LARGEST = 384 * MEGABYTE
MEMORY = 1024 * MEGABYTE
SECONDS, BYTES_PER_SECOND, PATIENCE = 5, MEGABYTE // 4, 5.0
"""Processor time of a small file, and what more of it gives one more; the clock may show twice that, and patience."""
MOST_OBJECTS, BYTES_PER_OBJECT = 100_000, 64


class EndedError(Exception):
    """The reading process is gone."""


def read_tree(path: Path, kind: str = "NIR") -> Tree:
    """The file's groups as dicts, numbers as arrays, texts as ``str`` or arrays of them.

    Anything else is None. ``kind``: what errors call the file. Raises InputError for what is no regular file, no HDF5
    file, damaged, nested too deeply or too large, and for one whose content stands in other files.
    """
    status = check_regular(path)
    limit = allowance(status, LARGEST)
    if status.st_size > limit:
        raise too_large(status.st_size, limit, str(path))
    return _tree_of({"path": str(path.resolve())}, b"", min(status.st_size, limit), limit, str(path), kind)


def read_tree_bytes(data: bytes, where: str, kind: str = "NIR") -> Tree:
    """The same of a file in memory, named ``where`` in errors."""
    return _tree_of({"length": len(data)}, data, len(data), max(LARGEST, 4 * len(data)), where, kind)


def _tree_of(request: dict[str, Any], data: bytes, size: int, limit: int, where: str, kind: str) -> Tree:
    request = {
        **request,
        "bytes": limit,
        "objects": MOST_OBJECTS + size // BYTES_PER_OBJECT,
        "memory": MEMORY + 2 * limit + 8 * size,
        "seconds": SECONDS + size // BYTES_PER_SECOND,
    }
    try:
        header, arrays = _READER.ask(request, data)
    except EndedError as error:
        raise unreadable(where, "it is damaged so that reading it never ends, or fails", kind) from error
    if "error" in header:
        raise unreadable(where, str(header["error"]), kind)
    return _tree(header["tree"], _arrays(header["arrays"], arrays))


def unreadable(where: object, reason: str, kind: str = "NIR") -> InputError:
    """The error for a file that is not of its kind."""
    return InputError(f"not a readable {kind} file: {reason}", str(where), "export the network again")


class _Reader:
    """The reading process, started when it is first needed, and again after a file has ended it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def ask(self, request: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], memoryview]:
        """The header and the bytes of one answer; ``data``: the file's bytes, without a path. Raises EndedError."""
        with self._lock:
            process = self._running()
            watch = threading.Timer(2 * request["seconds"] + PATIENCE, process.kill)
            watch.start()
            try:
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.write(data)
                process.stdin.flush()
                size = struct.unpack("<Q", _exactly(process.stdout, 8))[0]
                header = json.loads(bytes(_exactly(process.stdout, size)))
                return header, _exactly(process.stdout, sum(array["size"] for array in header.get("arrays", ())))
            except (OSError, EndedError, ValueError) as error:
                self.end()
                raise EndedError from error
            except BaseException:
                self.end()  # an answer half read must not be taken for the next one's
                raise
            finally:
                watch.cancel()

    def end(self) -> None:
        """Stop the process."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            kill_group(process)
            close_pipes(process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self.end()
            threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self._process = start_process([sys.executable, "-P", str(CHILD)], environment=environment)
            self._owner = os.getpid()
            self._greeted(self._process)
        return self._process

    def _greeted(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the process answers. Raises EnvironmentFailureError where it could not start."""
        assert process.stdout is not None
        try:
            _exactly(process.stdout, 1)
        except EndedError as error:
            self.end()
            fault = "the process that reads HDF5 files did not start"
            raise EnvironmentFailureError(fault, sys.executable, "check that h5py can be imported") from error
        except BaseException:
            self.end()
            raise


def _exactly(pipe: IO[bytes], size: int) -> memoryview:
    """Read exactly that many bytes. Raises EndedError where there are fewer."""
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        got = pipe.readinto(view[at:])  # type: ignore[attr-defined]
        if not got:
            raise EndedError
        at += got
    return view


def _arrays(about: list[dict[str, Any]], data: memoryview) -> list[np.ndarray[Any, Any]]:
    arrays: list[np.ndarray[Any, Any]] = []
    at = 0
    for description in about:
        arrays.append(np.frombuffer(data[at : at + description["size"]], np.dtype(description["type"])))
        at += description["size"]
    return arrays


def _tree(item: Tree, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """A group's table, or a value."""
    tree: Tree = {}
    for name, child in item.items():
        if "group" in child:
            tree[name] = _tree(child["group"], arrays)
        elif "array" in child:
            tree[name] = arrays[child["array"]].reshape(child["shape"])
        elif "texts" in child:
            shape = tuple(child["shape"])
            texts = np.array(child["texts"], dtype=object).reshape(shape) if prod(shape) else np.empty(shape, object)
            tree[name] = texts.item() if not shape else texts
        else:
            tree[name] = None
    return tree


_READER = _Reader()
atexit.register(_READER.end)
