"""``python -m benchmarks.quantization.finetuned``: what accuracy loses at 2 bits before and after fine-tuning.

Every feed-forward network is trained by ``nd.finetune``, all by one recipe, on the samples that it was trained on
itself. Then ``nd.check`` tells whether the network that was written does what its targets do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

import neurodeploy as nd
from benchmarks.quantization import data as data_sets
from benchmarks.quantization import networks
from benchmarks.quantization.__main__ import FOLDER, about
from benchmarks.quantization.data import LEVELS
from benchmarks.quantization.measure import POINTS, Bench, Loss
from benchmarks.quantization.nearby import nearby
from benchmarks.quantization.networks import Shown, Trained
from benchmarks.quantization.results import CALIBRATED, in_points
from benchmarks.quantization.rules import maker
from neurodeploy.atomic import write_file
from neurodeploy.network import Network
from neurodeploy.parity.report import Report
from neurodeploy.stimulus import Stimulus

BITS, EPOCHS = 2, 12
PRESENTATIONS = 3_000
"""Those to train with, or a few more."""
SEED = 5
"""Of what differs between them: not that of the spikes that a network was trained on, or is judged on."""
SIMULATED, COMPILED = ("loihi-sim",), ("fixed", "c")
CHECKED: dict[tuple[str, ...], int] = {COMPILED: 30, SIMULATED: 6}
"""Held-out presentations on which targets are checked."""
WITHIN = 1.0
"""Points that fine-tuned networks may lose."""
FEED_FORWARD = tuple(name for name in networks.NAMES if name == networks.DIGITS or networks.RECIPES[name].feed_forward)
EXPLAINED = f"""Points of accuracy that programs with weights of {BITS} bits lose on all held-out presentations, ± the
standard error: calibrated, and after fine-tuning; below 0, the program is right more often than the float network.
Training is one recipe for all: `neurodeploy finetune` with {EPOCHS} epochs at most, else as it is by default, on the
samples that the network was trained on itself. All are shown as often as makes {PRESENTATIONS:,} presentations, each
time as other random spikes, or, to networks that are sent values, with each pixel up to 1/{LEVELS} off. A fifth of the
presentations judges the epochs; it shows the same samples as the rest. No training looks at what is held out here.

The last columns are what `neurodeploy check` says of the written network: the smallest Jaccard index of a node on any
rung from the float network in the file over its program to the targets, on {CHECKED[COMPILED]} presentations to `fixed`
and `c` and on {CHECKED[SIMULATED]} to `loihi-sim` (Lava's own processes), and how many cells differ on any of these
rungs, from program to targets membranes and currents among them. *Inconclusive*: no cell differs, and these
presentations exercised less of a layer than a check accepts."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Exactness:
    """What a check of a network's rungs says: the smallest Jaccard index of a node, and how many cells differ."""

    worst: float
    differing: int
    verdict: str

    @staticmethod
    def of(report: Report) -> Exactness:
        """Of all rungs together; states count where both sides recorded them."""
        nodes = [node for rung in report.rungs for node in rung.nodes.values()]
        worst = min(node.jaccard for node in nodes if node.jaccard is not None)
        differing = sum(node.mismatches + node.ties + (node.state_mismatches or 0) for node in nodes)
        return Exactness(worst, differing, report.verdict)

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.worst == 1.0 and self.differing == 0


@dataclass(frozen=True)
class Tuned:
    """What fine-tuning made of a network.

    - ``accuracy``: in float. ``before``, ``after``: what the calibrated and the fine-tuned program lose beside it.
    - ``samples`` were shown in ``times`` encodings; of ``epochs`` that of number ``kept`` was kept.
    - ``seconds``: of the processor, by ``finetune``. ``exactness``: by the targets that were checked together.
    """

    network: str
    accuracy: float
    before: Loss
    after: Loss
    samples: int
    times: int
    epochs: int
    kept: int
    seconds: float
    exactness: dict[tuple[str, ...], Exactness]


@app.command()
def measure(
    network: Annotated[list[str] | None, typer.Option(help="Which (default: all).")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; a network is a job.")] = 1,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the table.")] = FOLDER,
) -> None:
    """What accuracy loses at 2 bits before and after fine-tuning. The table is written after every network."""
    chosen, results = network or FEED_FORWARD, list[Tuned]()
    unknown = [name for name in chosen if name not in FEED_FORWARD]
    if unknown:
        raise typer.BadParameter(
            f"there is no feed-forward network {unknown[0]!r}: {', '.join(FEED_FORWARD)}", param_hint="--network"
        )
    facts = about("benchmarks.quantization.finetuned")
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for result in pool.map(of_network, chosen):
            results.append(result)
            typer.echo(_line(result), err=True)
            text = markdown(results, facts)
            write_file(output / "QUANTIZATION_FINETUNED.md", lambda file, text=text: file.write(text.encode()))


