"""Contestants measured in turn, round after round, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.words import one_line

Seconds = float
Rounds = list[float | None]


@dataclass(frozen=True, eq=False)
class Contestant:
    """Something that gives seconds per step when asked.

    ``most``: rounds it takes part in at most (it is slow). A contestant that could not be set up has a ``missing``
    reason instead of a measure.
    """

    name: str
    measure: Callable[[], Seconds] | None = None
    most: int | None = None
    missing: str = ""
    note: str = ""


@dataclass(frozen=True)
class Measured:
    """Seconds per step by round, None where it did not take part; or why it was not measured."""

    name: str
    rounds: tuple[float | None, ...] = ()
    missing: str = ""
    note: str = ""

    @property
    def median(self) -> float | None:
        """Median of its rounds."""
        given = [each for each in self.rounds if each is not None]
        return median(given) if given else None


def interleave(
    contestants: Sequence[Contestant], rounds: int, progress: Callable[[str], None] = lambda name: None
) -> dict[str, Measured]:
    """Every contestant once per round. One that fails is not asked again, and is not measured."""
    taken: dict[str, Rounds] = {each.name: [] for each in contestants}
    reasons = {each.name: one_line(each.missing) or "no reason given" for each in contestants if each.measure is None}
    for number in range(rounds):
        for each in contestants:
            progress(each.name)
            taken[each.name].append(_once(each, number, reasons))
    return {
        each.name: Measured(each.name, missing=reasons[each.name], note=each.note)
        if each.name in reasons
        else Measured(each.name, tuple(taken[each.name]), note=each.note)
        for each in contestants
    }


def _once(contestant: Contestant, number: int, reasons: dict[str, str]) -> float | None:
    if contestant.measure is None or contestant.name in reasons:
        return None
    if contestant.most is not None and number >= contestant.most:
        return None
    try:
        return contestant.measure()
    except Exception as error:  # whatever a foreign program does, the others are still measured
        reasons[contestant.name] = one_line(f"{type(error).__name__}: {error}")
        return None


def ratio(slow: Measured | None, fast: Measured | None) -> float | None:
    """How many times faster ``fast`` is: the median of the ratios of the rounds both took part in."""
    if slow is None or fast is None:
        return None
    pairs = zip(slow.rounds, fast.rounds, strict=False)
    each = [a / b for a, b in pairs if a is not None and b is not None]
    return median(each) if each else None


def ratios(measured: Mapping[str, Measured], ours: str) -> dict[str, float | None]:
    """Every contestant's ratio to ``ours``."""
    return {name: ratio(each, measured.get(ours)) for name, each in measured.items()}
