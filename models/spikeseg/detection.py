"""From recorded spikes to instances, masks and boxes: the host's part of SpikeSEG, in numpy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hulk import Activity, tied, unravel
from .smash import Box, Instance, objects

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]
NODES = ("lif1", "lif2", "lif3")


@dataclass(frozen=True)
class Rule:
    """How saliency becomes boxes.

    - ``share``: of an instance's largest saliency, from which a pixel belongs to it.
    - ``similar``: the SMASH score above which two instances are one object.
    - ``spikes``: instances that an object has at least.
    - ``margin``: pixels by which a box is larger each way than what is salient; by default half the side of the first
      kernels, which look that far around a place.
    """

    share: float = 0.5
    similar: float = 0.1
    spikes: int = 1
    margin: int = 2


@dataclass(frozen=True, eq=False)
class Decoder:
    """Decodes the spikes of one sample by the encoder's own weights, ``conv1, conv2, conv3``: (out, in, k, k)."""

    kernels: Mapping[str, Array]
    pool: int = 2
    rule: Rule = Rule()

    @classmethod
    def of(cls, encoder: Any, rule: Rule = Rule()) -> Decoder:
        """The decoder of an encoder, tied to its weights as they are now.

        Raises ValueError where a pool's stride is not its side: its windows overlap, and so would what is unpooled.
        """
        pools = {(pool.kernel, pool.stride) for pool in (encoder.config.pool1, encoder.config.pool2)}
        return cls(tied(encoder), undone(pools), rule)

    def instances(self, recorded: Mapping[str, NDArray[Any]]) -> list[Instance]:
        """Every spike of ``lif3`` of one sample, decoded by itself.

        ``recorded``: ``lif1, lif2, lif3``, (T, C, H, W). A spike of which nothing in its own step is left is skipped.
        """
        spikes = {name: np.asarray(recorded[name]) != 0 for name in NODES}
        found: list[Instance | None] = []
        for step in np.flatnonzero(spikes["lif3"].any((1, 2, 3))).tolist():
            activity = Activity({name: values[step] for name, values in spikes.items()}, self.pool)
            for feature, row, column in np.argwhere(spikes["lif3"][step]).tolist():
                sent = np.zeros(spikes["lif3"].shape[1:])
                sent[feature, row, column] = 1.0
                found.append(self._instance(activity, sent, step, len(spikes["lif3"])))
        return [instance for instance in found if instance is not None]

    def saliency(self, recorded: Mapping[str, NDArray[Any]]) -> Array:
        """What each pixel added to the spikes of ``lif3``, of all its channels: (T, H, W), at least 0."""
        spikes = {name: np.asarray(recorded[name]) != 0 for name in NODES}
        steps, _, height, width = spikes["lif1"].shape
        planes = np.zeros((steps, height, width))
        for step in np.flatnonzero(spikes["lif3"].any((1, 2, 3))):
            activity = Activity({name: values[step] for name, values in spikes.items()}, self.pool)
            back, _ = unravel(self.kernels, activity, spikes["lif3"][step].astype(np.float64))
            planes[step] = np.maximum(back, 0.0).sum(0)
        return planes

    def boxes(self, recorded: Mapping[str, NDArray[Any]]) -> list[list[Box]]:
        """The boxes of the objects of each step."""
        return self.grouped(self.instances(recorded), len(recorded["lif3"]))

    def grouped(self, instances: Sequence[Instance], steps: int) -> list[list[Box]]:
        """The boxes that instances make, by step, each with its margin as far as the sensor reaches."""
        by_step: list[list[Instance]] = [[] for _ in range(steps)]
        for instance in instances:
            by_step[instance.step].append(instance)
        return [
            [
                _around(group, self.rule.margin)
                for group in objects(found, self.rule.similar)
                if len(group) >= self.rule.spikes
            ]
            for found in by_step
        ]

    def _instance(self, activity: Activity, sent: Array, step: int, steps: int) -> Instance | None:
        back, features = unravel(self.kernels, activity, sent)
        plane = np.maximum(back, 0.0).sum(0)
        if not plane.any():
            return None
        mask = plane >= self.rule.share * plane.max()
        ash = np.zeros((len(features), steps), np.bool_)
        ash[:, step] = features
        box = Box.around(mask)
        return None if box is None else Instance(step, mask, ash, box)


def undone(pools: Collection[tuple[int, int]]) -> int:
    """The side of pools (kernel, stride), as unpooling needs them. Raises ValueError where they cannot be undone."""
    side, stride = next(iter(pools))
    if len(pools) > 1 or side != stride:
        raise ValueError(f"pools of (kernel, stride) {sorted(pools)} cannot be undone; use one with stride = kernel")
    return side


def _around(group: Sequence[Instance], margin: int) -> Box:
    box = group[0].box
    for instance in group[1:]:
        box = box.joined(instance.box)
    height, width = group[0].mask.shape
    last = (min(box.x1 + margin, width - 1), min(box.y1 + margin, height - 1))
    return Box(max(box.x0 - margin, 0), max(box.y0 - margin, 0), *last)
