"""``python -m benchmarks.checking``: what a whole check costs beside its slowest rung alone, side by side."""

from __future__ import annotations

import json
import os
import platform
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import torch
import typer

import neurodeploy as nd
from benchmarks.interleave import Contestant, Measured, interleave, ratio
from models.spikeseg import PRESETS, build
from neurodeploy import __version__
from neurodeploy.atomic import write_file
from neurodeploy.contract import Terms
from neurodeploy.network import NetworkBuilder
from neurodeploy.network.network import Network
from neurodeploy.parity.feeds import Recorded, Runs
from neurodeploy.parity.plan import Plan
from neurodeploy.reference.network_runner import run_network
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Feed

FOLDER = Path(__file__).resolve().parent / "results"
RUNGS = ("source rung", "float rung", "program rung", "target")
WHOLE, PLAIN = "whole check", "float rung, plain runner"
MOST_CELLS = 1 << 26
"""Cells up to which the plain runner takes part: it keeps all of them."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


FEW, MANY = 0.03, 0.45
"""Shares of pixels that fire in a step: no neuron of the encoder does with few, all its layers do with many."""


def _drawn(name: str, samples: int, steps: int, size: int, share: float = FEW) -> Stimulus:
    """A share of ``size`` × ``size`` pixels fires in every step, drawn step by step and kept as bytes."""
    rng, shown = np.random.default_rng(0), np.empty((samples, steps, 1, size, size), np.uint8)
    for step in range(steps):
        shown[:, step] = rng.random((samples, 1, size, size)) < share
    return Stimulus({name: shown})


@dataclass(frozen=True, eq=False)
class Case:
    """A network and a stimulus of ``samples`` and ``steps``; ``size``: pixels along a side, of which a share fires."""

    size: int
    samples: int
    steps: int
    share: float = FEW

    @property
    def name(self) -> str:
        """As tables show it."""
        firing = ", all layers firing" if self.share == MANY else ""
        return f"spikeseg {self.size}×{self.size}, {self.samples} × {self.steps} steps{firing}"

    def network(self) -> Network:
        """The encoder at this size; weights by seed."""
        config = PRESETS["igarss2023-random"] | {
            "input": PRESETS["igarss2023-random"]["input"] | {"shape": [1, self.size, self.size]}
        }
        with TemporaryDirectory() as folder:
            path = Path(folder) / "spikeseg.pt"
            torch.save({"model": "spikeseg", "config": config, "state_dict": build(config).state_dict()}, path)
            return nd.load(path)

    def stimulus(self, name: str) -> Stimulus:
        """Its share of pixels fires in every step."""
        return _drawn(name, self.samples, self.steps, self.size, self.share)


@dataclass(frozen=True, eq=False)
class Wide:
    """200,704 neurons in two layers of integrators, which no module made; weights by seed."""

    samples: int
    steps: int

    @property
    def name(self) -> str:
        """As tables show it."""
        return f"200,704 integrators, {self.samples} × {self.steps} steps"

    def network(self) -> Network:
        """Two convolutions over 224×224 pixels."""
        rng, build = np.random.default_rng(0), NetworkBuilder(Terms(dt=1e-3))
        pixels = build.input("input", (1, 224, 224))
        first = build.conv("conv1", pixels, rng.normal(0.3, 0.3, (2, 1, 3, 3)), padding=1)
        second = build.conv(
            "conv2", build.integrate("first", first, 1.0), rng.normal(0.1, 0.3, (2, 2, 3, 3)), padding=1
        )
        build.output("output", build.integrate("second", second, 1.0))
        return build.build()

    def stimulus(self, name: str) -> Stimulus:
        """Three pixels of a hundred fire in every step."""
        return _drawn(name, self.samples, self.steps, 224)


SIZES = (32, 4), (64, 4), (128, 1)
CASES = (
    *(Case(size, samples, 200) for size, samples in (*SIZES, (128, 4))),
    *(Case(size, samples, 200, MANY) for size, samples in SIZES),
)


MEMORY: tuple[tuple[Case | Wide, float], ...] = (
    (Case(128, 2, 200), 1.5),
    (Case(128, 16, 200), 1.5),
    (Wide(1, 100), 2.0),
    (Wide(1, 10_000), 2.0),
)
"""Cases whose largest memory is measured, and the GiB that it shall stay under."""


@dataclass(frozen=True)
class Peak:
    """The largest memory of a process that makes one check, GiB, stimulus and imports included."""

    case: str
    gib: float
    allowed: float


@dataclass(frozen=True)
class Row:
    """CPU seconds of every contestant, the medians of its rounds; ``overhead`` of the check over its slowest rung."""

    case: str
    seconds: dict[str, float | None]
    overhead: float | None
    faster_floats: float | None


@app.command()
def measure(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, in which all are measured in turn.")] = 3,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the table.")] = FOLDER,
) -> None:
    """Memory of checks, each in a process of its own; then CPU seconds, those of compilers too, after one warm-up."""
    torch.set_num_threads(1)
    peaks = [_peak(case, allowed) for case, allowed in MEMORY]
    rows = []
    for case in CASES:
        contestants = list(_contestants(case))
        for contestant in contestants:
            if contestant.measure is not None:
                contestant.measure()
        rows.append(_row(case, interleave(contestants, rounds)))
        typer.echo(f"{rows[-1]}", err=True)
    about = {
        "neurodeploy": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "rounds": str(rounds),
        "BLAS threads": os.environ.get("OPENBLAS_NUM_THREADS", "as many as there are cores, which spin"),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    data = (
        json.dumps(
            {"about": about, "rows": [asdict(r) for r in rows], "memory": [asdict(p) for p in peaks]},
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )
    for path, text in ((output / "checking.json", data), (output / "CHECKING.md", markdown(rows, peaks, about))):
        write_file(path, lambda file, text=text: file.write(text.encode()))


def _peak(case: Case | Wide, allowed: float) -> Peak:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        peak = Peak(case.name, process.submit(_checked, case).result(), allowed)
    typer.echo(f"{peak}", err=True)
    return peak


def _checked(case: Case | Wide) -> float:
    """GiB that this process held at most after it made one check."""
    torch.set_num_threads(1)
    network = case.network()
    nd.check(network, case.stimulus(network.input_names[0]), targets=["fixed"], causes=False)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def _contestants(case: Case) -> Iterator[Contestant]:
    network = case.network()
    program = nd.quantize(network).program
    stimulus = case.stimulus(network.input_names[0])
    neurons = sum(int(np.prod(network.shapes[name])) for name in network.populations)
    plan = Plan.of(case.samples, case.steps, neurons)
    runs = Runs.of(network, program, plan, "part")
    source = network.source
    assert source is not None and source.run is not None
    of_source = source.run
    yield Contestant("source rung", _cpu(lambda: [of_source(stimulus.part(samples)) for samples in plan.runs()]))
    yield Contestant("float rung", _cpu(lambda: _fed(lambda shown: _of_network(runs, shown), stimulus, plan)))
    yield Contestant("program rung", _cpu(lambda: _fed(lambda block: runs.of_program(block.batch), stimulus, plan)))
    yield Contestant("target", _cpu(lambda: nd.run(network, stimulus, on="fixed", states=True)))
    yield Contestant(WHOLE, _cpu(lambda: nd.check(network, stimulus, targets=["fixed"], causes=False)))
    if case.samples * case.steps * neurons <= MOST_CELLS:
        yield Contestant(PLAIN, _cpu(lambda: run_network(network, stimulus, states=True)), most=1)
    else:
        yield Contestant(PLAIN, missing="it would keep more than this case allows")


def _of_network(runs: Runs, shown: Stimulus) -> Feed:
    whole = runs.whole_network(shown)
    return runs.of_network(shown.batch) if whole is None else Recorded(whole)


def _fed(opened: Callable[[Stimulus], Feed], stimulus: Stimulus, plan: Plan) -> None:
    """A run in the groups and chunks of a check."""
    for samples in plan.runs():
        for group in plan.groups(samples):
            shown = stimulus.part(group)
            feed = opened(shown)
            for steps in plan.chunks():
                feed.feed(shown.part(slice(None), steps))


def _cpu(run: Callable[[], object]) -> Callable[[], float]:
    def measured() -> float:
        start = _spent()
        run()
        return _spent() - start

    return measured


def _spent() -> float:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))


def _row(case: Case, measured: dict[str, Measured]) -> Row:
    slowest = max((measured[name] for name in RUNGS), key=lambda m: m.median or 0.0)
    seconds = {name: found.median for name, found in measured.items()}
    return Row(case.name, seconds, ratio(measured[WHOLE], slowest), ratio(measured[PLAIN], measured["float rung"]))


def markdown(rows: list[Row], peaks: list[Peak], about: dict[str, str]) -> str:
    """The whole report."""
    head = (*RUNGS, WHOLE, PLAIN)
    lines = ["# What a check costs", "", INTRODUCTION, "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    lines += [
        f"| case | {' | '.join(head)} | check over slowest rung | floats over plain runner |",
        "|---" * (len(head) + 3) + "|",
    ]
    for row in rows:
        cells = [f"{seconds:.2f}" if (seconds := row.seconds[name]) is not None else "not run" for name in head]
        cells += [f"{x:.1f} ×" if x is not None else "not run" for x in (row.overhead, row.faster_floats)]
        lines.append(f"| {row.case} | {' | '.join(cells)} |")
    lines += ["", "| case | largest memory, GiB | to stay under |", "|---|---|---|"]
    lines += [f"| {peak.case} | {peak.gib:.2f} | {peak.allowed:g} |" for peak in peaks]
    return "\n".join([*lines, ""])


INTRODUCTION = """CPU seconds of the module that the network came from, of the float network, of the program and of the
target `fixed`, each run alone and with states where it has them, and of a whole check of the same network and stimulus,
which also quantizes, judges a part on the reference, drives every layer alone, counts what was exercised and compares.
Medians of rounds in which all take turns, after one warm-up. Three of a hundred pixels fire in every step, on which no
neuron of these encoders does; 45 of a hundred where the table says so. Measured with `OPENBLAS_NUM_THREADS=1`, which
the command line sets too. The largest memory is that of a process that makes one check, stimulus and imports
included."""


if __name__ == "__main__":
    app()
