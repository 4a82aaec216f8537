"""Ben's spiker algorithm (Schrauwen and Van Campenhout 2003): spikes that rebuild the signal through a filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from neurodeploy.encoding.arrays import Float, Spikes, check_spikes, rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.kernels import kernels
from neurodeploy.encoding.parameters import Parameter, parameter, settle, spread
from neurodeploy.encoding.ranges import check_range, declared_span, span_of
from neurodeploy.encoding.search import Search


@dataclass(frozen=True, repr=False)
class BensSpiker(Coder):
    """A spike where taking the filter off the rest of the signal, brought to 0..1, lessens its error by ``threshold``.

    - At every step t: ``e1 = sum |s[t+k] - h[k]|``, ``e2 = sum |s[t+k]|`` over all taps; a spike where
      ``e1 <= e2 - threshold``, and then ``s[t+k] -= h[k]``.
    - ``h`` is a low-pass of ``filter_order + 1`` taps (Hamming window, gain 1) that cuts at ``filter_cutoff``, in
      cycles per sample. A spike is known once ``filter_order`` more samples are there: that is the latency of a stream.
    - ``low`` and ``high`` are the signal's range; without them each signal's own. A constant signal gives no spikes,
      and decodes to itself.
    - ``decode`` is the spikes through the filter.
    """

    threshold: Parameter = 0.5
    filter_order: Parameter = 10
    filter_cutoff: Parameter = 0.2
    low: Parameter | None = None
    high: Parameter | None = None

    kind: ClassVar[str] = "bens-spiker"
    search: ClassVar[Mapping[str, Search]] = {
        "threshold": Search(0.05, 1.1),
        "filter_order": Search(5, 50, integer=True),
        "filter_cutoff": Search(0.001, 0.25),
    }

    def __post_init__(self) -> None:
        low, high = check_range(self.low, self.high)
        rule = "a whole number from 1 to 10000"
        threshold = parameter(self.threshold, "threshold", lambda _: True, "a finite number")
        order = parameter(self.filter_order, "filter_order", lambda x: x == round(x) and 1 <= x <= 10_000, rule)
        cutoff = parameter(self.filter_cutoff, "filter_cutoff", lambda x: 0 < x < 0.5, "a number between 0 and 0.5")
        settle(self, threshold=threshold, filter_order=order, filter_cutoff=cutoff, low=low, high=high)

    def encode(self, signal: Any) -> Any:
        """Spikes (int8, 0 or 1) of the signal's shape."""
        rows = rows_of(signal)
        span = span_of(rows, self.low, self.high)
        order, cutoff = (
            spread(self.filter_order, rows, "filter_order"),
            spread(self.filter_cutoff, rows, "filter_cutoff"),
        )
        spikes = taken_off(span.normalize(rows.flat), order, cutoff, spread(self.threshold, rows, "threshold"), 0)
        spikes[~span.varies] = 0
        return rows.give(spikes)

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The signal (float32). Raises InputError where the range is not known. ``initial`` is not needed."""
        rows = rows_of(spikes, "spikes")
        span = declared_span(rows, self.low, self.high)
        order, cutoff = (
            spread(self.filter_order, rows, "filter_order"),
            spread(self.filter_cutoff, rows, "filter_cutoff"),
        )
        return rows.give(span.restore(filtered(check_spikes(rows, (0, 1)), order, cutoff)))


def taken_off(signal: Float, order: Float, cutoff: Float, threshold: Float, skipped: int) -> Spikes:
    """Spikes of ``(N, T)`` signals, those of one filter order together; ``skipped`` taps and samples come first."""
    spikes = np.zeros(signal.shape, np.int8)
    for taps_order in np.unique(order):
        (rows,) = np.nonzero(order == taps_order)
        taps = np.stack([low_pass(int(taps_order), float(cut)) for cut in cutoff[rows]])[:, skipped:]
        spikes[rows] = kernels().bens_spiker(signal[rows], np.ascontiguousarray(taps), threshold[rows], skipped)
    return spikes


def filtered(spikes: Spikes, order: Float, cutoff: Float) -> Float:
    """``o[t] = sum spikes[t-k] * h[k]`` of ``(N, T)`` spikes, in float32 and in order of the taps."""
    sums = np.zeros(spikes.shape, np.float32)
    for row, (taps_order, cut) in enumerate(zip(order, cutoff, strict=True)):
        for k, tap in enumerate(low_pass(int(taps_order), float(cut))[: spikes.shape[1]]):
            sums[row, k:] += spikes[row, : spikes.shape[1] - k] * tap
    return sums


@lru_cache(maxsize=4096)
def low_pass(order: int, cutoff: float) -> Float:
    """``order + 1`` taps of a windowed sinc (Hamming) with gain 1 at 0, cutting at ``cutoff`` cycles per sample.

    The same float32 values as ``scipy.signal.firwin(order + 1, cutoff, fs=1)``.
    """
    edge = cutoff / 0.5
    taps = edge * np.sinc(edge * (np.arange(order + 1) - 0.5 * order))
    angle = np.linspace(-np.pi, np.pi, order + 1)
    taps = taps * (0.54 * np.cos(0 * angle) + (1 - 0.54) * np.cos(1 * angle))
    taps = (taps / np.sum(taps)).astype(np.float32)
    taps.setflags(write=False)
    return taps
