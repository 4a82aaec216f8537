"""Contestants measured in turn, round after round, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.words import one_line

Seconds = float
Rounds = list[float | None]


@dataclass(frozen=True, eq=False)
class Contestant:
    """Something whose seconds per step are measured.

    - ``measure``: measures once; None where the contestant could not be set up, for the reason ``missing``.
    - ``most``: the number of rounds it takes part in, where it is too slow for all.
    - ``note``: what tables show beside it.
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
        measured = [seconds for seconds in self.rounds if seconds is not None]
        return median(measured) if measured else None


def interleave(
    contestants: Sequence[Contestant],
    rounds: int,
    progress: Callable[[str], None] = lambda name: None,
    after: Callable[[dict[str, Measured]], None] = lambda measured: None,
) -> dict[str, Measured]:
    """Every contestant measured once per round. One that fails is not asked again and counts as not measured.

    ``after`` is called with what was measured so far, after every round.
    """
    taken: dict[str, Rounds] = {contestant.name: [] for contestant in contestants}
    absent = [contestant for contestant in contestants if contestant.measure is None]
    reasons = {contestant.name: one_line(contestant.missing) or "no reason given" for contestant in absent}
    for number in range(rounds):
        for contestant in contestants:
            progress(contestant.name)
            taken[contestant.name].append(_once(contestant, number, reasons))
        after(_measured(contestants, taken, reasons))
    return _measured(contestants, taken, reasons)


def _measured(
    contestants: Sequence[Contestant], taken: dict[str, Rounds], reasons: dict[str, str]
) -> dict[str, Measured]:
    return {
        contestant.name: Measured(contestant.name, missing=reasons[contestant.name], note=contestant.note)
        if contestant.name in reasons
        else Measured(contestant.name, tuple(taken[contestant.name]), note=contestant.note)
        for contestant in contestants
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
    quotients = [a / b for a, b in pairs if a is not None and b is not None]
    return median(quotients) if quotients else None
