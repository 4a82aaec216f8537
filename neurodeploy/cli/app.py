"""Entry point: verbs, exit codes, and errors as messages.

Verbs import what they need when they are called, so that help is immediate.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

import neurodeploy
from neurodeploy.cli import check, convert, encode, events, export, inspect, lint, models, run, targets
from neurodeploy.errors import NeurodeployError

DEBUG = "NEURODEPLOY_DEBUG"

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
for verb in (export.export, run.run, check.check, inspect.inspect, lint.lint, convert.convert):
    app.command()(verb)
for verb in (encode.encode, encode.decode):
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


def main() -> None:
    """Run the command line and leave with the right exit code, never with a traceback for an expected failure.

    A request to stop unwinds like an interrupt, so that temporary files go.
    """
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _stop)
    sys.exit(run_verb(None))


def run_verb(arguments: list[str] | None) -> int:
    """The exit code of one verb; without ``arguments`` those of the process."""
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        return guarded(lambda: app(arguments, prog_name="neurodeploy", standalone_mode=False))


def _warn(message: Warning | str, category: type[Warning], filename: str, lineno: int, *more: Any) -> None:
    """Our own warnings in one line, others as Python shows them; what packages tell their developers, nobody."""
    if issubclass(category, DeprecationWarning | PendingDeprecationWarning):
        return
    if category.__module__.partition(".")[0] == "neurodeploy":
        typer.echo(f"neurodeploy: warning: {message}", err=True)
    else:
        typer.echo(warnings.formatwarning(message, category, filename, lineno), err=True, nl=False)


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def guarded(work: Callable[[], Any]) -> int:
    """Run ``work`` and turn every outcome into an exit code, with a message on stderr."""
    try:
        result = work()
        return result if isinstance(result, int) else 0
    except typer.Exit as leave:
        return leave.exit_code
    except TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", 130)
    except NeurodeployError as error:
        return _say(str(error), error.exit_code)
    except SystemExit as leave:
        if isinstance(leave.__context__, BrokenPipeError):  # how typer and rich leave when the reader has gone
            return _nobody_reads()
        raise
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as error:
        return _say(f"{error.filename or 'system'}: {error.strerror or error}", 6)
    except MemoryError:
        return _say("out of memory", 6)
    except Exception as error:
        what = f"internal error: {type(error).__name__}: {error}"
        return _say(f"{what}\n  remedy: set {DEBUG}=1 and report what it shows", 70)


def _usage(error: TyperException) -> int:
    """A usage error as typer words it; help without arguments is no error."""
    show = getattr(error, "show", None)
    if show is None:
        return _say(error.format_message(), 2)
    show()
    return 2


def _nobody_reads() -> int:
    """The code of a broken pipe, as a shell counts it: never that of a verdict."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _say(message: str, code: int) -> int:
    if os.environ.get(DEBUG) == "1":
        traceback.print_exc()
    typer.echo(f"neurodeploy: {message}", err=True)
    return code
