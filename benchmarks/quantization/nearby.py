"""``python -m benchmarks.quantization.nearby``: what accuracy loses on images near the held-out ones.

Networks that are sent values do the same for an image each time, and 450 held-out images tell no third of a point. Here
every held-out image is presented many times, with each of its pixels a level lower, the same, or a level higher.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from benchmarks.quantization import networks
from benchmarks.quantization.__main__ import FOLDER, QUICK, about
from benchmarks.quantization.data import LEVELS
from benchmarks.quantization.measure import POINTS, Bench
from benchmarks.quantization.networks import PRESENTATIONS, Shown
from benchmarks.quantization.results import CALIBRATED, in_points
from benchmarks.quantization.rules import maker
from neurodeploy.atomic import write_file

VALUED = tuple(name for name in networks.NAMES if name == networks.DIGITS or not networks.RECIPES[name].spikes)
SEED = 5
EXPLAINED = f"""Points of accuracy that calibrated programs lose, ± the standard error, for the networks that are sent
values: on their held-out images, and on these with every pixel up to 1/{LEVELS} off, in {PRESENTATIONS:,} presentations
or a few more, those of one image taken together."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def measure(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the table.")] = FOLDER,
) -> None:
    """What accuracy loses on images near the held-out ones, at 8, 4 and 2 bits."""
    torch.set_num_threads(1)
    lines = ["# Quantization: accuracy on images near the held-out ones", "", EXPLAINED, ""]
    lines += [f"- {key}: {value}" for key, value in about("benchmarks.quantization.nearby").items()]
    lines += ["", "| network | bits | in float | loss | in float, nearby | loss, nearby |", "|---|---|---|---|---|---|"]
    for name in VALUED:
        for line in of_network(name):
            typer.echo(line, err=True)
            lines.append(line)
    text = "\n".join([*lines, ""])
    write_file(output / "QUANTIZATION_NEARBY.md", lambda file: file.write(text.encode()))


def of_network(name: str) -> Iterator[str]:
    """A line of the table per width."""
    bench = Bench.of(networks.trained(name))
    around = replace(bench, trained=replace(bench.trained, held_out=nearby(bench.trained.held_out, SEED)))
    for bits in QUICK:
        program, cells = maker(bench, bits, CALIBRATED)(), [name, str(bits)]
        for entry in (bench, around):
            cells += [f"{POINTS * entry.accuracy.shared:.2f}", in_points(entry.kept(program).loss)]
        yield f"| {' | '.join(cells)} |"


def nearby(shown: Shown, seed: int, presentations: int = PRESENTATIONS) -> Shown:
    """Each presentation many times, with every value a level off or none, the same in all steps, within 0..1.

    So often that there are as many ``presentations`` or a few more.
    """
    rng, times = np.random.default_rng(seed), -(-presentations // len(shown.labels))
    stimulus = {}
    for source, values in shown.stimulus.items():
        levels = np.rint(values[:, :1] * LEVELS)
        drawn = [np.clip(levels + rng.integers(-1, 2, levels.shape), 0, LEVELS) / LEVELS for _ in range(times)]
        stimulus[source] = np.repeat(np.concatenate(drawn).astype(np.float32), values.shape[1], axis=1)
    return Shown(stimulus, np.tile(shown.labels, times), np.tile(shown.samples, times))


if __name__ == "__main__":
    app()
