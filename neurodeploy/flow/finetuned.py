"""What fine-tuning did: the trained network, its scores, and how like the original it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_table
from neurodeploy.network.network import Network
from neurodeploy.table import Table

INEXACT = "the membranes of some neurons saturate on the samples held out, which the float network does not do"


@dataclass(frozen=True, eq=False)
class Finetuned:
    """A trained network, and what training did.

    - ``network``: what ``export`` and ``check`` take; ``path``: the file it was written to.
    - ``accuracy``: share of right classes among the samples held out, by ``float``, ``start`` and ``trained``; empty
      without labels. ``losses``: of the same samples, by ``start`` and ``trained``.
    - ``kept``: the epoch that was kept; 0 is the start. ``epochs``: loss and accuracy of every one.
    - ``likeness``: Jaccard index of every spiking node, original network to trained program; ``likeness_at_start``:
      to the program that training started from.
    - ``exact``: whether trained network and program are equal in every node, on the samples held out.
    """

    path: Path
    network: Network
    accuracy: Mapping[str, float]
    losses: Mapping[str, float]
    kept: int
    epochs: tuple[Mapping[str, Any], ...]
    likeness_at_start: Mapping[str, float]
    likeness: Mapping[str, float]
    exact: bool

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What training noticed."""
        remedy = "start from a smaller scale, or train on"
        return () if self.exact else (Finding("saturation", "warning", "", INEXACT, remedy),)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Accuracy and likeness before and after, as tables."""
        rows = [
            (name, _percent(self.accuracy.get(name)), _number(self.losses.get(name)))
            for name in ("float", "start", "trained")
            if name in self.accuracy or name in self.losses
        ]
        scores = Table(f"samples held out, epoch {self.kept} kept", ("network", ">accuracy", ">loss"), rows)
        alike = [(name, f"{self.likeness_at_start[name]:.3f}", f"{value:.3f}") for name, value in self.likeness.items()]
        return scores, Table("Jaccard index, original to program", ("node", ">start", ">trained"), alike)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        kept = ("accuracy", "losses", "kept", "epochs", "likeness_at_start", "likeness", "exact")
        return {"path": str(self.path), **{name: getattr(self, name) for name in kept}}

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {value:.3f}" for name, value in self.accuracy.items())
        return f"Finetuned: {self.path}, epoch {self.kept} of {len(self.epochs) - 1}" + (
            f", accuracy {told}" if told else ""
        )

    def _repr_html_(self) -> str:
        return fragment(*(html_table(*table) for table in self.tables))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
