"""``python -m benchmarks``: measure and write the tables; ``python -m benchmarks install``: the peers' environments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import environments, report
from benchmarks.run import FULL, QUICK, Scope, run
from neurodeploy.errors import NeurodeployError

FOLDER = Path(__file__).with_name("results")
WIDTH = 140
"""Of tables that go to a file or a pipe."""
FAMILIES = ("W1", "W2", "W3", "W3X")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def measure(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="A small set in few rounds.")] = False,
    only: Annotated[str | None, typer.Option(help=f"One family of workloads: {', '.join(FAMILIES)}.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds in which everybody is measured once.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of results.json and RESULTS.md.")] = FOLDER,
) -> None:
    """Run our engine and its peers side by side and write what was found.

    Exit codes: 0 measured (whatever the figures are), 1 a peer that computes the same gave another raster.
    """
    if context.invoked_subcommand is not None:
        return
    scope = chosen(QUICK if quick else FULL, only, rounds)
    console = Console(stderr=True)
    with console.status("") as status:
        results = run(
            scope, lambda text: status.update(text), lambda case: console.print(f"done: {case.name}", highlight=False)
        )
    for table in report.tables(results):
        report.show(table, Console(width=None if sys.stdout.isatty() else WIDTH))
    for path in report.write(results, output):
        console.print(f"wrote {path}", highlight=False)
    if results.diverged:
        console.print("\n".join(results.diverged), style="red", highlight=False)
        raise typer.Exit(1)


@app.command()
def install(
    peer: Annotated[list[str] | None, typer.Argument(help="Which (default: all).")] = None,
) -> None:
    """Make the peers' environments, each apart from the others and from this one."""
    for name in peer or environments.ENVIRONMENTS:
        environments.install(name, lambda line: typer.echo(line, err=True))


def chosen(scope: Scope, only: str | None, rounds: int | None) -> Scope:
    """The scope as the options say. Raises typer.BadParameter for an unknown family."""
    if only is not None and only not in FAMILIES:
        raise typer.BadParameter(f"{only!r} is none of {', '.join(FAMILIES)}", param_hint="--only")
    part = scope if only is None else scope.only(only)
    return part if rounds is None else Scope(part.cases, part.costs, part.sizes, part.batches, rounds)


def main() -> None:
    """Errors are messages, with the exit codes of the command line."""
    try:
        app()
    except NeurodeployError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
