"""``python -m benchmarks.checking``: what a whole check costs beside its slowest rung alone, side by side."""

from __future__ import annotations

import json
import platform
import resource
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
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
from neurodeploy.network.network import Network
from neurodeploy.parity.feeds import Runs
from neurodeploy.parity.plan import Plan
from neurodeploy.reference.network_runner import run_network
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Feed

FOLDER = Path(__file__).resolve().parent / "results"
RUNGS = ("float rung", "program rung", "target")
WHOLE, PLAIN = "whole check", "float rung, plain runner"
MOST_CELLS = 1 << 26
"""Cells up to which the plain runner takes part: it keeps all of them."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True, eq=False)
class Case:
    """A network and a stimulus of ``samples`` and ``steps``; ``size``: pixels along a side."""

    size: int
    samples: int
    steps: int

    @property
    def name(self) -> str:
        """As tables show it."""
        return f"spikeseg {self.size}×{self.size}, {self.samples} × {self.steps} steps"

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
        """Three pixels of a hundred fire in every step."""
        drawn = np.random.default_rng(0).random((self.samples, self.steps, 1, self.size, self.size)) < 0.03
        return Stimulus({name: drawn.astype(np.float64)})


CASES = (Case(32, 4, 200), Case(64, 4, 200), Case(128, 1, 200), Case(128, 4, 200))


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
    """CPU seconds, those of compilers too, after one warm-up."""
    torch.set_num_threads(1)
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
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    data = json.dumps({"about": about, "rows": [asdict(row) for row in rows]}, indent=1, ensure_ascii=False) + "\n"
    for path, text in ((output / "checking.json", data), (output / "CHECKING.md", markdown(rows, about))):
        write_file(path, lambda file, text=text: file.write(text.encode()))


def _contestants(case: Case) -> Iterator[Contestant]:
    network = case.network()
    program = nd.quantize(network).program
    stimulus = case.stimulus(network.input_names[0])
    neurons = sum(int(np.prod(network.shapes[name])) for name in network.populations)
    plan = Plan.of(case.samples, case.steps, neurons)
    runs = Runs.of(network, program, plan, "part")
    yield Contestant("float rung", _cpu(lambda: _fed(runs.of_network, stimulus, plan)))
    yield Contestant("program rung", _cpu(lambda: _fed(lambda block: runs.of_program(block.batch), stimulus, plan)))
    yield Contestant("target", _cpu(lambda: nd.run(network, stimulus, on="fixed", states=True)))
    yield Contestant(WHOLE, _cpu(lambda: nd.check(network, stimulus, targets=["fixed"], causes=False)))
    if case.samples * case.steps * neurons <= MOST_CELLS:
        yield Contestant(PLAIN, _cpu(lambda: run_network(network, stimulus, states=True)), most=1)
    else:
        yield Contestant(PLAIN, missing="it would keep more than this case allows")


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


def markdown(rows: list[Row], about: dict[str, str]) -> str:
    """The whole report."""
    head = (*RUNGS, WHOLE, PLAIN)
    lines = ["# What a check costs", "", INTRODUCTION, "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    lines += [f"| case | {' | '.join(head)} | check over slowest rung | floats over plain runner |", "|---" * 8 + "|"]
    for row in rows:
        cells = [f"{seconds:.2f}" if (seconds := row.seconds[name]) is not None else "not run" for name in head]
        cells += [f"{x:.1f} ×" if x is not None else "not run" for x in (row.overhead, row.faster_floats)]
        lines.append(f"| {row.case} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


INTRODUCTION = """CPU seconds of the float network, of the program and of the target `fixed`, all with states, each
run alone, and of a whole check of the same network and stimulus, which also quantizes, judges a part on the reference,
drives every layer alone, counts what was exercised and compares. Medians of rounds in which all take turns, after one
warm-up."""


if __name__ == "__main__":
    app()
