"""``neurodeploy convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks


@with_blocks
def convert(
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="What to write: .nir, or .net for lava-dl.")],
    *,
    loading: o.Loading,
    output: o.Output,
) -> None:
    """Write a network as another file.

    A .nir carries its contract. A .net holds what SLAYER's blocks say exactly; what they cannot is refused by name.
    """
    from neurodeploy import flow

    network = flow.convert(source, out, **loading.arguments())
    for finding in network.findings:
        typer.echo(str(finding), err=True)
    output.show(
        lambda: {"written": str(out), "findings": [finding.to_json() for finding in network.findings]}, f"wrote {out}"
    )
