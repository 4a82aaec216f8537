"""The process that reads HDF5 files for this one (``hdf5_child.py``), with limits on its time and its memory.

The library that reads HDF5 hangs or crashes on some damaged files. The process serves every file of this one, and ends
with it.
"""

from __future__ import annotations

import atexit
import errno
import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np

from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.process import close_pipes, kill_group, start_process

CHILD = Path(__file__).with_name("hdf5_child.py")
MEGABYTE = 1 << 20
MEMORY = 1024 * MEGABYTE
SECONDS, BYTES_PER_SECOND, PATIENCE = 3, MEGABYTE // 4, 5.0
"""Processor time of a small file, and what more of it gives one more; the clock may show twice that, and patience."""
MOST_OBJECTS, BYTES_PER_OBJECT = 100_000, 64


class EndedError(Exception):
    """The reading process is gone."""


class RefusedFileError(Exception):
    """The reading process refuses the file, and says why."""


def ask(request: dict[str, Any], size: int, limit: int, data: bytes = b"") -> tuple[Any, list[np.ndarray[Any, Any]]]:
    """What the reading process answers: its header, and the arrays.

    Args:
        request: what it is to do.
        size: the bytes of the file that it has to look at, by which its time and memory grow.
        limit: the bytes of arrays that it may hold.
        data: the file itself, where the request names no path.

    Raises:
        RefusedFileError: for a file that it does not read.
    """
    limits = {
        "bytes": limit,
        "objects": MOST_OBJECTS + size // BYTES_PER_OBJECT,
        "memory": MEMORY + 2 * limit + 8 * size,
        "seconds": SECONDS + size // BYTES_PER_SECOND,
    }
    try:
        header, arrays = READER.ask({**request, **limits}, data)
    except EndedError as error:
        raise RefusedFileError("it is damaged so that reading it never ends, or fails") from error
    if "error" in header:
        raise RefusedFileError(str(header["error"]))
    return header, _arrays(header["arrays"], arrays)


def _remedy(error: OSError) -> str:
    """What helps where a process cannot be started."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "raise the limit of open files, e.g. ulimit -n 1024"
    if error.errno in (errno.EAGAIN, errno.ENOMEM):
        return "end other programs, free memory, or raise ulimit -u and ulimit -v"
    return "install Python there again"


class Reader:
    """The reading process, started when it is first needed, and again after a file has ended it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def ask(self, request: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], memoryview]:
        """The header and the bytes of one answer; ``data``: the file's bytes, without a path. Raises EndedError."""
        with self._lock:
            process = self._running()
            watch = threading.Timer(2 * request["seconds"] + PATIENCE, kill_group, (process,))
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
            try:
                self._process = start_process([sys.executable, "-P", str(CHILD)], environment=environment)
            except OSError as error:
                fault = f"cannot be started to read HDF5 files: {error.strerror}"
                raise EnvironmentFailureError(fault, sys.executable, _remedy(error)) from error
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


READER = Reader()
atexit.register(READER.end)
