"""Runs what is not done yet of a case, unit by unit."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass

from tests.proof.case import Counts, ProofCase, total
from tests.proof.journal import Journal
from tests.proof.stamp import Stamp


@dataclass(frozen=True)
class Result:
    """The counts of a whole case; ``errors`` are units that could not be judged at all."""

    case: ProofCase
    seeds: int
    counts: Counts
    stamp: Stamp
    date: str
    errors: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every case was judged, there was one of each claim that can be judged here, and none failed."""
        return not self.errors and not self.counts.failed and all(each.cases > 0 for each in self._judged)

    @property
    def _judged(self) -> list[Counts]:
        return [self.of(claim.name) for claim in self.case.claims if claim.lacks() is None] or [self.counts]

    def of(self, claim: str) -> Counts:
        """The counts of one of its claims."""
        return self.counts.parts.get(claim, Counts(0)) if self.case.parts else self.counts


class ChangedError(Exception):
    """The sources changed while a proof ran, so that its counts would be about two versions."""


def run_case(
    case: ProofCase,
    journal: Journal,
    stamp: Callable[[], Stamp],
    executor: Executor,
    seeds: int | None = None,
    done: Callable[[range], None] = lambda _: None,
) -> Result:
    """Run the units that the journal lacks. Raises ChangedError when ``stamp`` changes meanwhile."""
    before = stamp()
    units = case.units(seeds)
    known = journal.entries(case.name, before.key)
    for unit in units:
        if unit in known:
            done(unit)
    waiting = {executor.submit(case.run, unit): unit for unit in units if unit not in known}
    errors: list[str] = []
    try:
        for future in as_completed(waiting):
            unit = waiting[future]
            error = future.exception()
            if error is not None:
                errors.append(f"seeds {unit.start}..{unit.stop - 1}: {type(error).__name__}: {error}")
                continue
            if stamp().key != before.key:
                raise ChangedError(f"the sources changed while {case.name} ran; run it again")
            journal.add(case.name, before.key, unit, future.result())
            done(unit)
    finally:
        for future in waiting:
            future.cancel()
    entries = [entry for unit, entry in journal.entries(case.name, before.key).items() if unit in units]
    date = max((entry.date for entry in entries), default="")
    counted = units[-1].stop if units else 0
    return Result(case, counted, total(entry.counts for entry in entries), before, date, tuple(sorted(errors)))


def die_quietly() -> None:
    """A worker interrupted from the keyboard ends without a word; its unit is done again next time."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
