"""What held-out star fields say of a detector: masks, boxes and fields, each counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .detection import Decoder
from .scores import Counts, boxes_mask, pixel_counts
from .smash import Box

NOTHING = Counts(0, 0, 0, 0)
Recorded = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Judgement:
    """How a detector did on some fields.

    - ``pixels``: the original's counts over each field's mask, of all pixels in any of its boxes, see
      :func:`.scores.pixel_counts`.
    - ``fields``: the same four counts over fields: is a satellite in it, and was any box drawn.
    - ``offsets``: of each box that was drawn while a satellite was on the sensor, the distance in pixels between the
      middles of box and satellite. ``lost``: boxes drawn while there was none. ``shown``, ``boxed``: steps with a
      satellite on the sensor, and those of them with a box.
    """

    pixels: Counts = NOTHING
    fields: Counts = NOTHING
    offsets: tuple[float, ...] = ()
    lost: int = 0
    shown: int = 0
    boxed: int = 0

    @property
    def offset(self) -> float:
        """Mean distance between the middles of a box and the satellite, pixels; nan without boxes."""
        return float(np.mean(self.offsets)) if self.offsets else float("nan")

    def __add__(self, other: Judgement) -> Judgement:
        return Judgement(
            self.pixels + other.pixels,
            self.fields + other.fields,
            self.offsets + other.offsets,
            self.lost + other.lost,
            self.shown + other.shown,
            self.boxed + other.boxed,
        )


def judge(decoder: Decoder, recorded: Sequence[Recorded], boxes: Sequence[NDArray[np.int64]]) -> Judgement:
    """All samples together.

    Args:
        decoder: of the encoder whose spikes these are.
        recorded: of each sample ``lif1, lif2, lif3``, (T, C, H, W).
        boxes: of each sample where its satellites are, (T, S, 4), as :meth:`StarField.boxes` gives them.
    """
    total = Judgement()
    for spikes, truth in zip(recorded, boxes, strict=True):
        total = total + _judge_sample(decoder, spikes, truth)
    return total


def _judge_sample(decoder: Decoder, recorded: Recorded, truth: NDArray[np.int64]) -> Judgement:
    size = recorded["lif1"].shape[-2:]
    instances = decoder.instances(recorded)
    drawn = decoder.grouped(instances, len(truth))
    mask = boxes_mask(np.array([(box.x0, box.y0, box.x1, box.y1) for here in drawn for box in here], np.int64), size)
    found, there = any(drawn), bool((truth[..., 0] >= 0).any())
    fields = Counts(int(found and there), int(there and not found), int(found and not there), int(not (found or there)))
    shown = np.atleast_1d((truth[..., 0] >= 0).any(1))
    offsets = [_nearest(box, truth[step]) for step, here in enumerate(drawn) for box in here if shown[step]]
    lost = sum(len(here) for step, here in enumerate(drawn) if not shown[step])
    boxed = sum(bool(here) for step, here in enumerate(drawn) if shown[step])
    pixels = pixel_counts(mask, boxes_mask(truth, size))
    return Judgement(pixels, fields, tuple(offsets), lost, int(shown.sum()), boxed)


def _nearest(box: Box, truth: NDArray[np.int64]) -> float:
    middles = [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in truth.tolist() if x0 >= 0]
    return min(float(np.hypot(box.center[0] - x, box.center[1] - y)) for x, y in middles)
