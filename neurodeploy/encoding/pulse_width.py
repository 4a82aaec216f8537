"""Pulse-width modulation (Arriandiaga et al. 2020): a signal against a sawtooth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import Float, Spikes, check_spikes, rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.parameters import Parameter, flag, parameter, settle, spread
from neurodeploy.encoding.ranges import check_range, declared_span, span_of
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.step_forward import start_of

GRID = np.linspace(0, 1, 1000).astype(np.float32)


@dataclass(frozen=True, repr=False)
class PulseWidth(Coder):
    """A spike of +1 where the signal, brought to 0..1, falls below a sawtooth; -1 where it rises above its mirror.

    - The sawtooth is ``fmod(frequency * k / 999, 1)``, from ``k = 0`` at the second sample; it restarts at its first
      fall, or after 1000 samples. The first sample never spikes.
    - ``bipolar=False`` leaves out the mirror, which is 1 minus the sawtooth.
    - ``low`` and ``high`` are the signal's range; without them each signal's own. A constant signal gives no spikes,
      and decodes to itself.
    - ``decode`` draws straight lines from ``initial`` (default ``low``) through the sawtooth's height at every spike.
    """

    frequency: Parameter = 1.0
    bipolar: bool = True
    low: Parameter | None = None
    high: Parameter | None = None

    kind: ClassVar[str] = "pulse-width"
    search: ClassVar[Mapping[str, Search]] = {
        "frequency": Search(1, 500, log=True, usual=(20, 200))  # at 500 it has 2 samples
    }

    def __post_init__(self) -> None:
        low, high = check_range(self.low, self.high)
        frequency = parameter(self.frequency, "frequency", lambda x: x > 0, "a number above 0")
        settle(self, frequency=frequency, bipolar=flag(self.bipolar, "bipolar"), low=low, high=high)

    def encode(self, signal: Any) -> Any:
        """Signed spikes (int8) of the signal's shape."""
        rows = rows_of(signal)
        span = span_of(rows, self.low, self.high)
        wave = sawtooth(spread(self.frequency, rows, "frequency"), rows.values.shape[-1])
        spikes = crossings(span.normalize(rows.flat), wave, self.bipolar)
        spikes[~span.varies] = 0
        return rows.give(spikes)

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The signal (float32). Raises InputError where the range is not known."""
        rows = rows_of(spikes, "spikes")
        span = declared_span(rows, self.low, self.high)
        start = span.low if initial is None else start_of(initial, rows)
        wave = sawtooth(spread(self.frequency, rows, "frequency"), rows.values.shape[-1])
        lines = interpolate(check_spikes(rows, (-1, 0, 1)), wave, span.normalize(start[:, None])[:, 0])
        return rows.give(span.restore(lines))


def sawtooth(frequency: NDArray[Any], steps: int, grid: NDArray[Any] = GRID) -> NDArray[Any]:
    """The carrier ``(N, T)``; its column 0 stands for the first sample, which is compared with nothing."""
    different, which = np.unique(frequency, return_inverse=True)
    index = np.arange(-1, steps - 1) % periods(different, grid)[:, None]
    return np.take_along_axis(_wave(different, grid), index, axis=1)[which.reshape(-1)]


def periods(frequency: NDArray[Any], grid: NDArray[Any] = GRID) -> NDArray[np.int64]:
    """Samples from one start of the carrier to the next ``(N,)``: up to its first fall, or all of the grid."""
    wave = _wave(frequency, grid)
    falls = np.zeros(wave.shape, bool)
    falls[:, 1:] = wave[:, 1:] < wave[:, :-1]
    return np.where(falls.any(axis=1), falls.argmax(axis=1), grid.size)


def _wave(frequency: NDArray[Any], grid: NDArray[Any]) -> NDArray[Any]:
    return np.fmod(frequency[:, None] * grid, np.float32(1))


def crossings(signal: Float, wave: Float, bipolar: bool) -> Spikes:
    """Entries into the state below the carrier (+1) and into that above its mirror image (-1), which goes before."""
    below, above = signal < wave, signal > np.float32(1) - wave
    if bipolar:
        below &= ~above
    else:
        above[:] = False
    below[:, 0] = above[:, 0] = False
    spikes = np.zeros(signal.shape, np.int8)
    spikes[:, 1:] = below[:, 1:] & ~below[:, :-1]
    spikes[:, 1:] -= above[:, 1:] & ~above[:, :-1]
    return spikes


def interpolate(spikes: Spikes, wave: Float, start: Float) -> Float:
    """Lines through the carrier at spikes of +1 and its mirror image at others; the last sample is one of those."""
    height = np.where(spikes > 0, wave, np.float32(1) - wave)
    height[:, 0] = start
    anchor: NDArray[np.bool_] = spikes != 0
    anchor[:, 0] = anchor[:, -1] = True
    steps = np.arange(spikes.shape[1])
    before = np.maximum.accumulate(np.where(anchor, steps, 0), axis=1)
    before[:, 1:] = np.where(anchor[:, 1:], before[:, :-1], before[:, 1:])
    after = np.minimum.accumulate(np.where(anchor, steps, steps[-1])[:, ::-1], axis=1)[:, ::-1]
    left, right = (np.take_along_axis(height, anchors, axis=1).astype(np.float64) for anchors in (before, after))
    slope = (right - left) / np.maximum(after - before, 1)
    return np.where(anchor, height, left + (steps - before) * slope).astype(np.float32)
