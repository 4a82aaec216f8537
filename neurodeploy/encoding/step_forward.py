"""Coding of changes by steps of a threshold: step-forward coding (Kasabov et al. 2016) and delta modulation.

Both compare every sample with a baseline that starts at the first sample. They differ in what the baseline does next:
it follows the signal by steps of the threshold, or it is the sample itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodeploy.encoding.arrays import Float, Rows, Spikes, as_array, check_spikes, rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.kernels import kernels
from neurodeploy.encoding.parameters import Parameter, flag, parameter, settle, spread
from neurodeploy.encoding.search import Search
from neurodeploy.errors import InputError


@dataclass(frozen=True, repr=False)
class _ThresholdSteps(Coder):
    """A spike of +1 (-1) for a rise (fall) against a baseline, which ``_spikes`` decides."""

    threshold: Parameter = 0.5
    bipolar: bool = True

    search: ClassVar[Mapping[str, Search]] = {
        "threshold": Search(0.002, 0.5, log=True, relative=True, like_changes=True)
    }

    def __post_init__(self) -> None:
        threshold = parameter(self.threshold, "threshold", lambda x: x > 0, "a number above 0")
        settle(self, threshold=threshold, bipolar=flag(self.bipolar, "bipolar"))

    def encode(self, signal: Any) -> Any:
        """Signed spikes (int8) of the signal's shape."""
        rows = rows_of(signal)
        spikes = self._spikes(rows.flat, spread(self.threshold, rows, "threshold"))
        return rows.give(spikes if self.bipolar else np.maximum(spikes, 0))

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """Sums of the steps (float32); ``initial`` is the first value, one for all signals or one per signal."""
        rows = rows_of(spikes, "spikes")
        steps = spread(self.threshold, rows, "threshold")[:, None] * check_spikes(rows, (-1, 0, 1))
        steps[:, 0] = start_of(initial, rows)
        return rows.give(np.add.accumulate(steps, axis=1, dtype=np.float32))

    def _spikes(self, signal: Float, threshold: Float) -> Spikes:
        """Signed spikes of ``(N, T)`` signals with one threshold each."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class StepForward(_ThresholdSteps):
    """A spike of +1 (-1) where the signal is more than ``threshold`` above (below) the baseline, which then follows.

    - The baseline starts at the first sample, which never spikes: ``base += threshold`` on a rise, ``-=`` on a fall.
    - ``bipolar=False`` leaves out the spikes of falls; the baseline follows them all the same.
    - ``decode`` adds up the steps from ``initial`` (default 0).
    """

    kind: ClassVar[str] = "step-forward"

    def _spikes(self, signal: Float, threshold: Float) -> Spikes:
        return kernels().step_forward(signal, threshold)


@dataclass(frozen=True, repr=False)
class Delta(_ThresholdSteps):
    """A spike of +1 (-1) where the signal rose (fell) by ``threshold`` or more since the sample before.

    The first sample never spikes. ``bipolar=False`` leaves out the spikes of falls. ``decode`` adds up steps of the
    threshold from ``initial`` (default 0): changes that were smaller or larger than the threshold are lost.
    """

    threshold: Parameter = 0.1

    kind: ClassVar[str] = "delta"

    def _spikes(self, signal: Float, threshold: Float) -> Spikes:
        spikes = np.zeros(signal.shape, np.int8)
        change = np.diff(signal, axis=1)
        spikes[:, 1:] = change >= threshold[:, None]
        spikes[:, 1:] -= change <= -threshold[:, None]
        return spikes


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
