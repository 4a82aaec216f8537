"""``neurodeploy encode`` and ``neurodeploy decode``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from neurodeploy.cli import options as o
from neurodeploy.cli.blocks import with_blocks
from neurodeploy.errors import InputError

METHODS = (
    "step-forward, leaky-integrate-and-fire, pulse-width, bens-spiker, population, gymnasium, rate, latency or delta"
)


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
    optimize: Annotated[bool, typer.Option("--optimize", help="Look for the best parameters first.")] = False,
    objective: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="mse (default), mae, density or snr; several give a Pareto front."),
    ] = None,
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="Trials of --optimize, for each signal.")] = 100,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of --optimize and of random trains.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw signal, spikes and reconstruction (.svg, .png, .pdf).")
    ] = None,
    array: Annotated[str | None, typer.Option(metavar="NAME", help="The array of an .npz that holds several.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE.npz", help="Spikes to write (default SIGNAL.spikes.npz)."),
    ] = None,
    save_encoder: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the encoder as export --encoder takes it (.json)."),
    ] = None,
    bits: Annotated[int, typer.Option(metavar="N", help="With --save-encoder: bits of a sample on the target.")] = 16,
    *,
    output: o.Output,
) -> None:
    """Turn a signal into spikes, and keep with them what decodes them."""
    from neurodeploy.atomic import write_files
    from neurodeploy.encoding import Encoded, coder_json
    from neurodeploy.encoding.deployed import deploy
    from neurodeploy.encoding.files import KINDS, read_signal

    if signal.is_dir():
        raise InputError("is a folder", str(signal), f"give {KINDS}")
    place = out or signal.with_name(f"{signal.stem}.spikes.npz")
    _check_places(place, plot, save_encoder)
    if objective and not optimize:
        raise InputError("is for --optimize", "--objective", "add --optimize, or leave it out")
    values = read_signal(signal, array)
    chosen = _coder(method, parameter, coder).fit(values)
    tuned = (
        chosen.optimize(values, objective or ["mse"], trials=trials, seed=seed, progress=not output.silent)
        if optimize
        else None
    )
    used = chosen if tuned is None else tuned.coder
    spikes = used.encode(values, generator=seed) if hasattr(used, "method") else used.encode(values)
    encoded = Encoded(spikes, used, values[..., 0].astype("float32"))
    back = encoded.decode() if _inverse(used) else None
    files: dict[Path, Callable[[IO[bytes]], object]] = {place: encoded.write}
    if plot is not None:
        files[plot] = _drawing(values, spikes, back, plot)
    if save_encoder is not None:
        files[save_encoder] = deploy(used, values, bits).write
    write_files(files)
    told = _summary(values, spikes, back)
    if output.as_json:
        pareto = [] if tuned is None else [{"coder": coder_json(each.coder), **each.values} for each in tuned.front]
        drawn = None if plot is None else str(plot)
        saved = None if save_encoder is None else str(save_encoder)
        paths = {"path": str(place), "plot": drawn, "encoder": saved}
        o.emit({"coder": coder_json(used), **told, "front": pareto, **paths})
    elif not output.quiet:
        _show(coder_json(used), told, 0 if tuned is None else len(tuned.front))
        typer.echo(f"wrote {' and '.join(str(each) for each in (place, plot, save_encoder) if each is not None)}")


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
    from neurodeploy.encoding.files import write_signal

    encoded = Encoded.load(spikes)
    signal = encoded.decode()
    place = out or spikes.with_name(f"{spikes.stem}.csv")
    write_signal(place, signal)
    if output.as_json:
        o.emit({"coder": coder_json(encoded.coder), "shape": list(signal.shape), "path": str(place)})
    elif not output.quiet:
        typer.echo(f"wrote {place}")


def _check_places(place: Path, *others: Path | None) -> None:
    if place.suffix != ".npz":
        raise InputError(f"{place.suffix or 'a file without suffix'} is no .npz", str(place), "name it FILE.npz")
    given = [each.resolve() for each in (place, *others) if each is not None]
    if len(set(given)) < len(given):
        raise InputError("is named for two results", "--out, --plot, --save-encoder", "give each a name of its own")


def _coder(method: str, parameters: Sequence[str] | None, file: Path | None) -> Any:
    from neurodeploy.encoding import coder_from_json, make_coder

    if file is None:
        return make_coder(method, dict(map(_assignment, parameters or ())), f"method {method}")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the coder: {error}", str(file), "give JSON, as encode --json shows it"
        ) from error
    if isinstance(data, dict) and "coder" in data:
        data = data["coder"]
    return coder_from_json({**data, **dict(map(_assignment, parameters or ()))}, str(file))


def _assignment(text: str) -> tuple[str, Any]:
    """``key=value``: a number, several with commas between, true, false or a word."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"{text!r} is not key=value", "--parameter", "write e.g. -p threshold=0.1")
    try:
        return key, json.loads(f"[{value}]" if "," in value else value)
    except ValueError:
        return key, value


def _inverse(coder: Any) -> bool:
    return hasattr(coder, "decode") and getattr(coder, "order", None) != "rank"


def _drawing(values: Any, spikes: Any, back: Any, plot: Path) -> Callable[[IO[bytes]], None]:
    from neurodeploy.encoding.plot import drawing, picture

    if values.ndim > 2:
        raise InputError("a batch is not drawn", "--plot", "leave it out, or encode one at a time")
    return drawing(picture(values, spikes, None if back is None else back.reshape(values.shape)), plot)


def _summary(values: Any, spikes: Any, back: Any) -> dict[str, Any]:
    import numpy as np

    from neurodeploy.encoding import OBJECTIVES

    names = ("density",) if back is None else ("mse", "mae", "snr", "density")
    rebuilt = values if back is None else back.reshape(values.shape)
    measured = {name: OBJECTIVES[name].measure(values, rebuilt, spikes) for name in names}
    finite = {name: value if np.isfinite(value) else None for name, value in measured.items()}
    return {
        "signal": list(values.shape),
        "shape": list(spikes.shape),
        "spikes": int(np.count_nonzero(spikes)),
        **finite,
    }


def _show(coder: dict[str, Any], told: dict[str, Any], front: int) -> None:
    from neurodeploy.report.console import stdout, table

    rows = table(coder["kind"], "name", "value")
    for name, value in coder.items():
        if name != "kind" and value is not None:
            rows.add_row(name, ", ".join(f"{x:.6g}" for x in value) if isinstance(value, tuple) else str(value))
    for name, value in told.items():
        shown = "×".join(map(str, value)) if isinstance(value, list) else f"{value:.6g}" if value is not None else "∞"
        rows.add_row(name, shown)
    if front > 1:
        rows.add_row("Pareto front", f"{front} coders; --json lists them")
    stdout().print(rows)
