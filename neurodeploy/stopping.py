"""Requests to stop (Ctrl-C, SIGTERM, SIGHUP): they unwind what runs, once, and nothing made for a while is left.

A request may come between any two steps of Python, so also in the midst of cleaning up. What must be gone in the end is
therefore noted before it is made, and removed once more when the process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

REQUESTS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
UNWINDING, AGAIN = 5.0, 0.01
"""Seconds after a request in which further ones change nothing, for what runs unwinds already; and until a lost one
comes again."""
_undos: dict[object, tuple[int, Callable[[], object]]] = {}
_last_request, _last_number = float("-inf"), int(signal.SIGINT)


class StopRequested(SystemExit):
    """A signal asked this process to stop: it unwinds like an interrupt, and no code of the user's may keep it."""


def heed_requests() -> None:
    """From now on, a request raises KeyboardInterrupt (Ctrl-C) or StopRequested in the main thread.

    One that comes where Python can raise nothing, such as in a callback of its own, comes again a moment later.
    """
    for number in REQUESTS:
        signal.signal(number, _stop)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _stop_again)
        sys.unraisablehook = _unraisable


def ignore_requests() -> None:
    """From now on, no request changes anything: this process ends by itself."""
    for number in (*REQUESTS, *([signal.SIGALRM] if hasattr(signal, "setitimer") else [])):
        signal.signal(number, signal.SIG_IGN)


def request_in(error: BaseException | None) -> KeyboardInterrupt | StopRequested | None:
    """The request that ``error`` is, or that led to it: Python raises others in its place where it makes a class."""
    asked: set[int] = set()
    while error is not None and id(error) not in asked:  # errors may lead to each other
        if isinstance(error, KeyboardInterrupt | StopRequested):
            return error
        asked.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def code_of(stop: KeyboardInterrupt | StopRequested) -> int:
    """The exit code of a process that was asked to stop."""
    return stop.code if isinstance(stop, StopRequested) and isinstance(stop.code, int) else 128 + signal.SIGINT


def words_of(stop: BaseException) -> str:
    """What asked for the stop."""
    if not isinstance(stop, StopRequested):
        return "interrupted"
    names = {number.value: number.name for number in signal.Signals}
    number = stop.code - 128 if isinstance(stop.code, int) else 0
    return f"stopped by {names.get(number, 'a signal')}"


@contextmanager
def held_back() -> Generator[None]:
    """Requests that come in the block, which must be short, are heeded after it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def undone(undo: Callable[[], object]) -> Generator[None]:
    """Call ``undo`` after the block, whatever ends it; once more when the process ends where that was cut short."""
    key = object()
    _undos[key] = (os.getpid(), undo)
    try:
        yield
    finally:
        undo()
        _undos.pop(key, None)


def undone_path(path: Path) -> contextlib.AbstractContextManager[None]:
    """No file or folder is at ``path`` after the block."""
    return undone(lambda: _remove(path))


def undo_all() -> None:
    """Do what was left undone, as at the end of this process; what another process noted before a fork is its own."""
    for key, (owner, undo) in reversed(list(_undos.items())):
        if owner == os.getpid():
            with contextlib.suppress(Exception):
                undo()
        _undos.pop(key, None)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _stop(number: int, _frame: object) -> None:
    global _last_request, _last_number
    now = time.monotonic()
    if now - _last_request < UNWINDING:
        return
    _last_request, _last_number = now, number
    raise KeyboardInterrupt if number == signal.SIGINT else StopRequested(128 + number)


def _unraisable(about: sys.UnraisableHookArgs) -> None:
    """The request that was lost comes again; all else is told as Python tells it."""
    if isinstance(about.exc_value, KeyboardInterrupt | StopRequested):
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    else:
        sys.__unraisablehook__(about)


def _stop_again(_number: int, frame: object) -> None:
    global _last_request
    _last_request = float("-inf")
    _stop(_last_number, frame)


atexit.register(undo_all)
