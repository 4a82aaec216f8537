"""Coding of the observations of a Gymnasium environment: their values, their changes, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.parameters import Parameter, flag, parameter, settle, spread
from neurodeploy.encoding.ranges import check_range, span_of
from neurodeploy.encoding.rate import levels
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.spike_trains import Method, check_trains, trains
from neurodeploy.encoding.step_forward import start_of
from neurodeploy.errors import InputError

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, repr=False)
class Gymnasium(Coder):
    """Observations ``[F]`` over time, ``[F, T]`` or ``[B, F, T]``, each as a window of ``steps`` steps.

    - ``low`` and ``high`` bring them to x in 0..1 (see ``Scaler``); values beyond are cut off.
    - ``step``: the change since the observation before, ``(x - before) / threshold / 2 + 0.5``, cut off at 0..1.
      ``rate``: x itself. With both, the changes come first.
    - ``split``: a value above the middle drives an excitatory channel, one below an inhibitory one, each by twice its
      distance; all excitatory channels come first.
    - ``inverted``: as many channels again, each at 1 minus the rate.
    - Rates are times ``max_rate``; ``method`` ``deterministic`` or ``poisson``.
    """

    low: Parameter
    high: Parameter
    steps: int = 10
    rate: bool = True
    step: bool = False
    threshold: Parameter = 1.0
    split: bool = True
    inverted: bool = False
    max_rate: float = 1.0
    method: Method = "deterministic"

    kind: ClassVar[str] = "gymnasium"
    search: ClassVar[Mapping[str, Search]] = {
        "steps": Search(1, 64, integer=True, per_signal=False),
        "max_rate": Search(0.05, 1, per_signal=False),
    }

    def __post_init__(self) -> None:
        check_trains(self.steps, self.method, self.max_rate)
        settle(self, **{name: flag(getattr(self, name), name) for name in ("rate", "step", "split", "inverted")})
        if not (self.rate or self.step):
            raise InputError("neither the rate nor the step coder is on", "rate, step", "turn on one or both")
        threshold = parameter(self.threshold, "threshold", lambda x: x > 0, "a number above 0")
        low, high = check_range(self.low, self.high)
        if low is None:
            raise InputError("the range is missing", "low, high", "take both from a Scaler")
        settle(self, threshold=threshold, low=low, high=high)

    def encode(self, signal: Any, generator: Any = None, initial: Any = None) -> Any:
        """Spikes (int8) ``[..., channels, T * steps]``.

        ``initial`` is the observation before the first (default: the first itself, no change); ``generator`` is that
        of random trains, or a seed.
        """
        rows = rows_of(signal)
        height = levels(rows, self.low, self.high)
        before = rows.flat[:, 0] if initial is None else start_of(initial, rows)
        base = np.clip(span_of(rows, self.low, self.high).normalize(before[:, None]), 0, 1)
        base = base.reshape(*height.shape[:2], 1)
        parts: list[Values] = []
        if self.step:
            least = spread(self.threshold, rows, "threshold").reshape(*height.shape[:2], 1)
            parts.append(np.clip(np.diff(height, axis=2, prepend=base) / least / 2 + 0.5, 0, 1))
        if self.rate:
            parts.append(height)
        driven = np.concatenate(parts, axis=1)
        driven = excite_inhibit(driven, axis=1) if self.split else driven
        driven = np.concatenate((driven, 1 - driven), axis=1) if self.inverted else driven
        spikes = trains(driven * self.max_rate, self.steps, self.method, generator)
        return rows.give(spikes.reshape(*spikes.shape[:2], -1))


def excite_inhibit(values: Values, axis: int) -> Values:
    """Values in 0..1 as twice their distance above the middle, then, along ``axis``, below it."""
    up = np.where(values >= 0.5, (values - 0.5) * 2, 0)
    down = np.where(values < 0.5, (0.5 - values) * 2, 0)
    return np.concatenate((up, down), axis=axis).astype(values.dtype, copy=False)
