"""A seeded Optuna study over a coder's parameters."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodeploy.encoding.coder import Search
from neurodeploy.encoding.extras import need
from neurodeploy.errors import InputError

EXPLORED = 0.6
"""Share of the trials that explore the whole space; the rest close in on the best found."""


@dataclass(frozen=True)
class Trial:
    """Parameters and what they reached."""

    parameters: Mapping[str, float]
    values: tuple[float, ...]


def run_study(
    space: Mapping[str, Search],
    evaluate: Callable[[Mapping[str, float]], Sequence[float]],
    maximize: Sequence[bool],
    trials: int,
    seed: int,
) -> list[Trial]:
    """The best trial, or with several objectives those nobody beats in all. Raises InputError where none succeeds."""
    optuna = need("optuna", "optimize")
    directions = ["maximize" if each else "minimize" for each in maximize]
    sampler = optuna.samplers.TPESampler(seed=seed)
    generator = np.random.default_rng(seed)

    def objective(trial: Any) -> tuple[float, ...]:
        return tuple(evaluate(_ask(trial, space)))

    with _silent(optuna):
        study = optuna.create_study(directions=directions, sampler=sampler)
        for n in range(trials):
            if len(maximize) == 1 and n >= EXPLORED * trials and study.best_trials:
                left = 1 - (n - EXPLORED * trials) / max(trials * (1 - EXPLORED), 1)
                study.enqueue_trial(_near(study.best_params, space, 0.1 * left**2 + 1e-4, generator))
            study.optimize(objective, n_trials=1)
        found = [Trial(dict(each.params), tuple(each.values)) for each in study.best_trials]
    if not found:
        raise InputError("no trial gave a number", "optimize", "check the objective on this signal")
    found.sort(key=lambda each: each.values)
    return found if len(maximize) > 1 else found[:1]


def best(values: Sequence[Sequence[float]] | Sequence[Mapping[str, float]], maximize: Sequence[bool]) -> int:
    """Index of the point of a front that lies nearest to the best of each objective, scaled to the front's width."""
    points = np.array([tuple(each) for each in values], np.float64) * np.where(maximize, -1, 1)
    low, width = points.min(axis=0), np.ptp(points, axis=0)
    with np.errstate(invalid="ignore"):
        distance = np.where(width > 0, (points - low) / np.where(width > 0, width, 1), 0)
    return int(np.nanargmin(np.square(distance).sum(axis=1)))


def _ask(trial: Any, space: Mapping[str, Search]) -> dict[str, float]:
    return {
        name: trial.suggest_int(name, int(each.low), int(each.high))
        if each.integer
        else trial.suggest_float(name, each.low, each.high, log=each.log)
        for name, each in space.items()
    }


def _near(
    center: Mapping[str, float], space: Mapping[str, Search], spread: float, generator: np.random.Generator
) -> dict[str, float]:
    """A point beside another, ``spread`` of the range away, on the parameter's own scale."""
    point: dict[str, float] = {}
    for name, each in space.items():
        low, high, at = (np.log(x) if each.log else x for x in (each.low, each.high, center[name]))
        moved = float(np.clip(at + generator.normal() * spread * (high - low), low, high))
        moved = float(np.clip(np.exp(moved) if each.log else moved, each.low, each.high))
        point[name] = round(moved) if each.integer else moved
    return point


@contextmanager
def _silent(optuna: Any) -> Generator[None]:
    """No messages of Optuna, whose verbosity is global, while the block runs."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
