"""How a check is cut into groups of samples and chunks of steps, so that its memory does not grow with either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BLOCK, FEWEST_STEPS, LARGEST = 1 << 21, 10, 3 << 20
"""Neurons times steps times samples that are compared at once: some 50 bytes each. Of a wide network so many steps are,
where they are no more than ``LARGEST``: what is done block by block costs less then."""
RUN = 1 << 22
"""The same of what a source or a target does in one call, which nothing can cut in time."""
WHOLE = 1 << 23
"""The same of a check that runs as it is defined, on the reference: beyond that, on compiled code."""
LOOK, FEWEST_LOOKED = 1 << 19, 2
"""The same of what rounding can make is asked of where no costs are asked for, and its fewest steps."""
ALONE = 1 << 23
"""The same of a larger check in which every node is fed what the network sent."""
PART, JUDGED, FEWEST_JUDGED = 1 << 22, 1 << 19, 2
"""The same of what the reference judges of a check that runs on compiled code, of a block, and its fewest steps."""
SEED = 0


@dataclass(frozen=True)
class Plan:
    """The groups and chunks of a run of ``samples`` and ``steps``.

    - ``together``: samples that a source or a target runs in one call; ``group``: those that are compared at once.
    - ``chunk``: steps that are compared at once.
    - ``small``: whether the reference can run all of it in a few seconds.
    """

    samples: int
    steps: int
    neurons: int
    together: int
    group: int
    chunk: int

    @staticmethod
    def of(samples: int, steps: int, neurons: int) -> Plan:
        """The plan for a network of so many neurons."""
        width = max(neurons, 1)
        together = min(samples, max(1, RUN // (width * steps)))
        group = min(together, max(1, BLOCK // width))
        if samples * steps * neurons <= WHOLE:
            together, group = samples, min(samples, max(1, BLOCK // (width * max(steps, 1))))
        return Plan(samples, steps, neurons, together, group, min(steps, _fitting(width * group)))

    @property
    def small(self) -> bool:
        """Whether the reference runs all of it in a few seconds."""
        return self.samples * self.steps * self.neurons <= WHOLE

    @property
    def recordable(self) -> tuple[int, int]:
        """First samples and steps whose states can be held all at once; of a small check all."""
        if self.small:
            return self.samples, self.steps
        return self._first(RUN, self.steps)

    @property
    def looked(self) -> tuple[int, tuple[slice, ...]]:
        """First samples, and steps of which it is asked what rounding can make; of a small check all.

        Half of the steps are the first ones, half the last ones that the states of one block hold: by then deeper
        layers have received something.
        """
        if self.small:
            return self.samples, (slice(0, self.steps),)
        samples, steps = self._first(max(LOOK, min(FEWEST_LOOKED * self.neurons, LARGEST)), self.steps)
        end, later = min(self.steps, max(steps, _fitting(max(self.neurons, 1) * samples))), steps // 2
        if end == steps or not later:
            return samples, (slice(0, steps),)
        return samples, (slice(0, steps - later), slice(end - later, end))

    @property
    def alone(self) -> tuple[int, int]:
        """First samples and steps in which nodes are fed what the network sent, whole blocks; of a small check all."""
        if self.small:
            return self.samples, self.steps
        samples, steps = self._first(ALONE, self.steps)
        whole = -(-samples // self.group) * self.group, -(-steps // self.chunk) * self.chunk
        return min(self.samples, whole[0]), min(self.steps, whole[1])

    def _first(self, cells: int, most: int) -> tuple[int, int]:
        """First samples and steps, ``most`` at most, of so many cells together."""
        width = max(self.neurons, 1)
        steps = min(most, max(1, cells // width))
        return min(self.samples, max(1, cells // (width * steps))), steps

    def runs(self) -> Iterator[slice]:
        """Samples of each call of a source or a target."""
        return _cut(0, self.samples, self.together)

    def groups(self, run: slice) -> Iterator[slice]:
        """Samples of each group of a run."""
        return _cut(run.start, run.stop, self.group)

    def chunks(self, stop: int | None = None) -> Iterator[slice]:
        """Steps of each block."""
        return _cut(0, self.steps if stop is None else stop, self.chunk)

    @property
    def blocks(self) -> int:
        """Blocks of one sample in all samples: what the reference's part is counted in."""
        return self.samples * -(-self.steps // self.chunk)

    @property
    def judged(self) -> int:
        """Steps that the reference judges of a block of one sample: its first ones."""
        return min(self.chunk, max(FEWEST_JUDGED, JUDGED // max(self.neurons, 1)))

    def reference_part(self) -> dict[int, frozenset[int]]:
        """By sample, the first steps of the blocks that the reference judges: the first of all, and seeded ones.

        A sixteenth of them, or as many as make up ``PART`` cells where that is less; two at least.
        """
        starts = range(0, self.steps, self.chunk)
        most = max(2, min(self.blocks // 16, PART // (max(self.neurons, 1) * self.judged)))
        drawn = np.random.Generator(np.random.PCG64(SEED)).permutation(self.blocks)[: most - 1]
        chosen: dict[int, set[int]] = {0: {0}}
        for number in map(int, drawn):
            chosen.setdefault(number // len(starts), set()).add(starts[number % len(starts)])
        return {sample: frozenset(steps) for sample, steps in chosen.items()}


def _fitting(width: int) -> int:
    """Steps of so many cells each that are held at once."""
    return max(1, BLOCK // width, min(FEWEST_STEPS, LARGEST // width))


def _cut(start: int, stop: int, size: int) -> Iterator[slice]:
    return (slice(first, min(first + size, stop)) for first in range(start, stop, size))
