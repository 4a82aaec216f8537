"""A verb that failed: its exit code, the message on standard error and, with ``--json``, one object beside it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

import typer
from typer.exceptions import TyperException

from neurodeploy.cli.stdout import silence, tell
from neurodeploy.errors import EnvironmentFailureError, InputError, NeurodeployError, out_of_memory
from neurodeploy.foreign import shown
from neurodeploy.stopping import code_of, request_in, words_of

DEBUG = "NEURODEPLOY_DEBUG"


@dataclass(frozen=True)
class Failure:
    """An exit code, the message as terminals may show it, and the same as plain data."""

    exit_code: int
    message: str
    data: Mapping[str, Any]

    def tell(self, as_json: bool) -> int:
        """Print it and return the exit code; with ``NEURODEPLOY_DEBUG=1`` the traceback comes first."""
        if os.environ.get(DEBUG) == "1":
            traceback.print_exc()
        with contextlib.suppress(OSError, ValueError):  # standard error may be closed
            typer.echo(self.message, err=True)
        if as_json:
            with contextlib.suppress(OSError):  # nobody may take it
                tell(json.dumps({"error": dict(self.data)}, default=str))
        return self.exit_code


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception stands for; one that nobody expected is a bug of ours."""
    stop = request_in(error)
    if stop is not None:
        return _unplanned(code_of(stop), "Interrupted", words_of(stop))
    if isinstance(error, NeurodeployError):
        return Failure(error.exit_code, f"neurodeploy: {error}", error.to_json())
    if isinstance(error, TyperException):
        return _usage(error)
    if isinstance(error, OSError):
        from neurodeploy.reading.door import check_working_folder

        what, where = error.strerror or str(error), str(error.filename or "system")
        try:
            check_working_folder()
        except EnvironmentFailureError as gone:
            return failure_of(gone)
        return failure_of(EnvironmentFailureError(what, where))
    memory = out_of_memory(error)
    if memory is not None:
        return failure_of(memory)
    if isinstance(error, typer.Abort):
        return failure_of(KeyboardInterrupt())
    if not isinstance(error, Exception):  # nothing of ours raises what is no Exception
        what = f"code of the user's raised {type(error).__name__}: {error}"
        return failure_of(InputError(what, "module", "let it raise exceptions, and not end the process"))
    what = f"internal error: {type(error).__name__}: {error}"
    return _unplanned(70, "InternalError", what, f"set {DEBUG}=1 and report what it shows")


def read_by_nobody() -> int:
    """The code of a broken pipe, as a shell counts it: never that of a verdict."""
    silence()
    return 128 + signal.SIGPIPE


def _usage(error: TyperException) -> Failure:
    """A usage error as typer words it; bare help is one too."""
    show, context = getattr(error, "show", None), getattr(error, "ctx", None)
    page = StringIO()
    if show is None:
        page.write(f"neurodeploy: {error.format_message()}")
    else:
        show(page)
    where = "neurodeploy" if context is None else str(context.command_path)
    remedy = f"{where} --help shows the usage"
    message = shown(page.getvalue().rstrip("\n"), lines=True)
    return Failure(2, message, _data(2, "UsageError", error.format_message(), where, remedy))


def _unplanned(exit_code: int, kind: str, what: str, remedy: str = "") -> Failure:
    message = f"neurodeploy: {what}" + (f"\n  remedy: {remedy}" if remedy else "")
    return Failure(exit_code, shown(message, lines=True), _data(exit_code, kind, what, "", remedy))


def _data(exit_code: int, kind: str, what: str, where: str, remedy: str) -> dict[str, Any]:
    return {"kind": kind, "exit_code": exit_code, "what": what, "where": where, "remedy": remedy}
