"""Step-forward coding (Kasabov et al. 2016): a baseline that follows the signal by steps, one spike each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodeploy.encoding.arrays import Float, Parameter, Rows, as_array, check_spikes, flag, parameter, rows_of, spread
from neurodeploy.encoding.coder import Search, settle
from neurodeploy.encoding.engine import kernels
from neurodeploy.encoding.tuning import Given, Tuned, optimize
from neurodeploy.errors import InputError


@dataclass(frozen=True)
class StepForward:
    """A spike of +1 (-1) where the signal is more than ``threshold`` above (below) the baseline, which then follows.

    - The baseline starts at the first sample, which never spikes: ``base += threshold`` on a rise, ``-=`` on a fall.
    - ``bipolar=False`` leaves out the spikes of falls; the baseline follows them all the same.
    - ``decode`` adds up the steps from ``initial`` (default 0).
    """

    threshold: Parameter = 0.5
    bipolar: bool = True

    kind: ClassVar[str] = "step-forward"
    search: ClassVar[Mapping[str, Search]] = {
        "threshold": Search(0.002, 0.5, log=True, relative=True, like_changes=True)
    }

    def __post_init__(self) -> None:
        threshold = parameter(self.threshold, "threshold", lambda x: x > 0, "a number above 0")
        settle(self, threshold=threshold, bipolar=flag(self.bipolar, "bipolar"))

    def encode(self, signal: Any) -> Any:
        """Signed spikes (int8) of the signal's shape."""
        rows = rows_of(signal)
        spikes = kernels().step_forward(rows.flat, spread(self.threshold, rows, "threshold"))
        return rows.give(spikes if self.bipolar else np.maximum(spikes, 0))

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The baseline (float32); ``initial`` is the first value, one for all or one per signal."""
        rows = rows_of(spikes, "spikes")
        return rows.give(add_up(rows, spread(self.threshold, rows, "threshold"), start_of(initial, rows)))

    def fit(self, signal: Any) -> StepForward:
        """The coder itself: it measures nothing."""
        rows_of(signal)
        return self

    def optimize(self, signal: Any, objective: Given | Sequence[Given] = "mse", **options: Any) -> Tuned:
        """The best parameters for a signal; see ``neurodeploy.encoding.optimize``."""
        return optimize(self, signal, objective, **options)


def start_of(initial: Any, rows: Rows) -> Float:
    """First values of all rows: 0 by default, one for all, or one per signal. Raises InputError for other shapes."""
    batch, features = rows.values.shape[:2]
    array, _ = as_array(0 if initial is None else initial, "initial")
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise InputError("is no finite number", "initial", "give the first value of each signal")
    try:
        return np.array(np.broadcast_to(array, (batch, features)), np.float32).reshape(-1)
    except ValueError:
        raise InputError(
            f"has shape {array.shape} for {batch} × {features} signals", "initial", "give one value per signal"
        ) from None


def add_up(rows: Rows, step: Float, start: Float) -> Float:
    """Sums of signed steps from a start, in float32 and in order of time."""
    steps = step[:, None] * check_spikes(rows, (-1, 0, 1))
    steps[:, 0] = start
    return np.add.accumulate(steps, axis=1, dtype=np.float32)
