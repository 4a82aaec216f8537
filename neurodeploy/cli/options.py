"""Options that several verbs share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from neurodeploy.errors import InputError

SOURCE_KINDS = "a checkpoint (.pt), a .nir or lava-dl .net file, or your own state dict (.pt, with --module)"

Source = Annotated[Path, typer.Argument(metavar="SOURCE", help=f"{SOURCE_KINDS.capitalize()}.", show_default=False)]
Subject = Annotated[
    Path, typer.Argument(metavar="BUNDLE|SOURCE", help=f"A bundle, {SOURCE_KINDS}.", show_default=False)
]
Target = Annotated[str, typer.Option("--target", "-t", metavar="NAME", help="The target to deploy to.")]
Assign = Annotated[
    list[str] | None,
    typer.Option(
        "-O",
        metavar="KEY=VALUE",
        help="weight-bits, message-bits, weight-exponent, numerics, or the target's own; repeatable.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[,KEY=VALUE]",
        help="Who wrote a .nir file without contract: norse-1.1, snntorch-1.0, ..., or nir,dt=1e-3.",
    ),
]
ContractFile = Annotated[
    Path | None, typer.Option("--contract", metavar="FILE", help="The same as JSON, as inspect --json shows it.")
]
Module = Annotated[
    str | None,
    typer.Option(metavar="PKG.MOD:FUNC", help="Function that builds your network; SOURCE holds its state dict."),
]
InputShape = Annotated[
    str | None,
    typer.Option(metavar="C,H,W", help="With --module or .net: shape of the input, without batch and time."),
]
InputValues = Annotated[
    str | None,
    typer.Option("--input-range", metavar="LO,HI[,STEP]", help="With --module: values of the input (default 0,1,1)."),
]
Dt = Annotated[float | None, typer.Option(metavar="SECONDS", help="With --module: the time step (default 1e-3).")]
TrustPickle = Annotated[
    bool, typer.Option("--trust-pickle", help="Load a pickled module; this runs code from the file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but warnings, errors and --json.")]
Steps = Annotated[
    int | None, typer.Option(metavar="T", min=1, help="Steps of a stimulus that is made here, or first of a recording.")
]
Samples = Annotated[int | None, typer.Option(metavar="B", min=1, help="Samples of a stimulus that is made here.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Seed of a stimulus that is made here.")]
Stimulus = Annotated[
    Path | None,
    typer.Option(
        "--input",
        "-i",
        metavar="STIMULUS",
        help="An .npz with one array (T, ...) per input, named like it, or a recording of events; "
        "default: the model's own, else 10 % noise.",
    ),
]
Window = Annotated[
    str | None, typer.Option(metavar="TIME", help="With a recording: the time of a frame, e.g. 10ms or 500us.")
]
Count = Annotated[int | None, typer.Option(metavar="N", min=1, help="With a recording: the events of a frame.")]
Polarity = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="With a recording: both, both-off-first, on, off, merged, signed (default: both for two channels, else "
        "merged).",
    ),
]
Downscale = Annotated[
    str, typer.Option(metavar="N|fit", help="With a recording: N pixels each way become one, or as the input needs.")
]
Values = Annotated[
    str | None,
    typer.Option(
        metavar="KIND", help="With a recording: counts, binary or normalized (default: as the input is declared)."
    ),
]
Batch = Annotated[bool, typer.Option("--batch", help="The arrays of --input are (B, T, ...).")]


def framing(window: str | None, count: int | None, polarity: str | None, downscale: str, values: str | None) -> Any:
    """How a recording becomes frames. Raises InputError."""
    from neurodeploy.flow.recordings import Framing

    if downscale == "fit":
        return Framing(window, count, polarity, "fit", values)
    if not downscale.isdecimal() or int(downscale) < 1:
        raise InputError(f"{downscale!r} is no downscale", "--downscale", "give a whole number from 1, or fit")
    return Framing(window, count, polarity, int(downscale), values)


def assignments(pairs: Sequence[str] | None) -> dict[str, str]:
    """``key=value`` texts as a mapping. Raises InputError."""
    found: dict[str, str] = {}
    for text in pairs or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f"{text!r} is not key=value", "-O", "write e.g. -O weight-bits=6")
        found[key] = value
    return found


def numbers(text: str, what: str, count: tuple[int, ...]) -> tuple[float, ...]:
    """Comma-separated finite numbers, as many as one of ``count``. Raises InputError."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) not in count or not all(isfinite(each) for each in found):
        many = " or ".join(map(str, count))
        raise InputError(f"{text!r} is no list of {many} numbers", what, "separate numbers by commas")
    return found


def shape(text: str) -> tuple[int, ...]:
    """A shape as ``C,H,W``. Raises InputError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"{text!r} is no shape", "--input-shape", "give whole numbers above 0, e.g. 2,64,64")
    return tuple(int(part) for part in parts)


def load_options(
    profile: str | None,
    contract: Path | None,
    module: str | None,
    input_shape: str | None,
    values: str | None,
    dt: float | None,
    trust_pickle: bool,
) -> dict[str, Any]:
    """Arguments of ``load`` from those of the command line."""
    from neurodeploy.network.network import InputRange

    span = None if values is None else numbers(values, "--input-range", (2, 3))
    given = None if span is None else InputRange(span[0], span[1], span[2] if len(span) == 3 else None, declared=True)
    return {
        "profile": profile,
        "contract": contract,
        "module": module,
        "input_shape": None if input_shape is None else shape(input_shape),
        "input_range": given,
        "dt": dt,
        "trust_pickle": trust_pickle,
    }


def emit(data: Any) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(data, default=_plain))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
