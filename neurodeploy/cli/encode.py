"""``neurodeploy encode`` and ``neurodeploy decode``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.errors import InputError
from neurodeploy.foreign import shown

METHODS = (
    "step-forward, leaky-integrate-and-fire, pulse-width, bens-spiker, population, gymnasium, rate, latency or delta"
)


@dataclass(frozen=True)
class Tuning:
    """How the parameters of a coder are looked for."""

    optimize: Annotated[bool, typer.Option("--optimize", help="Look for the best parameters first.")] = False
    objective: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="mse (default), mae, density or snr; several give a Pareto front."),
    ] = None
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="Trials of --optimize, for each signal.")] = 100
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of --optimize and of random trains.")] = 0


@dataclass(frozen=True)
class Results:
    """What is written beside the spikes."""

    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw signal, spikes and reconstruction (.svg, .png, .pdf).")
    ] = None
    save_encoder: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the encoder as export --encoder takes it (.json).")
    ] = None
    bits: Annotated[int, typer.Option(metavar="N", help="With --save-encoder: bits of a sample on the target.")] = 16


@with_blocks
def encode(
    signal: Annotated[
        Path,
        typer.Argument(metavar="SIGNAL", help="A .csv (one signal per column), a .npy or an .npz.", show_default=False),
    ],
    method: Annotated[str, typer.Option("--method", "-m", metavar="NAME", help=f"{METHODS}.")] = "step-forward",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="A parameter of the method; repeatable."),
    ] = None,
    coder: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Method and parameters as JSON, as --json shows them.")
    ] = None,
    array: Annotated[str | None, typer.Option(metavar="NAME", help="The array of an .npz that holds several.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE.npz", help="Spikes to write (default SIGNAL.spikes.npz)."),
    ] = None,
    *,
    tuning: Tuning,
    results: Results,
    output: o.Output,
) -> None:
    """Turn a signal into spikes, and keep with them what decodes them."""
    from neurodeploy.flow.encoding import encode, spikes_path

    parameters = dict(map(_assignment, parameter or ()))
    options: dict[str, Any] = {**vars(tuning), **vars(results), "array": array, "progress": not output.silent}
    encoding = encode(signal, method, parameters, coder=coder, out=out or spikes_path(signal), **options)
    output.tell(encoding.findings)
    if output.as_json:
        o.emit(encoding.to_json())
    elif not output.quiet:
        from neurodeploy.report.console import stdout
        from neurodeploy.report.fitted import Fitted

        stdout().print(Fitted(encoding.table()))
        written = " and ".join(str(path) for path in encoding.files.values() if path is not None)
        typer.echo(shown(f"wrote {written}"))


@with_blocks
def decode(
    spikes: Annotated[Path, typer.Argument(metavar="SPIKES", help="The .npz that encode wrote.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Signal to write: .csv (default), .npy or .npz."),
    ] = None,
    *,
    output: o.Output,
) -> None:
    """Rebuild the signal from spikes that encode wrote."""
    from neurodeploy.encoding import Encoded, coder_json
    from neurodeploy.flow.encoding import decode

    place = out or spikes.parent / f"{spikes.stem}.csv"
    o.check_apart(out, spikes=spikes)
    encoded = Encoded.load(spikes)
    o.check_apart(place, spikes=spikes)
    signal = decode(encoded, place)
    if output.as_json:
        o.emit({"coder": coder_json(encoded.coder), "shape": list(signal.shape), "path": str(place)})
    elif not output.quiet:
        typer.echo(shown(f"wrote {place}"))


def _assignment(text: str) -> tuple[str, Any]:
    """``key=value``: a number, several with commas between, true, false or a word."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"{text!r} is not key=value", "--parameter", "write e.g. -p threshold=0.1")
    try:
        return key, json.loads(f"[{value}]" if "," in value else value)
    except ValueError:
        return key, value
