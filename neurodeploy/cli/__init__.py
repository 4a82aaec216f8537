"""The command line: one thin function per verb."""

from __future__ import annotations

import gc
import json
import os
import sys

from neurodeploy.stopping import code_of, heed_requests, ignore_requests, request_in, words_of
from neurodeploy.threads import THREADS

OBJECTS = 100_000
"""New objects after which cycles are collected: imports make many that stay, and are looked at each time."""


def main() -> None:
    """Run the command line and leave with the right exit code, whenever a request to stop comes."""
    gc.set_threshold(OBJECTS)
    _use_one_thread()
    heed_requests()
    try:
        from neurodeploy.cli.app import command_line

        code = command_line()
    except BaseException as error:
        stop = request_in(error)
        if stop is None:
            raise
        code = code_of(stop)
        _tell(words_of(stop), code, "--json" in sys.argv and not _has_answered())
    ignore_requests()
    sys.exit(code)


def _use_one_thread() -> None:
    """Let one thread make numpy's products, where nothing says how many: they are small, and others would spin."""
    if not any(name in os.environ for name in THREADS):
        os.environ[THREADS[0]] = "1"


def _has_answered() -> bool:
    """Whether the one object of ``--json`` was written."""
    stdout = sys.modules.get("neurodeploy.cli.stdout")
    return getattr(stdout, "answered", False)


def _tell(words: str, code: int, as_json: bool) -> None:
    """Tell what asked for the stop where the command line was not yet there to tell it, or no more."""
    if sys.stderr is not None:
        print(f"neurodeploy: {words}", file=sys.stderr)
    if as_json:
        error = {"kind": "Interrupted", "exit_code": code, "what": words, "where": "", "remedy": ""}
        print(json.dumps({"error": error}))
