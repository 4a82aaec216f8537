"""``python -m benchmarks.throughput``: sweeps and checks on one process, on processes and on Dask workers, in turn."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

import neurodeploy as nd
from benchmarks import throughput_page as page
from benchmarks.interleave import Contestant, Measured, interleave
from neurodeploy import __version__
from neurodeploy.atomic import write_file
from neurodeploy.network.file import write_network
from neurodeploy.sweeps.journal import open_journal
from neurodeploy.work import open_crew

FOLDER = Path(__file__).resolve().parent / "results"
SWEPT = (32, 2, 60)
SEEDS, WIDTHS = 10, (8, 6, 5, 4)
CHECKED = {"fixed": ((32, 4, 60), (32, 16, 60), (32, 64, 60)), "loihi-sim": ((32, 8, 20),)}
"""Sizes of SpikeSEG, samples and steps."""
ALONE = 60_000_000
"""Additions of a loop that shares nothing, by which the machine itself is judged."""
EMPTY, LINES = 300, 200
"""Jobs that do nothing, and rows, by which what one process hands out and takes in is timed."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _timed(run: Callable[[], object]) -> Callable[[], float]:
    def measured() -> float:
        begun = time.perf_counter()
        run()
        return time.perf_counter() - begun

    return measured


def _cluster(stack: ExitStack, workers: int) -> str:
    """The address of a cluster of this machine with so many workers of one thread, gone with the stack."""
    from distributed import LocalCluster

    made: Any = LocalCluster
    cluster = made(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    stack.callback(cluster.close)
    return str(cluster.scheduler_address)


def _sweep(network: Path, executor: str) -> None:
    """Every width of weights and seed, in a folder of its own."""
    with TemporaryDirectory() as folder:
        table = nd.sweep(
            network,
            Path(folder) / "swept",
            targets=["fixed"],
            options={"weight-bits": WIDTHS},
            seeds=range(SEEDS),
            samples=SWEPT[1],
            steps=SWEPT[2],
            executor=executor,
        )
    failed = [row["error"] for row in table.rows if row.get("error")]
    if failed or table.computed != len(WIDTHS) * SEEDS:
        raise RuntimeError(f"{table.computed} rows were computed; {failed[:1]}")


def _check(network: Path, target: str, samples: int, steps: int, executor: str) -> None:
    nd.check(network, targets=[target], steps=steps, samples=samples, causes=False, executor=executor)


def _written(size: int, path: Path) -> Path:
    """SpikeSEG in a file. PyTorch builds it, and workers, which import this file, do not import that."""
    from benchmarks.checking import Case

    write_network(Case(size, 1, 1).network(), path)
    return path


def _named(case: tuple[int, int, int]) -> str:
    return f"SpikeSEG of {case[0]}×{case[0]} pixels, {case[1]} samples of {case[2]} steps"


def _loop(count: int) -> int:
    total = 0
    for number in range(count):
        total += number
    return total


def _alone(processes: int) -> None:
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        wait([pool.submit(_loop, ALONE // 2) for _ in range(2)])


def _handed_out(executor: str) -> float:
    """Seconds per job that does nothing, as many under way as a sweep has."""
    with open_crew(executor) as crew:
        crew.executor.submit(len, b"").result()
        begun = time.perf_counter()
        for _ in range(EMPTY // (2 * crew.width)):
            wait([crew.executor.submit(len, b"") for _ in range(2 * crew.width)])
        return (time.perf_counter() - begun) / (EMPTY // (2 * crew.width) * 2 * crew.width)


def _kept() -> float:
    """Seconds per row that goes to the journal, on the disk at once."""
    row = {
        "verdict": "agree",
        "worst_layer": "conv1",
        "worst_jaccard": 0.98,
        "weight_memory_bits": 123_456,
        "error": "",
    }
    with TemporaryDirectory() as folder, open_journal(Path(folder) / "swept") as journal:
        begun = time.perf_counter()
        for number in range(LINES):
            journal.add(f"{number:016x}", row)
        return (time.perf_counter() - begun) / LINES


def _contestants(folder: Path, stack: ExitStack, sweeps_only: bool) -> list[Contestant]:
    """Sweeps, checks, loops and hand-outs; or sweeps in processes and loops only."""
    swept = _written(SWEPT[0], folder / "swept.nir")
    names = {"processes:1": "processes:1", "processes:2": "processes:2"}
    if not sweeps_only:
        names |= {"serial": "serial"}
        names |= {page.dask(n): f"dask:{_cluster(stack, n)}" for n in (1, 2)}
    _sweep(swept, "serial")
    found = [Contestant(page.swept(k), _timed(lambda v=v: _sweep(swept, v))) for k, v in names.items()]
    loops = [Contestant(page.alone(n), _timed(lambda n=n: _alone(n))) for n in (1, 2)]
    if sweeps_only:
        return found + loops
    for target, cases in CHECKED.items():
        for size, samples, steps in cases:
            checked = _written(size, folder / f"checked{size}.nir")
            for k in ("serial", "processes:2", page.dask(2)):
                run = _timed(lambda c=checked, t=target, s=(samples, steps), v=names[k]: _check(c, t, *s, v))
                found.append(Contestant(page.checked(target, samples, k), run))
    found += [*loops, Contestant(page.KEPT, _kept)]
    return found + [Contestant(page.handed_out(k), lambda v=v: _handed_out(v)) for k, v in names.items()]


@app.command()
def measure(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, in which all are measured in turn.")] = 3,
    sweeps_only: Annotated[
        bool, typer.Option("--sweeps-only", help="Sweeps in processes, and loops, only: SWEEPS.md.")
    ] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the table.")] = FOLDER,
) -> None:
    """After one sweep as a warm-up, in which its programs are compiled, all take turns; times are those of the wall.

    The table is written after every round.
    """
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    with TemporaryDirectory() as folder, ExitStack() as stack:
        contestants = _contestants(Path(folder), stack, sweeps_only)
        interleave(
            contestants,
            rounds,
            lambda name: typer.echo(name, err=True),
            lambda found: _write(found, output, "SWEEPS" if sweeps_only else "THROUGHPUT"),
        )


def _write(measured: dict[str, Measured], output: Path, name: str) -> None:
    """``NAME.md`` and its figures as JSON."""
    about = {
        "neurodeploy": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "processors": str(os.cpu_count()),
        "rounds": str(max(len(each.rounds) for each in measured.values())),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    samples = {
        target: tuple(count for _, count, _ in cases if page.checked(target, count, "serial") in measured)
        for target, cases in CHECKED.items()
    }
    result = page.Throughput(measured, len(WIDTHS) * SEEDS, _named(SWEPT), samples, about)
    data = {"about": about, "measured": {name: asdict(each) for name, each in measured.items()}}
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    for path, content in ((output / f"{name.lower()}.json", text), (output / f"{name}.md", page.markdown(result))):
        write_file(path, lambda file, content=content: file.write(content.encode()))


if __name__ == "__main__":
    app()
