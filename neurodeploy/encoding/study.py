"""A seeded Optuna study over a coder's parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodeploy.encoding.search import Search
from neurodeploy.errors import InputError
from neurodeploy.extras import need

SPREAD, EXPLORED = 0.4, 0.6
"""Shares of the trials after which even coverage gives way to Optuna's sampler, and that to closing in on the best.

A single parameter goes without the sampler: it has nothing to learn there that the coverage did not show.
"""
USUAL = 0.67
"""Share of the even coverage that goes where parameters usually end up, where that is known."""


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
    usual: Mapping[str, Search] | None = None,
) -> list[Trial]:
    """The best trial; with several objectives all trials that no other beats in every objective (the Pareto front).

    - ``space``: the range of every parameter. ``evaluate``: the objectives of some parameters, ``maximize``: which of
      them are to be large.
    - ``usual``: the part of the space where most of the even coverage goes.

    Raises InputError where no trial succeeds, UnavailableError without Optuna.
    """
    optuna = need_optuna()
    directions = ["maximize" if more else "minimize" for more in maximize]
    generator = np.random.default_rng(seed)
    explored = trials * (SPREAD if len(space) == 1 else EXPLORED)
    covering = _covering(space, usual or {}, int(SPREAD * trials), generator) if len(maximize) == 1 else []

    def objective(trial: Any) -> tuple[float, ...]:
        return tuple(evaluate(_ask(trial, space)))

    with _silent(optuna):
        sampler = optuna.samplers.TPESampler(seed=seed, **({"n_startup_trials": len(covering)} if covering else {}))
        study = optuna.create_study(directions=directions, sampler=sampler)
        for n in range(trials):
            if n < len(covering):
                study.enqueue_trial(covering[n])
            elif len(maximize) == 1 and n >= explored and study.best_trials:
                left = 1 - (n - explored) / max(trials - explored, 1)
                study.enqueue_trial(_near(study.best_params, space, 0.1 * left**2 + 1e-4, generator))
            study.optimize(objective, n_trials=1)
        best_trials = [Trial(dict(trial.params), tuple(trial.values)) for trial in study.best_trials]
    if not best_trials:
        raise InputError("no trial gave a number", "optimize", "check the objective on this signal")
    best_trials.sort(key=lambda trial: trial.values)
    return best_trials if len(maximize) > 1 else best_trials[:1]


def best(values: Sequence[Sequence[float]] | Sequence[Mapping[str, float]], maximize: Sequence[bool]) -> int:
    """Index of the point of a front that lies nearest to the best of each objective, scaled to the front's width."""
    points = np.array([tuple(point) for point in values], np.float64) * np.where(maximize, -1, 1)
    low, width = points.min(axis=0), np.ptp(points, axis=0)
    with np.errstate(invalid="ignore"):
        distance = np.where(width > 0, (points - low) / np.where(width > 0, width, 1), 0)
    return int(np.nanargmin(np.square(distance).sum(axis=1)))


def _ask(trial: Any, space: Mapping[str, Search]) -> dict[str, float]:
    return {
        name: trial.suggest_int(name, int(search.low), int(search.high))
        if search.integer
        else trial.suggest_float(name, search.low, search.high, log=search.log)
        for name, search in space.items()
    }


def _covering(
    space: Mapping[str, Search], usual: Mapping[str, Search], count: int, generator: np.random.Generator
) -> list[dict[str, float]]:
    """Points that cover the space evenly, the share ``USUAL`` of them its usual part, and that first."""
    inner = int(USUAL * count) if usual else 0
    return _even({**space, **usual}, inner, generator) + _even(space, count - inner, generator)


def _even(space: Mapping[str, Search], count: int, generator: np.random.Generator) -> list[dict[str, float]]:
    """Points of which every parameter falls once into each of ``count`` equal parts of its range.

    One parameter alone is also tried at both of its ends, where there is a third part between them.
    """
    places = {name: generator.permutation(count) + generator.random(count) for name in space}
    if len(space) == 1 and count > 2:
        places = {name: np.where(at < 1, 0, np.where(at >= count - 1, count, at)) for name, at in places.items()}
    return [{name: _at(search, places[name][n] / count) for name, search in space.items()} for n in range(count)]


def _near(
    center: Mapping[str, float], space: Mapping[str, Search], spread: float, generator: np.random.Generator
) -> dict[str, float]:
    """A point beside another, ``spread`` of the range away, on the parameter's own scale."""
    point: dict[str, float] = {}
    for name, search in space.items():
        low, high, at = (np.log(x) if search.log else x for x in (search.low, search.high, center[name]))
        point[name] = _at(search, (at - low) / (high - low) + generator.normal() * spread)
    return point


def _at(search: Search, share: float) -> float:
    """The value at a share of the range, on the parameter's own scale."""
    low, high = (np.log(x) if search.log else x for x in (search.low, search.high))
    value = low + min(max(share, 0), 1) * (high - low)
    value = float(np.clip(np.exp(value) if search.log else value, search.low, search.high))
    return round(value) if search.integer else value


def need_optuna() -> Any:
    """Optuna. Raises UnavailableError without it.

    In a notebook its import may warn that widgets for progress bars are missing; none is drawn here.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")
        return need("optuna", "optimize", "encoding")


@contextmanager
def _silent(optuna: Any) -> Generator[None]:
    """No messages of Optuna, whose verbosity is global, while the block runs."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
