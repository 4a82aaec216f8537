"""Changes that were really tried on a stimulus, and what they bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "calibrate",
    "finer units",
    "wider weights in one layer",
    "wider weights",
    "other numerics",
    "calibrate wider weights",
]
"""In the order in which one is preferred to another that brings as much."""
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


def best_for(remedies: Iterable[Remedy], node: str) -> Remedy | None:
    """The remedy that brings a node's Jaccard highest; of several that bring as much, the first. None where none does.

    A remedy that does not raise it is none.
    """
    chosen: Remedy | None = None
    for remedy in remedies:
        if remedy.refused or node not in remedy.after or remedy.after[node] <= remedy.before[node] + SAME:
            continue
        if chosen is None or remedy.after[node] > chosen.after[node] + SAME:
            chosen = remedy
    return chosen


def best_of(remedies: Iterable[Remedy]) -> Remedy | None:
    """The remedy whose worst node is best; of several, the first."""
    tried = [remedy for remedy in remedies if not remedy.refused]
    return max(tried, key=lambda remedy: round(remedy.worst, 3), default=None)
