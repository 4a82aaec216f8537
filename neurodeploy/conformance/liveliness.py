"""Choosing a threshold at which a population is neither silent nor always firing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.draw import Draw
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.projection import Projection
from neurodeploy.reference.program_runner import run_population

IntArray = NDArray[np.int64]
QUIET, LOUD = 10, 600
"""A lively population fires in 1 % to 60 % of its cells (here per mille)."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What a population did at one threshold: per mille of cells that fired, ties, output, membrane before."""

    threshold: int
    permille: int
    ties: int
    output: IntArray
    v_before: IntArray

    @property
    def lively(self) -> bool:
        """Fires, and not always."""
        return QUIET <= self.permille <= LOUD


def try_thresholds(
    population: Population, loops: Sequence[Projection], received: IntArray, thresholds: Sequence[int], n: Numerics
) -> list[Trial]:
    """One trial per threshold, all run at once along the batch."""
    samples = received.shape[0]
    column = np.repeat(np.array(thresholds, dtype=np.int64), samples).reshape(-1, *(1 for _ in population.shape))
    batch = np.tile(received, (len(thresholds), *(1 for _ in received.shape[1:])))
    output, before = run_population(replace(population, threshold=column), loops, batch, n)
    trials: list[Trial] = []
    for number, threshold in enumerate(thresholds):
        part = slice(number * samples, (number + 1) * samples)
        fired = int(np.count_nonzero(output[part])) * 1000 // output[part].size
        ties = int(np.count_nonzero(before[part] == threshold << n.state_shift))
        trials.append(Trial(threshold, fired, ties, output[part], before[part]))
    return trials


def find_threshold(
    draw: Draw, population: Population, loops: Sequence[Projection], received: IntArray, size: int, n: Numerics
) -> Trial:
    """A lively trial where one exists, else the nearest to it.

    Of the lively ones: one near a drawn rate, the highest, or the one that most membranes meet exactly.
    """
    ladder = sorted({min(max(1, (size << k) >> 3), n.threshold_max) for k in range(10)} | {n.threshold_max})
    trials = try_thresholds(population, loops, received, ladder, n)
    if not any(trial.lively for trial in trials):
        trials += _between(population, loops, received, trials, n)
    rate = draw.between(30, 350)
    best = min(trials, key=lambda trial: _distance(trial, rate))
    taste: Literal["rate", "ties", "high"] = draw.weighted({"rate": 5, "ties": 4, "high": 2})
    lively = [trial for trial in trials if trial.lively]
    if taste == "high" and lively:
        return max(lively, key=lambda trial: trial.threshold)
    if taste == "ties" and lively:
        trials = _at_values(population, loops, received, best, n)
        return max([best, *(trial for trial in trials if trial.lively)], key=lambda trial: trial.ties)
    return best


def _distance(trial: Trial, rate: int) -> tuple[bool, int]:
    return not trial.lively, abs(trial.permille - rate)


def _between(
    population: Population, loops: Sequence[Projection], received: IntArray, trials: Sequence[Trial], n: Numerics
) -> list[Trial]:
    """Finer steps between the last threshold that fires too much and the first that fires too little."""
    loud = max((trial.threshold for trial in trials if trial.permille > LOUD), default=0)
    quiet = min((trial.threshold for trial in trials if trial.permille < QUIET and trial.threshold > loud), default=0)
    inside = sorted({loud + (quiet - loud) * k // 8 for k in range(1, 8)} - {loud, quiet}) if loud and quiet else []
    return try_thresholds(population, loops, received, inside, n) if inside else []


def _at_values(
    population: Population, loops: Sequence[Projection], received: IntArray, near: Trial, n: Numerics
) -> list[Trial]:
    """Thresholds that the membrane met exactly in the trial ``near``, the most frequent ones first."""
    met = near.v_before[(near.v_before > 0) & (near.v_before % (1 << n.state_shift) == 0)] >> n.state_shift
    values, counts = np.unique(met[met <= n.threshold_max], return_counts=True)
    order = np.lexsort((values, -counts))[:8]
    chosen = [int(value) for value in values[order]]
    return try_thresholds(population, loops, received, chosen, n) if chosen else []
