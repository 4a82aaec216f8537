"""Boxes of a recorded run: ``python -m neurodeploy.models.spikeseg.boxes TRACE.npz --picture boxes.png``.

The host's part after ``neurodeploy run ... -o TRACE.npz``, whichever rung the trace is of.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurodeploy.atomic import write_file
from neurodeploy.errors import InputError, NeurodeployError
from neurodeploy.extras import need
from neurodeploy.picture import new_picture
from neurodeploy.trace import Trace

from .detection import NODES, Decoder
from .encoder import SpikeSEGEncoder
from .presets import PRESETS, build
from .smash import Box

Recorded = Mapping[str, NDArray[Any]]


def boxes_of(trace: Trace, encoder: SpikeSEGEncoder) -> list[list[list[Box]]]:
    """The boxes of a trace: by sample, by step. Raises InputError for a trace of another network."""
    decoder = Decoder.of(encoder)
    return [decoder.boxes(sample) for sample in samples_of(trace, encoder)]


def samples_of(trace: Trace, encoder: SpikeSEGEncoder) -> list[Recorded]:
    """Of each sample what ``lif1, lif2, lif3`` and ``input`` sent. Raises InputError for another network's trace."""
    channels = (encoder.conv1, encoder.conv2, encoder.conv3)
    for name, conv in zip(NODES, channels, strict=True):
        if name not in trace.entries or trace[name].output.shape[2:3] != (conv.out_channels,):
            problem = f"has no {name} of {conv.out_channels} channels"
            raise InputError(problem, "trace", "give a trace of spikeseg, and the checkpoint that it ran with --model")
    return [{name: trace[name].output[sample] for name in (*NODES, "input")} for sample in range(trace.batch)]


def picture(recorded: Recorded, encoder: SpikeSEGEncoder) -> Any:
    """Events, saliency over them, and the boxes of every step, as a ``matplotlib.figure.Figure``.

    ``recorded``: one sample, of ``input, lif1, lif2, lif3``, (T, C, H, W). Left all events and boxes, whose color is
    their step; right the step with most saliency. Raises UnavailableError without matplotlib (extra: plot).
    """
    figure = new_picture(10, 5.6, "the picture")
    rectangle = need("matplotlib.patches", "plot", "the picture").Rectangle
    decoder = Decoder.of(encoder)
    events, saliency = np.abs(recorded["input"]).sum(1).astype(float), decoder.saliency(recorded)
    drawn = decoder.boxes(recorded)
    shades = need("matplotlib", "plot", "the picture").colormaps["viridis"](np.linspace(0.25, 1, len(drawn)))
    most = int(saliency.sum((1, 2)).argmax())
    every = range(len(drawn))
    shown = (
        ("all steps", events.sum(0), saliency.sum(0), every),
        (f"step {most}", events[most], saliency[most], [most]),
    )
    for axes, (title, plane, salient, steps) in zip(figure.subplots(1, 2), shown, strict=True):
        axes.imshow(np.log1p(plane), cmap="gray_r", interpolation="nearest")
        axes.imshow(np.ma.masked_less_equal(salient, 0.1 * salient.max()), cmap="autumn_r", alpha=0.6)
        for step in steps:
            for box in drawn[step]:
                size = (box.x1 - box.x0 + 1, box.y1 - box.y0 + 1)
                place = (box.x0 - 0.5, box.y0 - 0.5)
                axes.add_patch(rectangle(place, *size, fill=False, linewidth=1.2, edgecolor=shades[step]))
        count = sum(len(drawn[step]) for step in steps)
        axes.set(title=f"{title}: events, saliency, {count} boxes", xlabel="column", ylabel="row")
    count = sum(map(len, drawn))
    figure.alt = f"Events in gray, saliency over them, {count} boxes in {len(drawn)} steps; right step {most} alone"
    return figure


def read_encoder(path: Path | None) -> SpikeSEGEncoder:
    """The encoder of a spikeseg checkpoint; without one, of the default preset. Raises InputError for another file."""
    if path is None:
        return build(next(iter(PRESETS.values())))
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        encoder = build(content["config"])
        encoder.load_state_dict(content["state_dict"])
    except Exception as error:  # torch raises many types for damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"no spikeseg checkpoint: {reason}", str(path), "neurodeploy models build spikeseg") from error
    return encoder


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the boxes, and write them and a picture where asked."""
    parser = argparse.ArgumentParser(description="Draw boxes around what a run of spikeseg found.")
    parser.add_argument("trace", type=Path, help="trace (.npz) of neurodeploy run")
    parser.add_argument("--model", type=Path, help="the checkpoint that ran (default: the trained preset)")
    parser.add_argument("-o", "--out", type=Path, help="write the boxes (.json)")
    parser.add_argument("--picture", type=Path, help="draw the first sample (.png, .svg)")
    given = parser.parse_args(arguments)
    try:
        trace, encoder = Trace.load(given.trace), read_encoder(given.model)
        found = boxes_of(trace, encoder)
        text = json.dumps([[[vars(box) for box in step] for step in sample] for sample in found])
        if given.out is not None:
            write_file(given.out, lambda handle: handle.write(text.encode()))
        if given.picture is not None:
            picture(samples_of(trace, encoder)[0], encoder).savefig(given.picture, dpi=120)
    except NeurodeployError as error:
        parser.exit(error.exit_code, f"{error}\n")
    for sample, steps in enumerate(found):
        for step, boxes in enumerate(steps):
            for box in boxes:
                print(f"sample {sample} step {step}: columns {box.x0}..{box.x1}, rows {box.y0}..{box.y1}")


if __name__ == "__main__":
    main()
