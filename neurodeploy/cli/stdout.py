"""Where results go: the standard output that this process was started with, whatever user code does to it.

With ``--json`` everything else that is printed, by Python, by C or by another process, goes to standard error. A verb
that runs user code is watched by the process that was started: code that ends its process leaves one object too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import FileIO, TextIOWrapper
from typing import IO

from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.stopping import held_back, ignore_requests, undo_all

STDOUT, STDERR = 1, 2
RUNS_CODE = ("--module", "--trust-pickle")
"""Options with which code of the user's runs."""
PARENT_DEATH = 1
SHORT = 1 << 15
"""Letters that a pipe takes at once."""
_kept: list[IO[str]] = []
_owners: list[int] = []
"""The streams for results, and the processes that they are of."""
answered = False
"""Whether results were written."""


def prepare() -> None:
    """Standard streams that every verb may use, whatever this process was started with.

    A closed one is held by the null device, so that no file that is opened later becomes it; writing results to it is
    an error. A character that a stream's encoding lacks is written as its escape.
    """
    for handle, mode in ((0, os.O_RDONLY), (STDOUT, os.O_RDONLY), (STDERR, os.O_WRONLY)):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, mode)  # the lowest handle that is free: this one
    sys.stdout = sys.stdout or _writing(STDOUT)
    sys.stderr = sys.stderr or _writing(STDERR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _writing(handle: int) -> IO[str]:
    return TextIOWrapper(FileIO(handle, "w", closefd=False), encoding="utf-8", write_through=True)  # type: ignore[type-var]


def results() -> IO[str]:
    """The stream for results."""
    return _kept[-1] if _kept else sys.stdout


def tell(text: str) -> None:
    """Write a line of results, and see it out; a short one is written whole whatever asks to stop meanwhile."""
    global answered
    if _owners and os.getpid() != _owners[-1]:  # a copy of this process that the user's code made
        os._exit(0)
    with held_back() if len(text) < SHORT else contextlib.nullcontext():
        answered, stream = True, results()
        stream.write(text + "\n")
        stream.flush()


@contextmanager
def told() -> Generator[None]:
    """Results are written in the block. Raises EnvironmentFailureError where the standard output takes none."""
    try:
        yield
        results().flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence()
        problem, remedy = f"cannot write: {error.strerror or error}", "free some space, or send it to another place"
        raise EnvironmentFailureError(problem, "standard output", remedy) from error


def silence() -> None:
    """What is still to be written to the standard output goes nowhere: nobody takes it."""
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, results().fileno())
    os.close(handle)


@contextmanager
def results_alone() -> Generator[None]:
    """While the block runs, only ``tell`` writes to the standard output; all else goes to standard error."""
    try:
        sys.stdout.flush()
        handle = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
    except (OSError, ValueError, AttributeError):  # one of them is closed
        yield
        return
    stream = os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")
    _kept.append(stream)
    _owners.append(os.getpid())
    try:
        yield
    finally:
        _owners.pop()
        _kept.remove(stream)
        with contextlib.suppress(OSError, ValueError):
            os.dup2(handle, STDOUT)
        with contextlib.suppress(OSError):
            stream.close()


def watched(work: Callable[[], int]) -> int:
    """Run ``work`` in a process of its own and return its exit code; it leaves one JSON object, whatever ends it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work_in_child(work, writer)
    os.close(writer)
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in previous:
        signal.signal(number, lambda sent, _frame: _pass_on(child, sent))
    try:
        with os.fdopen(reader, "rb") as pipe:
            _, status = _waited(child)
            os.set_blocking(pipe.fileno(), False)  # what the child started may hold its other end still
            output = pipe.read() or b""
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    code = os.waitstatus_to_exitcode(status)
    first = output.partition(b"\n")[0]
    if not first:
        code = code if code > 0 else 128 - code if code < 0 else 2
        how = f"code of the user's ended the process with code {os.waitstatus_to_exitcode(status)}"
        remedy = "take what ends the process out of the module"
        error = {"kind": "InputError", "exit_code": code, "what": how, "where": "--module", "remedy": remedy}
        print(f"neurodeploy: {how}\n  remedy: {remedy}", file=sys.stderr)
        first = json.dumps({"error": error}).encode()
    with told():
        sys.stdout.buffer.write(first + b"\n")
        sys.stdout.buffer.flush()
    return code


def _waited(child: int) -> tuple[int, int]:
    while True:
        try:
            return os.waitpid(child, 0)
        except InterruptedError:
            continue


def _pass_on(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


def _work_in_child(work: Callable[[], int], writer: int) -> None:
    """Work with the pipe as standard output, and end; when the parent is killed, so is this process."""
    code = 70
    owner = os.getpid()
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGTERM)
        os.dup2(writer, STDOUT)
        os.close(writer)
        code = work()
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 0 if leave.code is None else 1
    finally:
        if os.getpid() == owner:
            ignore_requests()
            undo_all()
            with contextlib.suppress(Exception):
                sys.stderr.flush()
        os._exit(code)
