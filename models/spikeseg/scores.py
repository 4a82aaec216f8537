"""How well boxes and masks of satellites are found: the counts of the original's evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """Pixels judged: hits, misses, false alarms and right rejections."""

    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int

    @property
    def sensitivity(self) -> float:
        """TP / (TP + FN); nan without positives."""
        return _share(self.true_positive, self.false_negative)

    @property
    def specificity(self) -> float:
        """TN / (TN + FP); nan without negatives."""
        return _share(self.true_negative, self.false_positive)

    @property
    def informedness(self) -> float:
        """Sensitivity + specificity - 1."""
        return self.sensitivity + self.specificity - 1.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_positive + other.true_positive,
            self.false_negative + other.false_negative,
            self.false_positive + other.false_positive,
            self.true_negative + other.true_negative,
        )


def pixel_counts(predicted: Bits, truth: Bits, tolerance: int = 1) -> Counts:
    """The original's counts over masks (..., H, W): a predicted pixel is right within ``tolerance`` of the truth.

    TP: predicted, in the truth grown by ``tolerance`` pixels. FP: predicted, outside of it. TN: neither predicted nor
    in the truth itself. FN: in the truth, not predicted. So pixels of the margin are either TP or TN.
    """
    grown = dilated(truth, tolerance)
    return Counts(
        int((predicted & grown).sum()),
        int((truth & ~predicted).sum()),
        int((predicted & ~grown).sum()),
        int((~predicted & ~truth).sum()),
    )


def dilated(mask: Bits, pixels: int) -> Bits:
    """A mask (..., H, W) grown by a square of 2 ``pixels`` + 1."""
    grown = mask.copy()
    height, width = mask.shape[-2:]
    for down in range(-pixels, pixels + 1):
        for right in range(-pixels, pixels + 1):
            to = (slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0)))
            of = (slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0)))
            grown[(..., *to)] |= mask[(..., *of)]
    return grown


def boxes_mask(boxes: NDArray[np.int64], size: tuple[int, int]) -> Bits:
    """All pixels (H, W) of boxes (..., 4), x0, y0, x1, y1 inclusive, of which those with -1 are absent."""
    mask = np.zeros(size, np.bool_)
    for x0, y0, x1, y1 in boxes.reshape(-1, 4):
        if x0 >= 0:
            mask[y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else float("nan")
