"""Delta modulation: a spike for every change of a signal that is large enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodeploy.encoding.arrays import Parameter, flag, parameter, rows_of, spread
from neurodeploy.encoding.coder import Search, settle
from neurodeploy.encoding.step_forward import add_up, start_of
from neurodeploy.encoding.tuning import Given, Tuned, optimize


@dataclass(frozen=True)
class Delta:
    """A spike of +1 (-1) where the signal rose (fell) by ``threshold`` or more since the sample before.

    The first sample never spikes. ``bipolar=False`` leaves out the spikes of falls. ``decode`` adds up steps of the
    threshold from ``initial`` (default 0): changes that were smaller or larger than the threshold are lost.
    """

    threshold: Parameter = 0.1
    bipolar: bool = True

    kind: ClassVar[str] = "delta"
    search: ClassVar[Mapping[str, Search]] = {
        "threshold": Search(0.002, 0.5, log=True, relative=True, like_changes=True)
    }

    def __post_init__(self) -> None:
        threshold = parameter(self.threshold, "threshold", lambda x: x > 0, "a number above 0")
        settle(self, threshold=threshold, bipolar=flag(self.bipolar, "bipolar"))

    def encode(self, signal: Any) -> Any:
        """Signed spikes (int8) of the signal's shape."""
        rows = rows_of(signal)
        least = spread(self.threshold, rows, "threshold")[:, None]
        spikes = np.zeros(rows.flat.shape, np.int8)
        change = np.diff(rows.flat, axis=1)
        spikes[:, 1:] = change >= least
        if self.bipolar:
            spikes[:, 1:] -= change <= -least
        return rows.give(spikes)

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """Sums of the steps (float32)."""
        rows = rows_of(spikes, "spikes")
        return rows.give(add_up(rows, spread(self.threshold, rows, "threshold"), start_of(initial, rows)))

    def fit(self, signal: Any) -> Delta:
        """The coder itself: it measures nothing."""
        rows_of(signal)
        return self

    def optimize(self, signal: Any, objective: Given | Sequence[Given] = "mse", **options: Any) -> Tuned:
        """The best parameters for a signal; see ``neurodeploy.encoding.optimize``."""
        return optimize(self, signal, objective, **options)