def of_network(name: str) -> Tuned:
    """A network of that name, fine-tuned: a job, for a process of its own."""
    torch.set_num_threads(1)
    return tuned(networks.trained(name), to_train_with(name), CHECKED)


def to_train_with(name: str) -> Shown:
    """The samples that the network was trained on, each in other spikes or with other pixels as often as it takes."""
    if name == networks.DIGITS:
        digits = import_module("neurodeploy.models.digits.data")
        images, steps = digits.split()[0], import_module("neurodeploy.models.digits").PRESETS["float-trained"]["steps"]
        return nearby(_as_values(images.pixels, images.labels, steps), SEED, PRESENTATIONS)
    recipe = networks.RECIPES[name]
    data = data_sets.load(recipe.data)
    if not recipe.spikes:
        return nearby(_as_values(data.train, data.train_labels, recipe.steps), SEED, PRESENTATIONS)
    count, encode = len(data.train), networks.encoder(recipe, SEED)
    times = -(-PRESENTATIONS // count)
    values = np.concatenate([encode(data.train).astype(np.uint8) for _ in range(times)])
    return Shown({"input": values}, np.tile(data.train_labels, times), np.tile(np.arange(count), times))


def _as_values(samples: NDArray[Any], labels: NDArray[np.int64], steps: int) -> Shown:
    return Shown({"input": np.repeat(samples[:, None], steps, axis=1)}, labels, np.arange(len(labels)))


def tuned(trained: Trained, shown: Shown, checked: dict[tuple[str, ...], int], epochs: int = EPOCHS) -> Tuned:
    """Fine-tunes a network on ``shown``; ``checked``: by targets, on how many held-out presentations."""
    bench, source = Bench.of(trained), trained.network.input_names[0]
    before = bench.kept(maker(bench, BITS, CALIBRATED)()).loss
    stimulus = Stimulus({source: next(iter(shown.stimulus.values()))}, labels=shown.labels)
    with TemporaryDirectory() as folder:
        start = time.process_time()
        options = {"weight-bits": BITS}
        result = nd.finetune(
            trained.network, stimulus, f"{folder}/tuned.nir", "fixed", options, trained.calibration, epochs=epochs
        )
        seconds, network = time.process_time() - start, nd.load(result.path)
    after = bench.kept(nd.quantize(network, "loihi2").program).loss
    exactness = {
        targets: _checked(network, trained.held_out.first(count), targets) for targets, count in checked.items()
    }
    shown_as = shown.count, len(shown.labels) // shown.count, len(result.epochs) - 1, result.kept
    return Tuned(trained.name, bench.accuracy.shared, before, after, *shown_as, seconds, exactness)


def _checked(network: Network, shown: Shown, targets: Sequence[str]) -> Exactness:
    source = network.input_names[0]
    stimulus = {source: next(iter(shown.as_floats().stimulus.values()))}
    return Exactness.of(nd.check(network, stimulus, targets=targets))


def markdown(results: Sequence[Tuned], facts: dict[str, str]) -> str:
    """The whole report."""
    lines = ["# Quantization: accuracy at 2 bits before and after fine-tuning", "", EXPLAINED, ""]
    lines += [f"- {key}: {value}" for key, value in facts.items()]
    heads = ["network", "in float", "calibrated", "fine-tuned", "samples × times", "epochs", "CPU seconds"]
    heads += [f"index: {', '.join(targets)}" for targets in CHECKED] + ["cells that differ"]
    lines += ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *map(_line, results), ""]
    within = [r.after.points <= WITHIN for r in results]
    surely = [r.after.points + r.after.error <= WITHIN for r in results]
    equal = [all(found.equal for found in r.exactness.values()) for r in results]
    lines += [f"Within {WITHIN:g} point of float: {_share(within)}, {_share(surely)} with one standard error added."]
    lines += [f"No cell differs on any rung from the float network in the file to any target: {_share(equal)}."]
    return "\n".join([*lines, ""])


def _line(result: Tuned) -> str:
    r = result
    cells = [r.network, f"{POINTS * r.accuracy:.2f}", in_points(r.before), in_points(r.after)]
    cells += [f"{r.samples:,} × {r.times}", f"{r.kept} of {r.epochs}", f"{r.seconds:.0f}"]
    cells += [_index(found) for found in r.exactness.values()]
    return f"| {' | '.join([*cells, str(sum(found.differing for found in r.exactness.values()))])} |"


def _index(found: Exactness) -> str:
    """1.0 where it is exactly that; it is never rounded to it."""
    index = "1.0" if found.worst == 1.0 else f"{np.floor(found.worst * 1e4) / 1e4:.4f}"
    return index if found.verdict == "agree" else f"{index}, {found.verdict}"


def _share(held: Iterable[bool]) -> str:
    answers = list(held)
    return f"{sum(answers)} of {len(answers)}"


if __name__ == "__main__":
    app()
