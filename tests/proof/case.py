"""One claim, and the function that counts how often it held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """What one or more units of work found.

    ``cases`` were judged; ``failed`` names the seeds at which the claim did not hold; ``tallies`` tell what was
    exercised meanwhile (spikes, resets, ...), for agreement about nothing proves nothing.
    """

    cases: int
    failed: tuple[int, ...] = ()
    tallies: Mapping[str, int] = field(default_factory=dict[str, int])


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of all counts."""
    every = list(counts)
    tallies: Counter[str] = Counter()
    for each in every:
        tallies.update(each.tallies)
    failed = sorted(seed for each in every for seed in each.failed)
    return Counts(sum(each.cases for each in every), tuple(failed), dict(tallies))


@dataclass(frozen=True)
class ProofCase:
    """A claim about every seed in ``range(seeds)``.

    ``lacks`` says what this computer lacks to judge it, or None. ``run`` takes a range of seeds and gives the same
    counts for the same seeds; it is called in other processes, so it stands at the top level of its module. ``batch``
    seeds make one unit of work: what an interruption can lose.
    """

    name: str
    proves: str
    seeds: int
    batch: int
    run: Callable[[range], Counts]
    lacks: Callable[[], str | None] = lambda: None

    def units(self, seeds: int | None = None) -> list[range]:
        """The work for the first ``seeds`` (all without a number), unit by unit."""
        last = self.seeds if seeds is None else min(seeds, self.seeds)
        return [range(first, min(first + self.batch, last)) for first in range(0, last, self.batch)]
