"""Parameters of a coder looked for with Optuna."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import Float, rows_of
from neurodeploy.encoding.objectives import Measure, Objective, objective_of
from neurodeploy.encoding.parameters import fields_of
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.study import best, need_optuna, run_study
from neurodeploy.errors import InputError
from neurodeploy.html import fragment, html_table

Aim = str | Measure | Objective
Values = Mapping[str, float]


@dataclass(frozen=True)
class Candidate:
    """A coder, and its value of every objective by name."""

    coder: Any
    values: Values


@dataclass(frozen=True)
class Tuned:
    """The best coder, what it reached on the whole signal, and the candidates that none beats in every objective.

    With several objectives ``coder`` is that candidate of the front which lies nearest to the best of each, every
    objective scaled to the front's width.
    """

    coder: Any
    values: Values
    front: tuple[Candidate, ...]
    trials: int

    def __repr__(self) -> str:
        reached = ", ".join(f"{name} {value:.6g}" for name, value in self.values.items())
        return f"Tuned({self.coder!r}: {reached}; {len(self.front)} on the front, {self.trials} trials)"

    def _repr_html_(self) -> str:
        rows = [(*(f"{x:.6g}" for x in point.values.values()), repr(point.coder)) for point in self.front]
        title = f"coders that none beats, of {self.trials} trials"
        return fragment(html_table(title, (*(f">{name}" for name in self.values), "coder"), rows))


def optimize(
    coder: Any,
    signal: Any,
    objective: Aim | Sequence[Aim] = "mse",
    *,
    trials: int = 100,
    seed: int = 0,
    progress: bool = False,
    search: Mapping[str, Search] | None = None,
) -> Tuned:
    """Look for the parameters that serve one objective best, or several at once.

    - ``objective``: ``mse``, ``mae``, ``density`` (spikes per sample), ``snr``, a function ``(signal, reconstruction,
      spikes) -> number`` to be minimized, or a sequence of those for a Pareto front.
    - With one objective each feature gets parameters of its own, ``trials`` for each, unless a parameter shapes the
      result; with several, all features share theirs.
    - The coder is fitted to the signal first. The same seed gives the same result.
    - ``search`` replaces where the parameters are looked for.

    Raises InputError for a constant signal where steps are relative to its width, or where no trial succeeds;
    UnavailableError without Optuna.
    """
    need_optuna()
    rows = rows_of(signal)
    goals = [
        objective_of(goal)
        for goal in ([objective] if isinstance(objective, str | Objective) or callable(objective) else objective)
    ]
    space = dict(search or coder.search)
    _check(coder, goals, space, trials)
    if any(parameter_search.relative for parameter_search in space.values()):
        _check_width(rows.values)
    alone = (
        len(goals) == 1 and rows.rank > 1 and all(parameter_search.per_signal for parameter_search in space.values())
    )
    parts = [rows.values[:, n : n + 1] for n in range(rows.values.shape[1])] if alone else [rows.values]
    results: list[Tuned] = []
    with _bar(progress, trials * len(parts)) as advance:
        for n, part in enumerate(parts):
            start = narrowed(coder, n) if alone else coder
            results.append(_tune(start, part, rows.rank, goals, space, trials, seed + n, advance))
    if not alone:
        return results[0]
    joined = _joined([result.coder for result in results], space)
    values = measure(joined, rows.values, goals)
    return Tuned(joined, values, (Candidate(joined, values),), trials * len(parts))


def narrowed(coder: Any, feature: int) -> Any:
    """The coder of one feature alone."""
    values = {
        name: value[feature] for name, value in fields_of(coder).items() if isinstance(value, tuple) and len(value) > 1
    }
    return replace(coder, **values) if values else coder


def measure(coder: Any, signal: Float, goals: Sequence[Objective]) -> dict[str, float]:
    """What a coder reaches on a signal ``(B, F, T)``."""
    spikes = coder.encode(signal)
    back = coder.decode(spikes, initial=signal[..., 0]) if any(goal.reconstructs for goal in goals) else signal
    return {goal.name: float(goal.measure(signal, back, spikes)) for goal in goals}


def _check(coder: Any, goals: Sequence[Objective], space: Mapping[str, Search], trials: int) -> None:
    if not goals or trials < 1:
        raise InputError("there is nothing to try", "optimize", "give an objective, and at least one trial")
    strange = sorted(space.keys() - fields_of(coder).keys())
    if strange:
        raise InputError(
            f"{coder.kind} has no parameter {strange[0]!r}", "search", f"choose: {', '.join(coder.search)}"
        )
    if not hasattr(coder, "decode") and any(goal.reconstructs for goal in goals):
        remedy = "tune for density, or for an Objective of your own with reconstructs=False"
        raise InputError(f"{coder.kind} has no inverse to measure an error with", "objective", remedy)


def _check_width(signal: Float) -> None:
    constant = ~(np.ptp(signal, axis=(0, 2)) > 0)
    if constant.any():
        reason = f"signal {int(constant.argmax()) + 1} of {constant.size} is constant"
        raise InputError(reason, "optimize", "leave it out: steps are looked for as shares of the signal's width")


def _tune(
    start: Any,
    signal: Float,
    rank: int,
    goals: Sequence[Objective],
    space: Mapping[str, Search],
    trials: int,
    seed: int,
    advance: Callable[[], None],
) -> Tuned:
    """One study; ``signal`` is ``(B, F, T)``."""
    single = rank == 1 or signal.shape[1] == 1
    fitted = start.fit(signal[0, 0] if rank == 1 else signal)
    width = np.ptp(signal, axis=(0, 2))

    def candidate(chosen: Mapping[str, float]) -> Any:
        return replace(fitted, **{name: _value(space[name], x, width, single) for name, x in chosen.items()})

    def evaluate(chosen: Mapping[str, float]) -> list[float]:
        advance()
        return list(measure(candidate(chosen), signal, goals).values())

    complete = run_study(space, evaluate, [goal.maximize for goal in goals], trials, seed, _usual(space, signal))
    names = [goal.name for goal in goals]
    front = tuple(
        Candidate(candidate(trial.parameters), dict(zip(names, trial.values, strict=True))) for trial in complete
    )
    chosen = front[best([trial.values for trial in complete], [goal.maximize for goal in goals])]
    return Tuned(chosen.coder, chosen.values, front, trials)


def _usual(space: Mapping[str, Search], signal: Float) -> dict[str, Search]:
    """Where parameters usually end up; for the size of changes that is from half of it to twice it."""
    narrower: dict[str, Search] = {}
    for name, parameter_search in space.items():
        low, high = parameter_search.usual or (0.0, 0.0)
        if parameter_search.like_changes:
            changes = np.sqrt(np.mean(np.square(np.diff(signal, axis=2), dtype=np.float64), axis=(0, 2)))
            size = float(np.mean(changes / np.ptp(signal, axis=(0, 2))))
            low, high = (min(max(by * size, parameter_search.low), parameter_search.high) for by in (0.5, 2))
        if low < high:
            narrower[name] = replace(parameter_search, low=low, high=high)
    return narrower


def _value(search: Search, x: float, width: NDArray[Any], single: bool) -> Any:
    if not search.relative:
        return x
    return float(x * width[0]) if single else tuple((x * width).tolist())


def _joined(coders: Sequence[Any], space: Mapping[str, Search]) -> Any:
    """One coder of many: what was looked for or differs, per signal side by side."""
    parameters = {name: tuple(_single(getattr(coder, name)) for coder in coders) for name in fields_of(coders[0])}
    varied = {name: values for name, values in parameters.items() if name in space or len(set(values)) > 1}
    if varied.keys() & {"low", "high"}:
        varied |= {name: parameters[name] for name in ("low", "high")}
    return replace(coders[0], **varied)


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


@contextmanager
def _bar(shown: bool, total: int) -> Generator[Callable[[], None]]:
    """A progress bar on standard error while the block runs, where one is wanted and a terminal is there."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as progress:
        task = progress.add_task("optimizing", total=total)
        yield lambda: progress.advance(task)
