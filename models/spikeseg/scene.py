"""The picture of a run of SpikeSEG: events, what of them was salient, and the boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.extras import need
from neurodeploy.picture import new_picture

from .smash import Box

Plane = NDArray[np.float64]
WHERE = "the picture of boxes"
SALIENT = 0.1
"""Share of the largest saliency from which it is drawn."""
ORANGE = "#e06a00"
CROWDED = 100
"""Boxes from which on they are drawn thin and let what is below them through."""


@dataclass(eq=False)
class Scene:
    """Planes (H, W) of one sample: events and saliency of all steps, and of the step with most saliency."""

    events: Plane | None = None
    saliency: Plane | None = None
    most: tuple[int, Plane, Plane] | None = field(default=None)
    steps: int = 0

    def add(self, events: Plane, saliency: Plane) -> None:
        """The next steps: events and saliency (steps, H, W)."""
        sums = saliency.sum((1, 2))
        best = int(sums.argmax())
        if self.events is None or self.saliency is None or self.most is None:
            self.events, self.saliency = events.sum(0), saliency.sum(0)
            self.most = (best, events[best].copy(), saliency[best].copy())
        else:
            self.events += events.sum(0)
            self.saliency += saliency.sum(0)
            if sums[best] > self.most[2].sum():
                self.most = (self.steps + best, events[best].copy(), saliency[best].copy())
        self.steps += len(events)


def picture(scene: Scene, boxes: Sequence[Sequence[Box]]) -> Any:
    """A ``matplotlib.figure.Figure``: left all steps, right the step with most saliency.

    Gray are events, orange what was salient, frames the boxes, whose color is their step. Raises UnavailableError
    without matplotlib (extra: plot).
    """
    assert scene.events is not None and scene.saliency is not None and scene.most is not None
    step, events, saliency = scene.most
    count = sum(map(len, boxes))
    figure = new_picture(11, 5.4, WHERE)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _plane(left, scene.events, scene.saliency, f"all {len(boxes)} steps: {_counted(count)}")
    _plane(right, events, saliency, f"step {step}, the most salient: {_counted(len(boxes[step]))}")
    colors = _colors(len(boxes))
    _frames(left, boxes, range(len(boxes)), colors)
    _frames(right, boxes, [step], colors)
    whole = need("matplotlib.ticker", "plot", WHERE).MaxNLocator(integer=True)
    figure.colorbar(colors, ax=[left, right], label="step of a box", shrink=0.8, ticks=whole)
    _legend(figure)
    figure.alt = f"Events in gray, saliency over them, {count} boxes in {len(boxes)} steps; right step {step} alone"
    return figure


def _counted(count: int) -> str:
    return f"{count} box" if count == 1 else f"{count} boxes"


def _plane(axes: Any, events: Plane, saliency: Plane, title: str) -> None:
    axes.imshow(np.log1p(events), cmap="Greys", interpolation="nearest", vmax=1.4 * np.log1p(events.max()) or 1)
    shown = saliency / (saliency.max() or 1)
    colors = need("matplotlib.colors", "plot", WHERE).to_rgba_array(ORANGE)[0]
    overlay = np.broadcast_to(colors, (*shown.shape, 4)).copy()
    overlay[..., 3] = np.where(shown >= SALIENT, 0.25 + 0.55 * shown, 0)
    axes.imshow(overlay, interpolation="nearest")
    axes.set_title(title, fontsize="medium")
    axes.set(xlabel="column (pixels)", ylabel="row (pixels)")


def _colors(steps: int) -> Any:
    """The color of every step: from blue to purple, dark against white, gray and orange."""
    matplotlib = need("matplotlib", "plot", WHERE)
    cool = need("matplotlib.colors", "plot", WHERE).LinearSegmentedColormap.from_list(
        "steps", ["#00b3a4", "#0b62c4", "#5a1a9e"]
    )
    norm = need("matplotlib.colors", "plot", WHERE).Normalize(0, max(steps - 1, 1))
    return matplotlib.cm.ScalarMappable(norm, cool)


def _frames(axes: Any, boxes: Sequence[Sequence[Box]], steps: Sequence[int], colors: Any) -> None:
    patches = need("matplotlib.patches", "plot", WHERE)
    frames = [(step, box) for step in steps for box in boxes[step]]
    drawn = [
        patches.Rectangle((box.x0 - 0.5, box.y0 - 0.5), box.x1 - box.x0 + 1, box.y1 - box.y0 + 1) for _, box in frames
    ]
    edges = colors.to_rgba([step for step, _ in frames]) if frames else []
    collection = need("matplotlib.collections", "plot", WHERE).PatchCollection
    width, opacity = (1.3, 1.0) if len(frames) <= CROWDED else (0.7, 0.45)
    axes.add_collection(collection(drawn, facecolor="none", edgecolor=edges, linewidth=width, alpha=opacity))


def _legend(figure: Any) -> None:
    patches = need("matplotlib.patches", "plot", WHERE)
    events, salient = patches.Patch(color="#777777"), patches.Patch(color=ORANGE, alpha=0.8)
    box = patches.Patch(facecolor="none", edgecolor="#0b62c4", linewidth=1.3)
    names = ["events (darker: more)", "saliency: what made the last layer fire", "box"]
    figure.legend([events, salient, box], names, loc="outside lower center", ncols=3, frameon=False, fontsize="small")
