"""``neurodeploy lint``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.errors import InputError

if TYPE_CHECKING:
    from neurodeploy.finding import Finding
    from neurodeploy.flow.linting import Linted


@with_blocks
def lint(
    source: o.Source,
    repair: Annotated[bool, typer.Option("--fix", help="Write a repaired .nir to --out.")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.nir", help="With --fix: the repaired file.")
    ] = None,
    *,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """List every finding about how a network is stepped.

    Each finding says what it means for the spikes and how to repair it. Exit code 1: there are errors (with --fix: that
    could not be repaired). A file that does not say how it is stepped gets the profiles that would fit.
    """
    from neurodeploy.flow.linting import fix, write_fixed
    from neurodeploy.flow.linting import lint as find

    if repair != (out is not None):
        raise InputError(
            "--fix and --out belong together", "--out" if repair else "--fix", "e.g. --fix -o repaired.nir"
        )
    found = find(source, **loading.arguments())
    remains, network = fix(found) if repair else (found, None)
    if out is not None and network is not None:
        write_fixed(network, remains, out)
    written = None if network is None else str(out)
    if output.as_json:
        o.emit({**_json(remains), "found": [_finding(finding) for finding in found.findings], "written": written})
    elif not output.quiet:
        _show(found if not repair else remains, repair, written, len(found.findings) - len(remains.findings))
    raise typer.Exit(1 if remains.errors else 0)


def _json(linted: Linted) -> dict[str, object]:
    return {
        "errors": linted.errors,
        "findings": [_finding(finding) for finding in linted.findings],
        "profiles": [vars(fit) for fit in linted.fits],
        "contract": None if linted.contract is None else linted.contract.to_json(),
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {**finding.to_json(), "spikes": finding.effect, "repairable": finding.repair is not None}


def _show(linted: Linted, repair: bool, written: str | None, gone: int) -> None:
    for finding in linted.findings:
        mark = " (--fix repairs it)" if finding.repair is not None else ""
        typer.echo(f"{finding.severity}[{finding.slug}] {finding.node}: {finding.message}")
        typer.echo(f"    spikes: {finding.effect}")
        typer.echo(f"    repair: {finding.remedy}{mark}")
    if repair:
        typer.echo(f"repaired {gone}; wrote {written}" if written else "could not be repaired into a network")
    count = len(linted.findings)
    typer.echo(f"{count} finding{'' if count == 1 else 's'}, {linted.errors} of them errors")
