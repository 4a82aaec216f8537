"""``neurodeploy convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy.cli import options as o


def convert(
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="What to write: .nir, or .net for lava-dl.")],
    profile: o.Profile = None,
    contract: o.ContractFile = None,
    module: o.Module = None,
    input_shape: o.InputShape = None,
    input_range: o.InputValues = None,
    dt: o.Dt = None,
    trust_pickle: o.TrustPickle = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a network as another file.

    A .nir carries its contract. A .net holds what SLAYER's blocks say exactly; what they cannot is refused by name.
    """
    from neurodeploy.flow import load
    from neurodeploy.flow.converting import convert as write
    from neurodeploy.flow.converting import writer_of

    writer_of(out)
    network = load(source, **o.load_options(profile, contract, module, input_shape, input_range, dt, trust_pickle))
    write(network, out)
    for finding in network.findings:
        typer.echo(str(finding), err=True)
    if as_json:
        o.emit({"written": str(out), "findings": [finding.to_json() for finding in network.findings]})
    elif not quiet:
        typer.echo(f"wrote {out}")
