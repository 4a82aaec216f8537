"""Latency coding: the higher a sample, the earlier its one spike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neurodeploy.encoding.arrays import rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.parameters import Parameter, settle
from neurodeploy.encoding.ranges import check_range, declared_span
from neurodeploy.encoding.rate import levels
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.spike_trains import check_trains, check_trains_fit, windows
from neurodeploy.errors import InputError


@dataclass(frozen=True, repr=False)
class Latency(Coder):
    """Every sample becomes one spike in a window of ``steps`` steps.

    - ``order="time"``: at step ``round((1 - s) * (steps - 1))`` for a sample brought to 0..1, half to even.
    - ``order="rank"``: features fire in the order of their height, one step each, equal ones in theirs of the array;
      those from rank ``steps`` on stay silent. It has no inverse.
    """

    steps: int = 10
    order: Literal["time", "rank"] = "time"
    low: Parameter | None = None
    high: Parameter | None = None

    kind: ClassVar[str] = "latency"
    search: ClassVar[Mapping[str, Search]] = {"steps": Search(2, 64, integer=True, per_signal=False)}

    def __post_init__(self) -> None:
        check_trains(self.steps, "deterministic", 1)
        if self.order not in ("time", "rank"):
            raise InputError(f"unknown order {self.order!r}", "order", "choose time or rank")
        low, high = check_range(self.low, self.high)
        settle(self, low=low, high=high)

    def encode(self, signal: Any) -> Any:
        """Spikes (int8) ``[..., T * steps]``, one in each window."""
        rows = rows_of(signal)
        check_trains_fit(rows.values.size, self.steps, bytes_per_step=2)
        height = levels(rows, self.low, self.high)
        if self.order == "rank":
            place = np.argsort(np.argsort(-height, axis=1, kind="stable"), axis=1)
        else:
            place = np.rint((1 - height) * (self.steps - 1)).astype(np.int64)
        spikes = np.arange(self.steps) == place[..., None]
        return rows.give(spikes.astype(np.int8).reshape(*rows.values.shape[:2], -1))

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The signal (float32) ``[..., T]``; a silent window counts as low. Raises InputError for ``order="rank"``."""
        if self.order == "rank":
            raise InputError("ranks do not tell heights", "decode", 'encode with order="time"')
        rows, fired = windows(spikes, self.steps)
        place = np.where(fired.any(axis=-1), fired.argmax(axis=-1), self.steps - 1)
        height = 1 - place / np.float32(max(self.steps - 1, 1))
        return rows.give(declared_span(rows, self.low, self.high).restore(height.reshape(-1, fired.shape[3])))
