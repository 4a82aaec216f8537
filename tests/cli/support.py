"""Calls of the command line in this process and in one of its own, and a network small enough for both."""

import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import typer.main

from neurodeploy.cli import main
from neurodeploy.cli.app import app, run_verb
from neurodeploy.contract import Terms
from neurodeploy.network import InputRange, Network, NetworkBuilder

COMMAND = (sys.executable, "-m", "neurodeploy")


def verbs() -> dict[str, Any]:
    """Every verb by its name, as typer reads it."""
    root: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name, command in root.commands.items():
        found[name] = command
        found |= {f"{name} {inner}": sub for inner, sub in getattr(command, "commands", {}).items()}
    return {name: command for name, command in found.items() if name != "events"}


VERBS = verbs()


@dataclass(frozen=True)
class Result:
    """Exit code, standard output and standard error of one call."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as the one JSON object it must be."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def call(*arguments: object) -> Result:
    """One verb, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run_verb([str(each) for each in arguments])
    assert "Traceback" not in out.getvalue() + err.getvalue() or os.environ.get("NEURODEPLOY_DEBUG") == "1"
    return Result(code, out.getvalue(), err.getvalue())


def refused(*arguments: object, code: int = 2) -> str:
    """The message of a call that must fail with ``code``: nothing on standard output, and no traceback."""
    result = call(*arguments)
    assert result.code == code, result
    assert result.out == ""
    return result.err


def process(*arguments: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    """One verb in a process of its own."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def forked(arguments: tuple[str, ...], change: Callable[[], object], letters: str = "utf-8") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line in a copy of this process.

    ``change`` is done to the copy's handles before its streams are made, which write ``letters``.
    """
    child = os.fork()
    if child == 0:
        code = 99
        try:
            for handle, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), handle)
            change()
            sys.stdout, sys.stderr = (_stream(handle, letters) for handle in (1, 2))
            sys.argv = ["neurodeploy", *arguments]
            main()
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 98
            sys.stdout.flush()  # as Python does at its end
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), Path("out").read_text(), Path("err").read_text()


def _stream(handle: int, letters: str) -> Any:
    """A stream as Python begins with it: None where the handle is closed."""
    try:
        return TextIOWrapper(open(handle, "wb", closefd=False), letters)
    except OSError:
        return None


def small_network(drive: float = 1.0, values: InputRange | None = None) -> Network:
    """Three inputs, four hidden and two read-out neurons of dyadic weights: exact in every numerics."""
    build = NetworkBuilder(Terms(dt=1e-3))
    at = build.input("input", (3,), values)
    at = build.linear("fc1", at, drive * np.array([[0.5, 0.25, 0], [1, 0, 0.5], [0, 1, -0.25], [0.75, 0.5, 0.25]]))
    at = build.integrate("hidden", at, 1.0)
    at = build.linear("fc2", at, np.array([[0.5, 0.5, 0, 0.25], [0, 0.25, 1, 0.5]]))
    at = build.integrate("readout", at, 1.0)
    build.output("output", at)
    return build.build()
