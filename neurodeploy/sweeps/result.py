"""The table of a sweep, what is best in it, and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurodeploy.document import Block, line, plain_text
from neurodeploy.finding import Finding
from neurodeploy.html import html_document
from neurodeploy.table import Table, csv_text

Row = Mapping[str, Any]
MEASURED: dict[str, type] = {
    "verdict": str,
    "worst_layer": str,
    "worst_jaccard": float,
    "accuracy_network": float,
    "accuracy_program": float,
    "accuracy_target": float,
    "weight_memory_bits": int,
    "footprint_bytes": int,
    "effective_acs": float,
    "effective_macs": float,
    "error": str,
}
"""Columns that are measured, and what they hold; the others are the choices, and the command that makes the row."""
COST, KEPT, ACCURACY = "weight_memory_bits", "worst_jaccard", "accuracy_target"
ON_A_TERMINAL = {"verdict": "verdict", KEPT: ">worst Jaccard", ACCURACY: ">accuracy", COST: ">weight bits"}
SHOWN = 40


@dataclass(frozen=True, eq=False)
class Sweep:
    """Rows in the order of their choices.

    - ``choices``: names of the columns that were chosen. ``budget``: the Jaccard index that the best row must reach.
    - ``computed``: rows that were not there before; ``findings``: what was left out.
    """

    rows: tuple[Row, ...]
    choices: tuple[str, ...]
    budget: float
    computed: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in order."""
        return (*self.choices, *MEASURED, "command")

    @property
    def best(self) -> Row | None:
        """The row of the fewest bits of weights among those that keep the budget; of equals the one that keeps more."""
        kept = [row for row in self.rows if row.get(KEPT) is not None and row[KEPT] >= self.budget]
        return min(kept, key=lambda row: (row[COST], -row[KEPT]), default=None)

    @property
    def front(self) -> tuple[Row, ...]:
        """Rows that no other one beats in both: fewer bits, or more of the spikes."""
        return self.front_of(KEPT)

    def front_of(self, name: str) -> tuple[Row, ...]:
        """The same for another column, where more is better."""
        rows = [row for row in self.rows if row.get(name) is not None]
        return tuple(row for row in rows if not any(_beats(other, row, name) for other in rows))

    def to_csv(self) -> str:
        """The table as CSV; what was not measured is empty."""
        return csv_text(self.columns, ([row.get(name) for name in self.columns] for row in self.rows))

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``sweep --json`` prints it."""
        rows = [{name: row.get(name) for name in self.columns} for row in self.rows]
        best = self.best
        return {
            "rows": rows,
            "budget": self.budget,
            "best": None if best is None else dict(best),
            "computed": self.computed,
            "findings": [finding.to_json() for finding in self.findings],
        }

    def blocks(self) -> list[Block]:
        """What it shows of itself: the table, then the best row."""
        varied = [name for name in self.choices if len({str(row.get(name)) for row in self.rows}) > 1]
        names = [*(varied or self.choices[:1]), *(name for name in ON_A_TERMINAL if _any(self.rows, name))]
        columns = [ON_A_TERMINAL.get(name, name) for name in names]
        cells = [[_cell(row.get(name)) for name in names] for row in self.rows[:SHOWN]]
        left = len(self.rows) - SHOWN
        title = f"{len(self.rows)} rows" + (f", the first {SHOWN} shown" if left > 0 else "")
        blocks: list[Block] = [Table(title, columns, cells)]
        errors = [row for row in self.rows if row.get("error")]
        blocks += [line(f"{len(errors)} rows failed; the first: {errors[0]['error']}")] if errors else []
        best = self.best
        if best is None:
            highest = max((row[KEPT] for row in self.rows if row.get(KEPT) is not None), default=None)
            reached = "" if highest is None else f"; the highest is {highest:.3f}"
            return [*blocks, line(f"best: no row keeps a Jaccard index of {self.budget:g} in every layer{reached}")]
        kept = f"at a Jaccard index of {best[KEPT]:.3f} in {best['worst_layer']}"
        words = f"best: {best[COST] / 8192:,.1f} KiB of weights {kept}"
        return [*blocks, line(words), line(str(best["command"]), indent=2)]

    def __repr__(self) -> str:
        return plain_text(self.blocks())

    def _repr_html_(self) -> str:
        return html_document(self.blocks())


def _beats(other: Row, row: Row, name: str) -> bool:
    no_worse = other[COST] <= row[COST] and other[name] >= row[name]
    return no_worse and (other[COST], other[name]) != (row[COST], row[name])


def _any(rows: Sequence[Row], name: str) -> bool:
    """Whether some row has a value there."""
    return any(row.get(name) not in (None, "") for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
