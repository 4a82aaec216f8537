"""Which of several choices keeps the spikes of a row: they are played in integers, and differing cells are counted.

Rules:

1. Choices are made on some samples of the stimulus and judged on the others (``Seen``): a fit that only knows the
   samples it saw is not taken.
2. All rows take the choice that is best together. Where rows are free of each other, one takes a better one of its own
   if that is better by more than chance, unless the mixture is worse.
3. In the end a row that differs in more cells of the whole stimulus than rounded plainly is rounded plainly, unless
   that is worse beside the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.rows import Row
from neurodeploy.passes.draft import Draft

Counts = NDArray[np.int64]
Rows = Sequence[Row | None]
"""What was chosen for each row; None: it is rounded plainly."""
ASIDE = 0.35
"""Share of the samples that choices are judged on."""
CHANCE = 0.5
"""By how many times the root of its count a row's own choice must be better."""
FEWEST = 12
"""Samples below which none stand aside."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The samples that choices are ``fitted`` to, and those ``aside`` that tell how good they are."""

    fitted: NDArray[np.intp]
    aside: NDArray[np.intp]

    @staticmethod
    def of(samples: int, rng: np.random.Generator) -> Seen:
        """A random part of the samples stands aside; where there are few, all serve for both."""
        order = rng.permutation(samples)
        if samples < FEWEST:
            return Seen(order, order)
        count = int(ASIDE * samples)
        return Seen(order[count:], order[:count])

    @property
    def apart(self) -> bool:
        """Whether some samples were not fitted to."""
        return self.fitted is not self.aside


@dataclass(frozen=True, eq=False)
class Choice:
    """One choice for the ``rows``, the draft with it, and by row the cells in which it differs from the float network.

    ``everywhere``: in all samples; ``aside``: in those that nothing was fitted to.
    """

    draft: Draft
    rows: Rows
    everywhere: Counts
    aside: Counts

    def counts(self, whole: bool) -> Counts:
        """The cells that decide."""
        return self.everywhere if whole else self.aside


Play = Callable[[Rows], Choice]


def best(choices: Sequence[Choice], play: Play, by_row: bool, whole: bool = False) -> Choice:
    """The best choice of each row, played together, or the best choice of all rows; among equals the first.

    ``by_row``: whether rows may be chosen apart. ``whole``: whether all samples decide, or those aside.
    """
    wrong = np.array([choice.counts(whole) for choice in choices])
    first = int(wrong.sum(axis=1).argmin())
    together, lead = choices[first], wrong[first] - wrong.min(axis=0)
    picked = np.where(lead > CHANCE * np.sqrt(wrong[first]), wrong.argmin(axis=0), first)
    if not by_row or (picked == first).all():
        return together
    mixed = play([choices[k].rows[row] for row, k in enumerate(picked)])
    return mixed if mixed.counts(whole).sum() <= together.counts(whole).sum() else together


def never_worse(plain: Choice, chosen: Choice, play: Play, by_row: bool) -> Choice:
    """The choice, with rows that differ in more cells than rounded plainly rounded plainly.

    Beside rows whose levels are others, plain rounding may cost a row more than it does alone, all its spikes even:
    such a row keeps what was chosen for it.
    """
    if chosen.everywhere.sum() > plain.everywhere.sum():
        chosen = best([plain, chosen], play, by_row, whole=True)
    kept = np.zeros(len(plain.rows), bool)
    for _ in range(2 * len(plain.rows)):
        worse = (chosen.everywhere > plain.everywhere) & ~kept
        fewer = [None if bad else row for row, bad in zip(chosen.rows, worse, strict=True)]
        if not any(row is not None for row in fewer):
            return plain
        if not by_row or fewer == list(chosen.rows):
            return chosen
        after = play(fewer)
        spoiled = worse & (after.everywhere > chosen.everywhere)
        kept |= spoiled
        chosen = chosen if spoiled.any() else after
    return chosen


def shifted(rows: Rows, thresholds: NDArray[np.float64], by_row: bool, bits: int) -> list[Rows]:
    """The rows with thresholds a little lower or higher; where they are shared, with biases that do the same."""
    moves: list[Rows] = []
    for shift in (-1.0, -0.4, 0.4, 1.0):
        share = shift * 2.0 ** -(bits / 2 + 3)
        by = [np.array([0.0, share * t] if by_row else [-share * t]) for t in thresholds]
        moves.append(
            [
                None if row is None else replace(row, changes=row.changes + move)
                for row, move in zip(rows, by, strict=True)
            ]
        )
    return moves
