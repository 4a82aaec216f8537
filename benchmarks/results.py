"""The results of a run as plain values: the JSON file and every table are made of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.costs import Costs
from benchmarks.interleave import Measured, ratio
from benchmarks.operations import Operations
from benchmarks.roofline import Limits

OURS, ROOF = "neurodeploy", "roofline"


@dataclass(frozen=True)
class Equality:
    """How many of the cells (node, step, neuron) that a peer and the engine both show differ."""

    cells: int
    differing: int
    nodes: int

    def __str__(self) -> str:
        if self.differing:
            return f"DIFFERS in {self.differing:,} of {self.cells:,} cells"
        return f"equal ({self.nodes} nodes, {self.cells:,} cells)"


@dataclass(frozen=True)
class CaseResult:
    """The results on one workload.

    - ``asked_activity``: share of neurons that should fire per step; ``activity``: share that does, by node.
    - ``operations``: what a step is made of; ``measured``: everybody, by name; ``checked``: equality by peer, where it
      computes the same.
    - ``lava_startup``: seconds that Lava took beyond its steps.
    """

    name: str
    family: str
    size: int
    asked_activity: float
    dense: bool
    activity: dict[str, float]
    operations: Operations | None
    measured: dict[str, Measured]
    checked: dict[str, Equality] = field(default_factory=dict[str, Equality])
    lava_startup: float | None = None

    @property
    def ours(self) -> float | None:
        """Seconds per step of the engine."""
        return self.measured[OURS].median if OURS in self.measured else None

    def faster(self, name: str) -> float | None:
        """How many times faster than that contestant the engine is."""
        return ratio(self.measured.get(name), self.measured.get(OURS))

    @property
    def roof(self) -> float | None:
        """Seconds per step that the machine's limits allow, the median of the rounds."""
        return self.measured[ROOF].median if ROOF in self.measured else None

    @property
    def of_roof(self) -> float | None:
        """The engine's share of the roofline: the median of the shares of the same rounds."""
        return self.faster(ROOF)


@dataclass(frozen=True)
class Scaling:
    """Seconds per step (and sample, for batches) along one axis, by its value; all measured in the same rounds."""

    axis: str
    network: str
    points: dict[str, Measured]


@dataclass(frozen=True)
class Results:
    """A whole run."""

    about: dict[str, str]
    limits: Limits
    cases: tuple[CaseResult, ...]
    costs: tuple[Costs, ...]
    scaling: tuple[Scaling, ...]

    def case(self, family: str, size: int, activity: float) -> CaseResult | None:
        """The results on one workload, or None where it was not measured."""
        sought = family, size, activity
        return next((case for case in self.cases if (case.family, case.size, case.asked_activity) == sought), None)

    @property
    def diverged(self) -> list[str]:
        """The peers that should compute the same integers and did not."""
        return [f"{c.name}, {name}: {e}" for c in self.cases for name, e in c.checked.items() if e.differing]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with medians, ratios and shares beside the rounds."""
        return {
            "about": self.about,
            "limits": self.limits.as_dict(),
            "cases": [_case(entry) for entry in self.cases],
            "costs": [asdict(entry) for entry in self.costs],
            "scaling": [
                {"axis": s.axis, "network": s.network, "points": {k: _measured(m) for k, m in s.points.items()}}
                for s in self.scaling
            ],
        }


def _case(case: CaseResult) -> dict[str, Any]:
    return {
        "name": case.name,
        "family": case.family,
        "size": case.size,
        "wanted_activity": case.asked_activity,
        "activity": case.activity,
        "operations": None if case.operations is None else asdict(case.operations),
        "roof_seconds": case.roof,
        "share_of_roof": case.of_roof,
        "lava_startup_seconds": case.lava_startup,
        "contestants": {
            name: {
                **_measured(measured),
                "ratio": case.faster(name),
                "equality": asdict(case.checked[name]) if name in case.checked else None,
            }
            for name, measured in case.measured.items()
        },
    }


def _measured(measured: Measured) -> dict[str, Any]:
    if measured.missing:
        return {"not_measured": measured.missing}
    return {"seconds_per_step": measured.median, "rounds": list(measured.rounds), "note": measured.note}
