"""Changes that were really tried on a stimulus, and what they bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "calibrate",
    "finer units",
    "room for membranes",
    "wider weights in one layer",
    "wider weights",
    "other numerics",
    "calibrate wider weights",
]
"""From the change that costs least to those that cost more synapses, another machine, or both."""
SAME = 5e-4
"""Jaccard indices that differ by less count as equal."""


@dataclass(frozen=True)
class Remedy:
    """A change of quantization that was tried.

    - ``how``: the options that make it, as the command line takes them.
    - ``before``, ``after``: Jaccard by spiking node, between the float network and the integers, on the same
      ``samples`` samples; where it was calibrated, on samples that it did not see, if there are enough (``held_out``).
    - ``task_before``, ``task_after``: the value of the task on them, where there is one.
    - ``refused``: why it cannot be made; then nothing was measured.
    """

    kind: Kind
    how: str
    before: Mapping[str, float]
    after: Mapping[str, float]
    samples: int = 0
    held_out: bool = False
    task_before: Mapping[str, Any] | None = None
    task_after: Mapping[str, Any] | None = None
    refused: str = ""

    @property
    def worst(self) -> float:
        """The Jaccard of the worst node after the change."""
        return min(self.after.values(), default=0.0)

    @property
    def accuracies(self) -> tuple[float, float] | None:
        """The accuracy before and after, where labels are known."""
        if self.task_before is None or self.task_after is None or "accuracy" not in self.task_after:
            return None
        return float(self.task_before["accuracy"]), float(self.task_after["accuracy"])

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "before": dict(self.before), "after": dict(self.after), "worst": self.worst}


def best_for(remedies: Iterable[Remedy], node: str, budget: float = 1.0) -> Remedy | None:
    """The first remedy that brings a node to the ``budget``, else the one that brings its Jaccard highest.

    Of several that bring as much, the first. None where none raises it.
    """
    rising = [
        remedy
        for remedy in remedies
        if not remedy.refused and node in remedy.after and remedy.after[node] > remedy.before[node] + SAME
    ]
    for remedy in rising:
        if remedy.before[node] < budget <= remedy.after[node]:
            return remedy
    chosen: Remedy | None = None
    for remedy in rising:
        if chosen is None or remedy.after[node] > chosen.after[node] + SAME:
            chosen = remedy
    return chosen


def best_of(remedies: Iterable[Remedy], budget: float = 1.0) -> Remedy | None:
    """The first remedy whose worst node reaches the ``budget``, else the one whose worst node is best."""
    tried = [remedy for remedy in remedies if not remedy.refused]
    enough = [remedy for remedy in tried if remedy.worst >= budget]
    return enough[0] if enough else max(tried, key=lambda remedy: round(remedy.worst, 3), default=None)
