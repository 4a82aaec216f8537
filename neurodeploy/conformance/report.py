"""What the suite says of a target: every case, a table of operators and attributes, and the smallest failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from neurodeploy.conformance.modes import Difference, Mode
from neurodeploy.conformance.suite import Failure
from neurodeploy.document import Block, Span, Tone, line, plain_text, quiet
from neurodeploy.evidence import Evidence
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.program.program import Program
from neurodeploy.table import Table

Status = Literal["passed", "unsupported", "failed"]
TONES: dict[Status, Tone] = {"passed": "good", "unsupported": "quiet", "failed": "bad"}
LISTED = 12


@dataclass(frozen=True)
class Outcome:
    """A case: ``unsupported`` where the target's own declaration refuses it, ``failed`` where that allows it.

    ``operator`` is ``random`` for a drawn network; ``reason``: the refusal, or what differed; ``modes``: how it ran.
    """

    name: str
    operator: str
    attribute: str
    edge: str
    status: Status
    reason: str = ""
    modes: tuple[Mode, ...] = ()
    first: Difference | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        first = None if self.first is None else self.first.to_json()
        return {**vars(self), "modes": list(self.modes), "first": first}


@dataclass(frozen=True, eq=False)
class Conformance:
    """The outcome of the suite on a target.

    - ``drawn``, ``seed``: how many networks were drawn at random, and from which seed.
    - ``modes``: how many cases ran in each mode. ``notes``: what the target does not offer.
    - ``smallest``: the smallest failing case, None where nothing failed; ``saved``: the folder that holds it.
    """

    target: str
    numerics: str
    options: Mapping[str, str]
    drawn: int
    seed: int
    outcomes: tuple[Outcome, ...]
    modes: Mapping[Mode, int]
    evidence: Evidence
    notes: tuple[str, ...] = ()
    smallest: Failure | None = field(default=None)
    saved: str = ""

    def count(self, status: Status) -> int:
        """How many cases ended so."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def verdict(self) -> Literal["agree", "diverged", "inconclusive"]:
        """``inconclusive`` where nothing ran, or where the target runs the reference's own code."""
        if self.count("failed"):
            return "diverged"
        return "agree" if self.count("passed") and self.evidence.independent else "inconclusive"

    def table(self) -> Table:
        """A row for every attribute of every operator, and one for drawn networks."""
        rows: dict[tuple[str, str], dict[Status, int]] = {}
        for outcome in self.outcomes:
            row = rows.setdefault((outcome.operator, outcome.attribute), {})
            row[outcome.status] = row.get(outcome.status, 0) + 1
        statuses: tuple[Status, ...] = ("passed", "unsupported", "failed")
        cells = [(*key, *(row.get(status, "") for status in statuses)) for key, row in rows.items()]
        return Table("", ("operator", "attribute", *(f">{status}" for status in statuses)), cells)

    def blocks(self) -> list[Block]:
        """The table, what failed, the smallest failing program, and the verdict."""
        failed = [outcome for outcome in self.outcomes if outcome.status == "failed"]
        reasons = {o.reason: o.name for o in self.outcomes if o.status == "unsupported"}
        blocks: list[Block] = [line(f"{self.target} under {self.numerics} numerics", heading=True), self.table()]
        if reasons:
            blocks.append(line("unsupported, as the target declares", heading=True))
            blocks += [quiet(f"{name}: {reason}", indent=2) for reason, name in list(reasons.items())[:LISTED]]
            blocks += [quiet(f"and {len(reasons) - LISTED} more reasons", 2)] if len(reasons) > LISTED else []
        if failed:
            blocks.append(line("failed", heading=True))
            blocks += [line(Span(o.name, "bad"), f" ({o.modes[-1]}): {o.reason}", indent=2) for o in failed[:LISTED]]
            blocks += [quiet(f"and {len(failed) - LISTED} more", 2)] if len(failed) > LISTED else []
        if self.smallest is not None:
            blocks += _smallest(self.smallest, self.saved)
        blocks.append(line("verdict", heading=True))
        blocks += [quiet(note, indent=2) for note in self.notes]
        counts = ", ".join(f"{self.count(status)} {status}" for status in TONES)
        tones: dict[str, Tone] = {"agree": "good", "diverged": "bad", "inconclusive": "warning"}
        blocks.append(
            line(
                Span(self.verdict, tones[self.verdict]),
                f": {counts}; {self.drawn} networks drawn from seed {self.seed}",
            )
        )
        if not self.evidence.independent:
            blocks.append(line(f"its runs are no evidence: {self.evidence.reason}"))
        return blocks

    def to_json(self) -> dict[str, Any]:
        """As plain data, as ``--json`` prints it."""
        smallest = None
        if self.smallest is not None:
            smallest = {
                "case": self.smallest.case.name,
                "mode": self.smallest.mode,
                "reason": self.smallest.reason,
                "first": None if self.smallest.first is None else self.smallest.first.to_json(),
                "program": describe(self.smallest.case.program),
                "samples": self.smallest.case.stimulus.batch,
                "steps": self.smallest.case.steps,
                "saved": self.saved or None,
            }
        return {
            "target": self.target,
            "numerics": self.numerics,
            "options": dict(self.options),
            "verdict": self.verdict,
            "seed": self.seed,
            "drawn": self.drawn,
            "counts": {status: self.count(status) for status in TONES},
            "modes": dict(self.modes),
            "evidence": self.evidence.to_json(),
            "notes": list(self.notes),
            "cases": [outcome.to_json() for outcome in self.outcomes],
            "smallest": smallest,
        }

    def __repr__(self) -> str:
        return plain_text(self.blocks())

    def _repr_html_(self) -> str:
        counts = ", ".join(f"{self.count(status)} {status}" for status in TONES)
        return fragment(html_note(f"{self.target}: {self.verdict}: {counts}"), html_table(*self.table()))


