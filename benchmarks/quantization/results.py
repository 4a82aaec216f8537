"""What was measured, as plain values, and the tables made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.quantization.measure import POINTS, Accuracy, Loss
from benchmarks.quantization.networks import COMPARED, FEWER, PRESENTATIONS
from benchmarks.quantization.peers import PEERS
from neurodeploy.atomic import write_file

CALIBRATED, SPLIT = "calibrate", "calibrate, weight-bits=16"
OURS = ("plain", "unit=row", CALIBRATED, SPLIT)
"""Our rules: powers of two, a unit per row, spikes kept on a stimulus, and that with two projections of 8 bits."""


@dataclass(frozen=True)
class Result:
    """What one rule keeps of a network: worst-layer Jaccard indices on held-out samples, and accuracy.

    - ``samples``: on how many of them accuracy is measured, in how many ``presentations``.
    - ``failed``: why there is no program, with indices of 0.
    """

    network: str
    unseen: bool
    bits: int
    rule: str
    worst: float
    worst_isolated: float
    accuracy: Accuracy
    float_accuracy: Accuracy
    loss: Loss
    samples: int
    presentations: int
    seconds: float
    failed: str | None = None


def write(results: Sequence[Result], about: dict[str, str], folder: Path) -> tuple[Path, Path]:
    """``quantization.json`` and ``QUANTIZATION.md`` in ``folder``."""
    data: dict[str, Any] = {"about": about, "results": [asdict(result) for result in results]}
    paths = folder / "quantization.json", folder / "QUANTIZATION.md"
    for path, text in zip(paths, (json.dumps(data, indent=1) + "\n", markdown(results, about)), strict=True):
        write_file(path, lambda file, text=text: file.write(text.encode()))
    return paths


def markdown(results: Sequence[Result], about: dict[str, str]) -> str:
    """The whole report."""
    parts = ["# Quantization: our rules beside those of the peers", "", INTRODUCTION, ""]
    parts += [f"- {key}: {value}" for key, value in about.items()]
    parts += ["", "## At a glance", "", *_glance(results), "", "## What accuracy loses", "", LOSSES, ""]
    parts += [*_losses(results), "", "## Every rule", "", *_every(results), ""]
    return "\n".join(parts)


INTRODUCTION = f"""Worst-layer Jaccard index of the program with the float network, on samples that nothing was
chosen on, cascaded; in parentheses isolated (every node is fed what the float network sent); then the accuracy.
Spikes are compared in {COMPARED} presentations. Accuracy is measured in {PRESENTATIONS:,} where there are so many (see
below), that of rules other than the calibrated in {FEWER:,} of them: the network's in all, less what is lost in those.
Where several classes sent most spikes, the right one has its share of the sample; `quantization.json` has the
accuracy of the first of them too."""
LOSSES = """Points of accuracy that the calibrated program loses without training, ± the standard error; below 0, it is
right more often than the network. Network and program see the same presentations, and the error is that of their paired
difference, with the presentations of one sample taken together. A sample that is sent as random spikes is presented
often, each time as other spikes; one that is sent as values, which are the same each time, is presented once."""


def _glance(results: Sequence[Result]) -> list[str]:
    """A line per network and width: plain, the best peer, calibrated."""
    lines = ["| network (accuracy in float) | bits | plain | best peer | calibrated |", "|---|---|---|---|---|"]
    ahead = total = 0
    for network, bits in dict.fromkeys((r.network, r.bits) for r in results if r.bits <= 8):
        here = {r.rule: r for r in results if (r.network, r.bits) == (network, bits)}
        peers = [here[name] for name in PEERS if name in here]
        if "plain" not in here or CALIBRATED not in here or not peers:
            continue
        best, ours = max(peers, key=lambda r: r.worst), here[CALIBRATED]
        ahead, total = ahead + (ours.worst >= best.worst), total + 1
        name = f"{network} ({ours.float_accuracy.shared:.3f}){', not in the study' if ours.unseen else ''}"
        cells = (name, str(bits), _cell(here["plain"]), f"{_cell(best)}, {best.rule}", f"**{_cell(ours)}**")
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", f"At least as good as the best peer, whichever it is: {ahead} of {total} lines."]


def _losses(results: Sequence[Result]) -> list[str]:
    """A line per network: what calibrated programs lose at each width, and two projections; then the largest."""
    ours = [r for r in results if r.rule in (CALIBRATED, SPLIT) and r.failed is None]
    widths = list(dict.fromkeys(r.bits for r in ours))
    heads = ["network", "samples × times", "in float", *(WIDTH.get(bits, f"{bits} bits") for bits in widths)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for network in dict.fromkeys(r.network for r in ours):
        here = {r.bits: r for r in ours if r.network == network}
        r = next(iter(here.values()))
        times = f"{r.samples:,} × {r.presentations // r.samples}"
        losses = [in_points(here[bits].loss) if bits in here else "" for bits in widths]
        lines.append(f"| {' | '.join([network, times, f'{POINTS * r.float_accuracy.shared:.2f}', *losses])} |")
    largest = [max((r.loss for r in ours if r.bits == bits), key=lambda loss: loss.points) for bits in widths]
    lines.append(f"| {' | '.join(['**largest**', '', '', *map(in_points, largest)])} |")
    return [*lines, *_coarse(ours)]


def _coarse(results: Sequence[Result]) -> list[str]:
    """On which networks there are too few presentations to tell small losses."""
    few = {r.network: r.samples for r in results if r.presentations < PRESENTATIONS}
    if not few:
        return []
    step = f"{POINTS / min(few.values()):.2f}"
    note = (
        f"Sent values, with no further samples shipped: {', '.join(few)}. A sample is up to {step} points there, and an"
    )
    return ["", note, "error of 0 means that no sample changed, not that none could."]


WIDTH = {16: "8 + 8 bits"}


def in_points(loss: Loss) -> str:
    """A loss with its error."""
    return f"{loss.points + 0.0:.2f} ± {loss.error:.2f}".replace("-0.00 ", "0.00 ")


def _every(results: Sequence[Result]) -> list[str]:
    """A line per network, width and rule."""
    lines = ["| network | bits | rule | index | seconds |", "|---|---|---|---|---|"]
    return lines + [f"| {r.network} | {r.bits} | {r.rule} | {_cell(r)} | {r.seconds:.1f} |" for r in results]


def _cell(result: Result) -> str:
    if result.failed is not None:
        return f"no program: {' '.join(result.failed.split())}"
    return f"{result.worst:.3f} ({result.worst_isolated:.3f}), acc {result.accuracy.shared:.3f}"
