"""How well SpikeSEG finds satellites, from float to the chip: ``python -m benchmarks.detection``.

Held-out star fields, half of them with a satellite, and one host decoder on the spikes of every rung. Writes
``results/DETECTION.md``; ``--fields`` makes it smaller.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neurodeploy as nd
from models.spikeseg.detection import Decoder
from models.spikeseg.encoder import SpikeSEGEncoder
from models.spikeseg.exporter import exported
from models.spikeseg.fields import HELD_OUT, STEPS, TRAINING, fields
from models.spikeseg.judging import Judgement, judge
from models.spikeseg.presets import PRESETS, build
from models.spikeseg.reference import MODEL, NODES, run
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import find_target, unavailable

Spikes = Mapping[str, NDArray[Any]]
Way = Callable[[Stimulus], Spikes]
PROGRAM, TARGETS = "program, 8 bits", ("c", "loihi-sim")
PART = 8
"""Fields that are run at a time: a field takes 200 MB."""
CALIBRATION = 8
"""Training fields that weights are calibrated on."""


ABOUT = """# Detection of satellites

Written by `{command}` on {date}: SpikeSEG on {count} held-out star fields with
a satellite and {count} without, 64x64 pixels and 30 windows of 10 ms each; on every rung the same host decoder makes
boxes of the spikes.

- **sensitivity, specificity, informedness**: the original's counts over the pixels of each field, a prediction being
  right within one pixel of the truth. Predicted are all pixels in a box, true those in a box of the generator.
- **fields**: informedness of fields: a satellite in it, any box drawn.
- **offset**: mean distance between the middles of a box and the satellite, pixels. **steps boxed**: of the steps in
  which a satellite is on the sensor, those with a box; membranes have to fill first.
- **lif1** to **lif3**: Jaccard index of the node's raster and the float network's (of the same weights).
- **differ**: cells of any node that differ from the program's.

The original's exporter is simulated by its written rule; its circuit as built silences every layer.

