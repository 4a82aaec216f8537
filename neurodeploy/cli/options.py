"""Options that several verbs share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurodeploy.cli.early import complete_option, complete_target
from neurodeploy.cli.stdout import tell, told
from neurodeploy.errors import InputError
from neurodeploy.foreign import shown

if TYPE_CHECKING:
    from rich.console import RenderableType

    from neurodeploy.finding import Finding

SOURCE_KINDS = "a checkpoint (.pt), a .nir or lava-dl .net file, or your own state dict (.pt, with --module)"

Source = Annotated[Path, typer.Argument(metavar="SOURCE", help=f"{SOURCE_KINDS.capitalize()}.", show_default=False)]
SourceOrNone = Annotated[
    Path | None, typer.Argument(metavar="SOURCE", help=f"{SOURCE_KINDS.capitalize()}.", show_default=False)
]
Subject = Annotated[
    Path, typer.Argument(metavar="BUNDLE|SOURCE", help=f"A bundle, {SOURCE_KINDS}.", show_default=False)
]
Target = Annotated[
    str | None,
    typer.Option("--target", "-t", metavar="NAME", help="The target to deploy to.", autocompletion=complete_target),
]
Assign = Annotated[
    list[str] | None,
    typer.Option(
        "-O",
        metavar="KEY=VALUE",
        help="An option of quantization (export --stages lists them) or of the target; repeatable.",
        autocompletion=complete_option,
    ),
]
Calibrate = Annotated[
    Path | None,
    typer.Option(metavar="STIMULUS", help="Choose weights, biases and thresholds for the membranes they make on it."),
]
TrustSources = Annotated[
    bool, typer.Option("--trust-sources", help="Compile and run a bundle's sources that its program does not give.")
]
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


Columns = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Columns of a table of events without names, in their order, e.g. x,y,p,t."),
]
TimeUnit = Annotated[
    str | None, typer.Option(metavar="UNIT", help="Unit of a table's times: ns, us, ms or s (default: as they look).")
]
Sort = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Put events of a recording in order that come late by at most this, e.g. 1ms."),
]


@dataclass(frozen=True)
class Loading:
    """How a source is loaded."""

    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,KEY=VALUE]",
            help="Who wrote a .nir file without contract: norse-1.1, snntorch-1.0, ..., or nir,dt=1e-3.",
        ),
    ] = None
    contract: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same as JSON, as inspect --json shows it.")
    ] = None
    module: Annotated[
        str | None,
        typer.Option(metavar="PKG.MOD:FUNC", help="Function that builds your network; SOURCE holds its state dict."),
    ] = None
    input_shape: Annotated[
        str | None,
        typer.Option(metavar="C,H,W", help="With --module or .net: shape of the input, without batch and time."),
    ] = None
    input_range: Annotated[
        str | None,
        typer.Option(
            metavar="LO,HI[,STEP]", help="Values of the input (default 0,1,1: spikes), e.g. 0,15,1 for counts."
        ),
    ] = None
    dt: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="With --module: the time step (default 1e-3).")
    ] = None
    trust_pickle: Annotated[
        bool, typer.Option("--trust-pickle", help="Load a pickled module; this runs code from the file.")
    ] = False

    def arguments(self) -> dict[str, Any]:
        """The same as arguments of ``load``. Raises InputError."""
        return {
            **vars(self),
            "input_shape": None if self.input_shape is None else shape(self.input_shape),
            "input_range": None if self.input_range is None else numbers(self.input_range, "--input-range", (2, 3)),
        }


@dataclass(frozen=True)
class Making:
    """How much of a stimulus is made here, and from which seed."""

    steps: Annotated[
        int | None,
        typer.Option(
            metavar="T", min=1, help="Steps of a stimulus that is made here, or the first of one that is given."
        ),
    ] = None
    samples: Annotated[
        int | None,
        typer.Option(
            metavar="B", min=1, help="Samples of a stimulus that is made here, or the first of one that is given."
        ),
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of a stimulus that is made here.")] = 0


@dataclass(frozen=True)
class Framing:
    """How a recording of events becomes frames, and how arrays are read."""

    window: Annotated[
        str | None, typer.Option(metavar="TIME", help="With a recording: the time of a frame, e.g. 10ms or 500us.")
    ] = None
    count: Annotated[int | None, typer.Option(metavar="N", min=1, help="With a recording: the events of a frame.")] = (
        None
    )
    polarity: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="With a recording: both (channels ON, OFF), both-off-first (OFF, ON, as in frames of tonic and "
            "SpikingJelly), on, off, merged, signed (default: both for two channels, else merged).",
        ),
    ] = None
    downscale: Annotated[
        str,
        typer.Option(metavar="N|fit", help="With a recording: N pixels each way become one, or as the input needs."),
    ] = "1"
    values: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="With a recording: counts, binary or normalized (default: as the input is declared)."
        ),
    ] = None
    columns: Columns = None
    time_unit: TimeUnit = None
    sort: Sort = None
    batch: Annotated[bool, typer.Option("--batch", help="The arrays of --input are (B, T, ...).")] = False

    def arguments(self) -> dict[str, Any]:
        """The same as arguments of ``run`` and ``check``. Raises InputError."""
        scale = self.downscale
        if scale != "fit" and (not scale.isdecimal() or int(scale) < 1):
            raise InputError(f"{scale!r} is no downscale", "--downscale", "give a whole number from 1, or fit")
        return {**vars(self), "downscale": scale if scale == "fit" else int(scale)}


@dataclass(frozen=True)
class Output:
    """What a verb prints."""

    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but warnings, errors and --json.")] = False

    @property
    def silent(self) -> bool:
        """Whether people see nothing of it."""
        return self.quiet or self.as_json

    def show(self, data: Callable[[], Any], *views: RenderableType) -> None:
        """The result: ``data()`` as one JSON object, or ``views`` one below the other, or nothing; text as it is."""
        if self.as_json:
            emit(data())
        elif not self.quiet:
            from neurodeploy.report.console import stdout

            with told():
                for view in views:
                    typer.echo(shown(view, lines=True)) if isinstance(view, str) else stdout().print(view)

    def tell(self, findings: Sequence[Finding]) -> None:
        """Findings on standard error: warnings and errors always, the rest unless ``quiet``; none beside ``--json``."""
        for finding in findings:
            if not self.as_json and (finding.severity != "info" or not self.quiet):
                typer.echo(f"neurodeploy: {finding}", err=True)


def check_apart(*outputs: Path | None, **arguments: object) -> None:
    """Raises InputError where an output is another one, or a file that ``arguments`` name."""
    from neurodeploy.flow.outputs import check_apart

    check_apart(outputs, arguments)


def assignments(pairs: Sequence[str] | None) -> dict[str, str]:
    """``key=value`` texts as a mapping. Raises InputError."""
    return {key: values[-1] for key, values in several(pairs).items()}


def several(pairs: Sequence[str] | None) -> dict[str, list[str]]:
    """``key=value`` texts as all values of every key. Raises InputError."""
    options: dict[str, list[str]] = {}
    for text in pairs or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f"{text!r} is not key=value", "-O", "write e.g. -O weight-bits=6")
        options.setdefault(key, []).append(value)
    return options


def numbers(text: str, option: str, count: tuple[int, ...]) -> tuple[float, ...]:
    """Comma-separated finite numbers, as many as one of ``count``. Raises InputError."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) not in count or not all(isfinite(value) for value in values):
        many = " or ".join(map(str, count))
        raise InputError(f"{text!r} is no list of {many} numbers", option, "separate numbers by commas")
    return values


def shape(text: str) -> tuple[int, ...]:
    """A shape as ``C,H,W`` or ``CxHxW``. Raises InputError."""
    parts = [part.strip() for part in text.replace("x", ",").split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"{text!r} is no shape", "--input-shape", "give whole numbers above 0, e.g. 2,64,64")
    return tuple(int(part) for part in parts)


def emit(data: Any) -> None:
    """One JSON object on standard output."""
    text = json.dumps(data, default=_plain)
    with told():
        tell(text)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
