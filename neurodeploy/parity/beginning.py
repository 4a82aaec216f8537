"""What a run sent in its first samples and steps, kept for a comparison with another run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from neurodeploy.integers import narrowed
from neurodeploy.parity.block import Place
from neurodeploy.trace import Entry, Trace, joined

SAMPLES, STEPS, CELLS = 2, 64, 1 << 23
"""Samples and steps that are kept at most, and cells of all nodes, which shorten the steps of a large network."""


class Beginning:
    """The outputs of ``nodes`` in the first samples and steps of a run whose blocks are added in order.

    ``neurons``: how many all nodes have together.
    """

    def __init__(self, nodes: Iterable[str], neurons: int) -> None:
        self._nodes = tuple(nodes)
        self.steps = max(1, min(STEPS, CELLS // (SAMPLES * max(neurons, 1))))
        self._blocks: dict[int, list[Trace]] = {}

    def add(self, trace: Trace, place: Place) -> None:
        """Keep what of a block belongs to the beginning."""
        rows, left = min(trace.batch, SAMPLES - place.sample), self.steps - place.step
        if rows <= 0 or left <= 0:
            return
        entries = {name: _kept(trace[name].part(slice(0, rows), slice(0, left))) for name in self._nodes}
        self._blocks.setdefault(place.sample, []).append(Trace(entries))

    def trace(self) -> Trace:
        """All that was kept. Raises IndexError where nothing was added."""
        return joined([joined(blocks, 1) for _, blocks in sorted(self._blocks.items())], 0)


def _kept(entry: Entry) -> Entry:
    """The outputs alone, in arrays of their own: a view would keep the whole block."""
    return replace(entry.outputs(), output=narrowed(entry.output).copy())