"""


@dataclass(frozen=True)
class Row:
    """One way to run one network: how it detects, how its spikes agree with float, cells that differ from the program.

    ``common``: by node, the spikes that its raster and the float network's have in common, and those of either.
    ``differ``: over all nodes, where the same integers were run before.
    """

    network: str
    rung: str
    judged: Judgement
    common: Mapping[str, tuple[int, int]]
    differ: int | None = None

    def __add__(self, other: Row) -> Row:
        """The same way on further fields."""
        common = {name: (a + other.common[name][0], b + other.common[name][1]) for name, (a, b) in self.common.items()}
        differ = None if self.differ is None or other.differ is None else self.differ + other.differ
        return Row(self.network, self.rung, self.judged + other.judged, common, differ)

    def cells(self) -> list[str]:
        """As text, one for each of :data:`COLUMNS`."""
        pixels, seen = self.judged.pixels, self.judged.fields
        return [
            self.network,
            self.rung,
            f"{pixels.sensitivity:.4f}",
            f"{pixels.specificity:.4f}",
            f"{pixels.informedness:.4f}",
            f"{seen.informedness:.3f}",
            f"{self.judged.offset:.2f}",
            f"{self.judged.boxed} / {self.judged.shown}",
            *(f"{both / either if either else 1.0:.4f}" for both, either in self.common.values()),
            "" if self.differ is None else str(self.differ),
        ]


COLUMNS = (
    "weights",
    "rung",
    "sensitivity",
    "specificity",
    "informedness",
    "fields",
    "offset",
    "steps boxed",
    *NODES,
    "differ",
)


@dataclass(frozen=True)
class Split:
    """Fields as a stimulus, and where their satellites are."""

    stimulus: Stimulus
    boxes: Sequence[NDArray[np.int64]]

    def parts(self) -> Iterator[Split]:
        """The same, :data:`PART` fields at a time, so that memory is bounded."""
        for first in range(0, self.stimulus.batch, PART):
            some = slice(first, first + PART)
            yield Split(self.stimulus.part(some), self.boxes[some])


def held_out(count: int, size: tuple[int, int]) -> Split:
    """``count`` held-out fields with a satellite and as many others without."""
    seeds = HELD_OUT[:count]
    filled, empty = fields(seeds, size), fields([seed + len(HELD_OUT) for seed in seeds], size, satellites=0)
    nothing = np.full((STEPS, 1, 4), -1, np.int64)
    return Split(
        Stimulus({"input": np.concatenate([filled.frames, empty.frames])}), [*filled.boxes, *[nothing] * count]
    )


def rows(preset: str, split: Split) -> list[Row]:
    """Every way to run a preset, float first; a target that cannot run here is left out."""
    encoder = build(PRESETS[preset])
    decoder, every = Decoder.of(encoder), ways(preset, encoder, (split.stimulus["input"].shape[3:]))
    total: dict[str, Row] = {}
    for part in split.parts():
        for row in _rows_of(preset, decoder, every, part):
            total[row.rung] = total[row.rung] + row if row.rung in total else row
    return list(total.values())


def ways(preset: str, encoder: SpikeSEGEncoder, size: tuple[int, ...]) -> dict[str, Way]:
    """By rung of a preset, what gives the spikes of its nodes."""
    config = PRESETS[preset]
    network = model_network(MODEL, config, encoder)

    def on(rung: str, **options: int) -> Way:
        return lambda stimulus: spikes_of(nd.run(network, stimulus, on=rung, options=options))

    every: dict[str, Way] = {"float": lambda stimulus: run(encoder, config, stimulus), PROGRAM: on("program")}
    if preset == next(iter(PRESETS)):
        every |= {target: on(target) for target in TARGETS if unavailable(find_target(target)) is None}
    else:
        shown = Stimulus({"input": fields(TRAINING[:CALIBRATION], (size[0], size[1])).frames})
        program = nd.quantize(network, "loihi2", calibrate=shown).program
        every["program, 8 bits calibrated"] = lambda stimulus: spikes_of(run_program(program, stimulus))
        every["program, 16 bits"] = on("program", weight_bits=16)
    every["the original's exporter"] = lambda stimulus: exported(encoder, stimulus)
    every["the same, signs kept"] = lambda stimulus: exported(encoder, stimulus, signed=True)
    return every


def _rows_of(preset: str, decoder: Decoder, every: Mapping[str, Way], part: Split) -> Iterator[Row]:
    """Some fields on every rung."""
    kept: dict[str, Spikes] = {}
    judged: dict[str, Judgement] = {}
    for rung, way in every.items():
        spikes = way(part.stimulus)
        if rung in ("float", PROGRAM):
            kept[rung] = spikes
        floats = kept["float"]
        same = rung != "float" and all(np.array_equal(floats[name], spikes[name]) for name in NODES)
        samples = [{name: spikes[name][number] for name in NODES} for number in range(part.stimulus.batch)]
        judged[rung] = judged["float"] if same else judge(decoder, samples, part.boxes)  # equal spikes: equal boxes
        common = {name: _common(floats[name], spikes[name]) for name in NODES}
        differ = sum(int((kept[PROGRAM][name] != spikes[name]).sum()) for name in NODES) if rung in TARGETS else None
        yield Row(preset, rung, judged[rung], common, differ)


def _common(expected: NDArray[Any], actual: NDArray[Any]) -> tuple[int, int]:
    """Spikes of both, and of either."""
    return int(np.minimum(expected, actual).sum(dtype=np.int64)), int(np.maximum(expected, actual).sum(dtype=np.int64))


def spikes_of(trace: nd.Trace) -> Spikes:
    """The outputs of the spiking nodes, (B, T, C, H, W)."""
    return {name: trace[name].output for name in NODES}


def table(every: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in every)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def about(count: int) -> str:
    """What stands over the table: the command, the day and what its columns mean."""
    command = "python -m benchmarks.detection" + ("" if count == len(HELD_OUT) else f" --fields {count}")
    return ABOUT.format(count=count, command=command, date=datetime.now(UTC).date().isoformat())


def main() -> None:
    """Judge both trained presets and print the table."""
    parser = argparse.ArgumentParser(description="Judge the detection of satellites on held-out star fields.")
    parser.add_argument("--fields", type=int, default=len(HELD_OUT), help="with a satellite, and as many without")
    parser.add_argument("-o", "--out", type=Path, default=Path(__file__).parent / "results" / "DETECTION.md")
    arguments = parser.parse_args()
    split = held_out(arguments.fields, (64, 64))
    every = [row for preset in ("stars", "float-trained") for row in rows(preset, split)]
    arguments.out.write_text(about(arguments.fields) + table(every) + "\n", "utf-8")
    print(table(every))


if __name__ == "__main__":
    main()
