"""ASH and SMASH: which single spikes belong to one object, by what made them and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Box:
    """Columns ``x0..x1`` and rows ``y0..y1`` of pixels, all inclusive: one pixel is a box of area 1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def around(cls, mask: Bits) -> Box | None:
        """The smallest box around what is set in (H, W); None where nothing is."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])) if len(rows) else None

    @property
    def area(self) -> int:
        """Pixels inside."""
        return (self.x1 - self.x0 + 1) * (self.y1 - self.y0 + 1)

    @property
    def center(self) -> tuple[float, float]:
        """Column and row of its middle."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))


@dataclass(frozen=True, eq=False)
class Instance:
    """One spike of the last layer, decoded: its step, the pixels that made it and the features that did.

    ``mask``: (H, W). ``ash``: (features, steps), which feature maps of all three layers had a part in it and when: the
    "active spike hash". ``box``: around the mask.
    """

    step: int
    mask: Bits
    ash: Bits
    box: Box


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0) + 1
    height = min(first.y1, second.y1) - max(first.y0, second.y0) + 1
    common = max(width, 0) * max(height, 0)
    return common / (first.area + second.area - common)


def jaccard(first: Bits, second: Bits) -> float:
    """Common entries of two hashes over those of either; 0 where both are empty."""
    either = int((first | second).sum())
    return int((first & second).sum()) / either if either else 0.0


def smash(first: Instance, second: Instance) -> float:
    """Jaccard(ASH, ASH) x IoU(box, box). Source: Kirkland et al. 2022, "Similarity Matching through Active Spike
    Hashing"."""
    return jaccard(first.ash, second.ash) * iou(first.box, second.box)


def objects(instances: Sequence[Instance], threshold: float = 0.1) -> list[list[Instance]]:
    """Instances in groups: two whose SMASH score is above ``threshold`` belong to one object, and so on from each."""
    groups: list[list[Instance]] = []
    for instance in instances:
        near = [group for group in groups if any(smash(instance, other) > threshold for other in group)]
        groups = [group for group in groups if all(group is not other for other in near)]
        groups.append([*(other for group in near for other in group), instance])
    return groups
