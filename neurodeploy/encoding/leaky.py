"""Coding by a leaky integrate-and-fire neuron (Yarga et al. 2022), with spikes of both signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodeploy.encoding.arrays import Float, check_spikes, rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.kernels import kernels
from neurodeploy.encoding.parameters import Parameter, flag, parameter, settle, spread
from neurodeploy.encoding.ranges import check_range, declared_span, span_of
from neurodeploy.encoding.search import Search


@dataclass(frozen=True, repr=False)
class LeakyIntegrateAndFire(Coder):
    """The signal, brought to -1..1, charges a membrane that fires beyond ``threshold`` in either direction.

    - Every step: ``v += y``; a spike of +1 (-1) where ``v > threshold`` (``v < -threshold``); then ``v = 0`` where it
      fired, and ``v *= constant``. The membrane starts at 0 and takes the first sample in.
    - ``low`` and ``high`` are the signal's range; without them each signal's own. A constant signal has no range: it
      gives no spikes, and decodes to itself.
    - ``decode`` follows ``r = r * constant + threshold * spike`` and brings it back to the range.
    """

    threshold: Parameter = 0.5
    constant: Parameter = 0.9
    bipolar: bool = True
    low: Parameter | None = None
    high: Parameter | None = None

    kind: ClassVar[str] = "leaky-integrate-and-fire"
    search: ClassVar[Mapping[str, Search]] = {"threshold": Search(0.08, 0.7), "constant": Search(0.05, 0.6)}

    def __post_init__(self) -> None:
        low, high = check_range(self.low, self.high)
        threshold = parameter(self.threshold, "threshold", lambda x: x > 0, "a number above 0")
        constant = parameter(self.constant, "constant", lambda x: 0 <= x <= 1, "a number in 0..1")
        settle(self, threshold=threshold, constant=constant, bipolar=flag(self.bipolar, "bipolar"), low=low, high=high)

    def encode(self, signal: Any) -> Any:
        """Signed spikes (int8) of the signal's shape."""
        rows = rows_of(signal)
        span = span_of(rows, self.low, self.high)
        threshold, constant = spread(self.threshold, rows, "threshold"), spread(self.constant, rows, "constant")
        spikes = kernels().leaky(centered(span.normalize(rows.flat)), threshold, constant, False)
        spikes[~span.varies] = 0
        return rows.give(spikes if self.bipolar else np.maximum(spikes, 0))

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The signal (float32). Raises InputError where the range is not known. ``initial`` is not needed."""
        rows = rows_of(spikes, "spikes")
        span = declared_span(rows, self.low, self.high)
        steps = spread(self.threshold, rows, "threshold")[:, None] * check_spikes(rows, (-1, 0, 1))
        sums = kernels().decay_sum(steps.astype(np.float32), spread(self.constant, rows, "constant"))
        return rows.give(span.restore((sums + 1) / 2))


def centered(values: Float) -> Float:
    """0..1 as -1..1."""
    return values * np.float32(2) - np.float32(1)
