"""What ``cost`` tells: counts, what was measured, and what a simulator estimates, each labelled as what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurodeploy.costs.counts import Costs
from neurodeploy.costs.measured import Measured
from neurodeploy.document import Block, line, plain_text, quiet
from neurodeploy.finding import Finding
from neurodeploy.html import html_document
from neurodeploy.sanafe.estimate import Estimate
from neurodeploy.table import Table, number


@dataclass(frozen=True, eq=False)
class CostReport:
    """The costs of a network on a stimulus.

    - ``counts``: exact counts of the ``network`` (float) and of the ``program`` (integers).
    - ``measured``: times and instructions, of the machine that each names.
    - ``estimate``: energy and time as a simulator estimates them, where it is installed.
    - ``findings``: what was guessed to make the stimulus, and why there is no estimate.
    """

    counts: tuple[Costs, ...]
    measured: tuple[Measured, ...] = ()
    findings: tuple[Finding, ...] = ()
    estimate: Estimate | None = None

    def __getitem__(self, rung: str) -> Costs:
        """The counts of a rung: ``network`` or ``program``. Raises KeyError for another."""
        return {costs.rung: costs for costs in self.counts}[rung]

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``cost --json`` prints it."""
        return {
            "counts": {costs.rung: costs.to_json() for costs in self.counts},
            "measured": [measured.to_json() for measured in self.measured],
            "estimate": None if self.estimate is None else self.estimate.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
        }

    def blocks(self) -> list[Block]:
        """What it shows of itself: counts first."""
        blocks: list[Block] = [line("counts, exact (definitions of NeuroBench 2.3.0, batch size 1)", heading=True)]
        for costs in self.counts:
            blocks += costs.blocks()
        if self.measured:
            blocks += [line("measured", heading=True), measured_table(self.measured)]
            blocks += [quiet(f"{m.quantity}: {m.how}", indent=2) for m in self.measured]
        return [*blocks, *(() if self.estimate is None else self.estimate.blocks())]

    def __repr__(self) -> str:
        return plain_text(self.blocks())

    def _repr_html_(self) -> str:
        return html_document(self.blocks())


def measured_table(measured: tuple[Measured, ...]) -> Table:
    """A row per measured quantity."""
    rows = [(m.quantity, number(round(m.value, 3)), m.unit, m.machine) for m in measured]
    return Table("", ("measured", ">value", "unit", "machine"), rows)
