"""``python -m benchmarks.quantization``: train the networks where they are not there yet, measure, write the tables."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.quantization import networks
from benchmarks.quantization.measure import Bench
from benchmarks.quantization.peers import PEERS, rounded_by
from benchmarks.quantization.results import CALIBRATED, OURS, SPLIT, Result, write
from neurodeploy import __version__
from neurodeploy.errors import NeurodeployError
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.program import Program

FOLDER = Path(__file__).resolve().parents[1] / "results"
WIDTHS = (8, 7, 6, 5, 4, 3, 2)
QUICK = (8, 4, 2)

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def measure(
    network: Annotated[list[str] | None, typer.Option(help="Which (default: all).")] = None,
    bits: Annotated[list[int] | None, typer.Option(min=2, max=8, help="Which widths (default: 8 to 2).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="8, 4 and 2 bits only.")] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the tables.")] = FOLDER,
) -> None:
    """Our rules and the peers' on trained networks, at 8 to 2 bits. The tables are written after every network."""
    torch.set_num_threads(1)
    chosen, widths = network or networks.NAMES, tuple(bits or (QUICK if quick else WIDTHS))
    unknown = [name for name in chosen if name not in networks.NAMES]
    if unknown:
        raise typer.BadParameter(f"there is no network {unknown[0]!r}: {', '.join(networks.NAMES)}")
    results: list[Result] = []
    for name in chosen:
        for result in of_network(name, widths):
            results.append(result)
            typer.echo(f"{name}, {result.bits} bits, {result.rule}: {result.worst:.3f}", err=True)
        for path in write(results, about(), output):
            typer.echo(f"wrote {path}", err=True)


def of_network(name: str, widths: Sequence[int]) -> Iterator[Result]:
    """Every rule at every width, and two projections of 8 bits."""
    bench = Bench.of(networks.trained(name))
    for bits in widths:
        for rule in (*OURS[:3], *PEERS):
            yield _result(bench, bits, rule)
    yield _result(bench, 16, SPLIT)


def _result(bench: Bench, bits: int, rule: str) -> Result:
    name, unseen, start = bench.trained.name, bench.trained.name in networks.UNSEEN, time.perf_counter()
    try:
        program = maker(bench, bits, rule)()
    except NeurodeployError as error:
        return Result(name, unseen, bits, rule, 0.0, 0.0, 0.0, bench.accuracy, 0.0, str(error))
    seconds, kept = time.perf_counter() - start, bench.kept(program)
    return Result(name, unseen, bits, rule, kept.worst, kept.worst_isolated, kept.accuracy, bench.accuracy, seconds)


def maker(bench: Bench, bits: int, rule: str) -> Callable[[], Program]:
    """What makes the program of a rule."""
    network, shown = bench.trained.network, bench.trained.calibration
    if rule in PEERS:
        return lambda: rounded_by(PEERS[rule], network, bits)
    calibrate = shown if rule in (CALIBRATED, SPLIT) else None
    unit = "power-of-two" if rule == "plain" else "row"
    return lambda: quantize(network, LOIHI2, calibrate, unit=unit, weight_bits=bits).program


def about() -> dict[str, str]:
    """When and with what it was measured."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "neurodeploy": __version__,
        "PyTorch": torch.__version__,
        "Python": platform.python_version(),
        "command": " ".join(["python -m benchmarks.quantization", *sys.argv[1:]]),
    }


if __name__ == "__main__":
    app()
