"""Entry point: verbs, exit codes, and errors as messages.

Verbs import what they need when they are called, so that help is immediate.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import neurodeploy
from neurodeploy.cli import (
    check,
    convert,
    cost,
    encode,
    events,
    export,
    finetune,
    inspect,
    lint,
    models,
    place,
    reduce,
    run,
    schema,
    sweep,
    targets,
)
from neurodeploy.cli.early import is_of_typer
from neurodeploy.cli.failure import failure_of, read_by_nobody
from neurodeploy.cli.stdout import RUNS_CODE, prepare, results_alone, told, watched
from neurodeploy.foreign import shown
from neurodeploy.stopping import StopRequested

INTERRUPTED = 130
"""What typer makes of an interrupt, without a word; no verb ends with it."""
CHATTERING = ("torch._library",)
"""Loggers that tell users of what their machine lacks for uses that are none here, such as Triton."""
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for verb in (
    export.export,
    run.run,
    check.check,
    reduce.reduce,
    inspect.inspect,
    lint.lint,
    convert.convert,
    cost.cost,
):
    app.command()(verb)
for verb in (place.place, sweep.sweep, finetune.finetune, encode.encode, encode.decode, schema.schema):
    app.command()(verb)
app.add_typer(events.app, name="events")
app.add_typer(targets.app, name="targets")
app.add_typer(models.app, name="models")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"neurodeploy {neurodeploy.__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Carry trained spiking networks to neuromorphic hardware and prove, spike for spike, that they arrived.

    \b
    Start with a reference network:
      neurodeploy models build digits -o digits.pt
      neurodeploy export digits.pt --target loihi-sim
      neurodeploy check digits.loihi-sim

    \b
    Exit codes:
      0  done, or all rungs agree
      1  diverged, or errors found by lint
      2  usage, unreadable input, or a network that cannot be expressed
      3  the target cannot do it
      4  a target, an extra or a tool is unavailable
      5  inconclusive: the stimulus proves nothing about some node
      6  the machine failed: disk full, worker killed or timed out
     70  internal error
    """
    if not {"--help", "-h"} & set(context.obj or ()):
        Path.cwd()  # OSError where the folder that this process works in is no more


def command_line() -> int:
    """Run the command line and return the right exit code, never with a traceback for an expected failure."""
    prepare()
    arguments = sys.argv[1:]
    runs_code = any(argument.partition("=")[0] in RUNS_CODE for argument in arguments)
    if "--json" in arguments and runs_code and hasattr(os, "fork"):
        return guarded(lambda: watched(lambda: _run_alone(arguments)))
    return _run_alone(arguments) if "--json" in arguments else run_verb(arguments)


def _run_alone(arguments: Sequence[str]) -> int:
    """Run one verb whose result is all that this process writes to its standard output."""
    with results_alone():
        return run_verb(arguments)


def run_verb(arguments: Sequence[str]) -> int:
    """Run one verb and return its exit code."""
    as_json = "--json" in arguments
    for name in CHATTERING:
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.showwarning = _warn

        def work() -> object:
            result = app(list(arguments), prog_name="neurodeploy", standalone_mode=False, obj=list(arguments))
            if result == INTERRUPTED:
                raise KeyboardInterrupt
            with told():  # a full device is an error of this verb, not of its end
                return result

        return guarded(work, as_json)


def _warn(message: Warning | str, category: type[Warning], filename: str, lineno: int, *more: Any) -> None:
    """Our own warnings in one line, others as Python shows them; what packages tell their developers, nobody."""
    if issubclass(category, DeprecationWarning | PendingDeprecationWarning):
        return
    if category.__module__.partition(".")[0] == "neurodeploy":
        typer.echo(shown(f"neurodeploy: warning: {message}", lines=True), err=True)
    else:
        typer.echo(warnings.formatwarning(message, category, filename, lineno), err=True, nl=False)


def guarded(work: Callable[[], Any], as_json: bool = False) -> int:
    """Run ``work`` and turn every outcome into an exit code; a failure is told on stderr, ``as_json`` on stdout too."""
    try:
        result = work()
        return result if isinstance(result, int) else 0
    except typer.Exit as leave:
        return leave.exit_code
    except StopRequested as stop:
        return failure_of(stop).tell(as_json)
    except SystemExit as leave:
        if isinstance(leave.__context__, BrokenPipeError):  # how typer and rich leave when the reader has gone
            return read_by_nobody()
        if is_of_typer(leave):
            return leave.code if isinstance(leave.code, int) else 0
        return failure_of(leave).tell(as_json)
    except BrokenPipeError:
        return read_by_nobody()
    except BaseException as error:  # code of the user's may raise anything
        return failure_of(error).tell(as_json)
