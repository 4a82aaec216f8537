"""How well SpikeSEG finds satellites, from float to the chip: ``python -m benchmarks.detection``.

Held-out star fields, half of them with a satellite, and one host decoder on the spikes of every rung. Writes
``results/DETECTION.md``; ``--fields`` makes it smaller.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neurodeploy as nd
from models.spikeseg.detection import Decoder
from models.spikeseg.exporter import exported
from models.spikeseg.fields import HELD_OUT, STEPS, TRAINING, fields
from models.spikeseg.judging import Judgement, judge
from models.spikeseg.presets import PRESETS, build
from models.spikeseg.reference import MODEL, NODES, run
from neurodeploy.frontends.checkpoint import model_network
from neurodeploy.network import Network
from neurodeploy.rasters import jaccard
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import find_target, unavailable

Spikes = Mapping[str, NDArray[Any]]
TARGETS = ("c", "loihi-sim")
CALIBRATION = 8
"""Training fields that weights are calibrated on."""


ABOUT = """# Detection of satellites

`python -m benchmarks.detection`: SpikeSEG on {count} held-out star fields with a satellite and {count} without, 64x64
pixels and 30 windows of 10 ms each; on every rung the same host decoder makes boxes of the spikes.

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

    ``kept``: by node, the Jaccard index of its raster and the float network's. ``differ``: over all nodes, where the
    same integers were run before.
    """

    network: str
    rung: str
    judged: Judgement
    kept: Mapping[str, float]
    differ: int | None = None

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
            *(f"{self.kept[name]:.4f}" for name in NODES),
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


def held_out(count: int, size: tuple[int, int]) -> Split:
    """``count`` held-out fields with a satellite and as many others without."""
    seeds = HELD_OUT[:count]
    filled, empty = fields(seeds, size), fields([seed + len(HELD_OUT) for seed in seeds], size, satellites=0)
    nothing = np.full((STEPS, 1, 4), -1, np.int64)
    return Split(
        Stimulus({"input": np.concatenate([filled.frames, empty.frames])}), [*filled.boxes, *[nothing] * count]
    )


def rows(preset: str, split: Split) -> Iterator[Row]:
    """Every way to run a preset, float first; a target that cannot run here is left out."""
    config = PRESETS[preset]
    encoder = build(config)
    network, decoder = model_network(MODEL, config, encoder), Decoder.of(encoder)
    floats = run(encoder, config, split.stimulus)

    def judged(spikes: Spikes) -> Judgement:
        samples = [{name: spikes[name][number] for name in NODES} for number in range(split.stimulus.batch)]
        return judge(decoder, samples, split.boxes)

    as_float = judged(floats)

    def row(rung: str, spikes: Spikes, against: Spikes | None = None) -> Row:
        kept = {name: jaccard(floats[name], spikes[name]) for name in NODES}
        differ = None if against is None else sum(int((against[name] != spikes[name]).sum()) for name in NODES)
        if all(np.array_equal(floats[name], spikes[name]) for name in NODES):  # equal spikes are decoded alike
            return Row(preset, rung, as_float, kept, differ)
        return Row(preset, rung, judged(spikes), kept, differ)

    yield row("float", floats)
    program = spikes_of(nd.run(network, split.stimulus, on="program"))
    yield row("program, 8 bits", program)
    if preset == next(iter(PRESETS)):
        for target in TARGETS:
            if unavailable(find_target(target)) is None:
                yield row(target, spikes_of(nd.run(network, split.stimulus, on=target)), program)
    else:
        yield row("program, 8 bits calibrated", calibrated(network, split.stimulus))
        yield row(
            "program, 16 bits", spikes_of(nd.run(network, split.stimulus, on="program", options={"weight-bits": 16}))
        )
    yield row("the original's exporter", exported(encoder, split.stimulus))
    yield row("the same, signs kept", exported(encoder, split.stimulus, signed=True))


def calibrated(network: Network, stimulus: Stimulus) -> Spikes:
    """Spikes of integers that were calibrated on training fields."""
    size = network.shapes["input"][1:]
    shown = Stimulus({"input": fields(TRAINING[:CALIBRATION], (size[0], size[1])).frames})
    return spikes_of(run_program(nd.quantize(network, "loihi2", calibrate=shown).program, stimulus))


def spikes_of(trace: nd.Trace) -> Spikes:
    """The outputs of the spiking nodes, (B, T, C, H, W)."""
    return {name: trace[name].output for name in NODES}


def table(every: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in every)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Judge both trained presets and print the table."""
    parser = argparse.ArgumentParser(description="Judge the detection of satellites on held-out star fields.")
    parser.add_argument("--fields", type=int, default=len(HELD_OUT), help="with a satellite, and as many without")
    parser.add_argument("-o", "--out", type=Path, default=Path(__file__).parent / "results" / "DETECTION.md")
    arguments = parser.parse_args()
    split = held_out(arguments.fields, (64, 64))
    every = [row for preset in ("stars", "float-trained") for row in rows(preset, split)]
    arguments.out.write_text(ABOUT.format(count=arguments.fields) + table(every) + "\n", "utf-8")
    print(table(every))


if __name__ == "__main__":
    main()
