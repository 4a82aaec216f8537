"""One claim, and the function that counts how often it held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Counts:
    """What one or more units of work found.

    ``cases`` were judged; ``failed`` names the seeds at which the claim did not hold; ``tallies`` tell what was
    exercised meanwhile (spikes, resets, ...), for agreement about nothing proves nothing. ``parts``: the counts of
    claims that were judged at once, by name; the counts around them are their sum.
    """

    cases: int
    failed: tuple[int, ...] = ()
    tallies: Mapping[str, int] = field(default_factory=dict[str, int])
    parts: Mapping[str, Counts] = field(default_factory=dict[str, "Counts"])


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of all counts, part by part too."""
    every = list(counts)
    tallies: Counter[str] = Counter()
    for each in every:
        tallies.update(each.tallies)
    failed = sorted(seed for each in every for seed in each.failed)
    names = dict.fromkeys(name for each in every for name in each.parts)
    parts = {name: total(each.parts[name] for each in every if name in each.parts) for name in names}
    return Counts(sum(each.cases for each in every), tuple(failed), dict(tallies), parts)


def together(parts: Mapping[str, Counts]) -> Counts:
    """Claims judged at once, as one."""
    return replace(total(parts.values()), parts=parts)


@dataclass(frozen=True)
class Claim:
    """What a row of the table says; ``lacks`` tells what this computer lacks to judge it, or None."""

    name: str
    proves: str
    lacks: Callable[[], str | None] = lambda: None


@dataclass(frozen=True)
class ProofCase:
    """A claim about every seed in ``range(seeds)``.

    ``lacks`` says what this computer lacks to judge it, or None. ``run`` takes a range of seeds and gives the same
    counts for the same seeds; it is called in other processes, so it stands at the top level of its module. ``batch``
    seeds make one unit of work: what an interruption can lose.

    ``parts``: claims that share their work, each with a row of its own; ``run`` then counts every one that this
    computer can judge.

    ``tested_by``: a test that asks the same of a smaller part, where a single seed takes too long for ``make test``,
    which otherwise judges the first one.
    """

    name: str
    proves: str
    seeds: int
    batch: int
    run: Callable[[range], Counts]
    lacks: Callable[[], str | None] = lambda: None
    parts: tuple[Claim, ...] = ()
    tested_by: str = ""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What it proves, row by row."""
        return self.parts or (Claim(self.name, self.proves, self.lacks),)

    def units(self, seeds: int | None = None) -> list[range]:
        """The work for the first ``seeds`` (all without a number), unit by unit."""
        last = self.seeds if seeds is None else min(seeds, self.seeds)
        return [range(first, min(first + self.batch, last)) for first in range(0, last, self.batch)]
