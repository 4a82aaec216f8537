"""``python -m benchmarks.quantization``: train the networks where they are not there yet, measure, write the tables."""

from __future__ import annotations

import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from benchmarks.quantization import networks
from benchmarks.quantization.results import Result, write
from benchmarks.quantization.rules import SPLIT_BITS, of_network
from neurodeploy import __version__

FOLDER = Path(__file__).resolve().parents[1] / "results"
WIDTHS = (8, 7, 6, 5, 4, 3, 2)
QUICK = (8, 4, 2)

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def measure(
    network: Annotated[list[str] | None, typer.Option(help="Which (default: all).")] = None,
    bits: Annotated[list[int] | None, typer.Option(min=2, max=8, help="Which widths (default: 8 to 2).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="8, 4 and 2 bits only.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; a network at one width is a job.")] = 1,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the tables.")] = FOLDER,
) -> None:
    """Our rules and the peers' on trained networks, at 8 to 2 bits. The tables are written after every network."""
    chosen, widths = network or networks.NAMES, tuple(bits or (QUICK if quick else WIDTHS))
    unknown = [name for name in chosen if name not in networks.NAMES]
    if unknown:
        raise typer.BadParameter(f"there is no network {unknown[0]!r}: {', '.join(networks.NAMES)}")
    results: list[Result] = []
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        todo = {name: [pool.submit(of_network, name, bits) for bits in (*widths, SPLIT_BITS)] for name in chosen}
        for name, parts in todo.items():
            for result in (result for part in parts for result in part.result()):
                results.append(result)
                typer.echo(f"{name}, {result.bits} bits, {result.rule}: {result.worst:.3f}", err=True)
            for path in write(results, {**about(), "processes": str(jobs)}, output):
                typer.echo(f"wrote {path}", err=True)


def about(module: str = "benchmarks.quantization") -> dict[str, str]:
    """When and with what it was measured."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "neurodeploy": __version__,
        "PyTorch": torch.__version__,
        "numpy": np.__version__,
        "Python": platform.python_version(),
        "command": " ".join([f"python -m {module}", *sys.argv[1:]]),
    }


if __name__ == "__main__":
    app()