def _smallest(failure: Failure, saved: str) -> list[Block]:
    case = failure.case
    head = f"smallest failing program: {case.stimulus.batch} samples, {case.steps} steps, mode {failure.mode}"
    blocks: list[Block] = [line(head, heading=True)]
    blocks += [line(text, indent=2) for text in describe(case.program)]
    for name, values in case.stimulus.items():
        if values.size <= 40:
            blocks.append(line(f"shown {name}: {np.array2string(values.reshape(-1), separator=' ')}", indent=2))
    blocks.append(line(failure.reason, indent=2))
    return [*blocks, quiet(f"saved in {saved}", 2)] if saved else blocks


def describe(program: Program) -> list[str]:
    """A line for every node and projection, with what it has beyond the plainest of its kind."""
    lines = [f"input {node.name} {list(node.shape)}, {node.bits} bits" for node in program.inputs]
    for p in program.populations:
        skipped = ("name", "shape", "kind", "scale", "unit", "output", "inserted")
        terms = [f"{key}={_short(value)}" for key, value in vars(p).items() if key not in skipped and _says(value)]
        lines.append(f"{p.kind} {p.name} {list(p.shape)}: {', '.join(terms)}")
    for p in program.projections:
        delayed = f", delay {p.delay}" if p.delay else ""
        shifted = f", shift {p.shift}" if p.shift else ""
        lines.append(f"{p.kind} {p.source} -> {p.target}: weights {_short(p.weights)}{shifted}{delayed}")
    return lines


def _says(value: object) -> bool:
    return value is not None and value is not False and not np.array_equal(np.asarray(value), np.asarray(0))


def _short(value: object) -> str:
    array = np.asarray(value)
    if array.ndim == 0:
        return str(value)
    if array.size <= 12:
        return " ".join(str(array.tolist()).split())
    return f"{list(array.shape)} in {array.min()}..{array.max()}"
