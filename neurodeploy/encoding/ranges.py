"""Signals brought to 0..1 by the range they move in, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import Float, Rows, rows_of
from neurodeploy.encoding.parameters import Parameter, parameter, spread
from neurodeploy.errors import InputError

C = TypeVar("C")


def check_range(low: Any, high: Any) -> tuple[Parameter | None, Parameter | None]:
    """A declared range, or none at all. Raises InputError for half of one, or one upside down."""
    if (low is None) != (high is None):
        raise InputError("only one end of the range is given", "low, high", "give both, or neither")
    if low is None:
        return None, None
    start = parameter(low, "low", np.isfinite, "a finite number")
    end = parameter(high, "high", np.isfinite, "a finite number")
    try:
        upside_down = bool((np.asarray(start) > np.asarray(end)).any())
    except ValueError as error:
        raise InputError("their numbers of signals differ", "low, high", "give as many of each") from error
    if upside_down:
        raise InputError("the range ends below its start", "low, high", "give low <= high")
    return start, end


def measured(signal: Any) -> tuple[Parameter, Parameter]:
    """Lowest and highest value of each feature, over time and batch."""
    rows = rows_of(signal)
    low, high = rows.values.min(axis=(0, 2)), rows.values.max(axis=(0, 2))
    if rows.rank == 1:
        return float(low[0]), float(high[0])
    return tuple(low.tolist()), tuple(high.tolist())


def fitted(coder: C, signal: Any) -> C:
    """The coder with its range fixed to that of ``signal``; one that has a range, or needs none, stays as it is."""
    rows_of(signal)
    if getattr(coder, "low", 0.0) is not None:
        return coder
    low, high = measured(signal)
    return replace(cast(Any, coder), low=low, high=high)


@dataclass(frozen=True, eq=False)
class Span:
    """The range of every row: where it starts, 1 / width, and whether it has a width at all."""

    low: Float
    scale: Float
    varies: NDArray[np.bool_]

    def normalize(self, values: Float) -> Float:
        """To 0..1: scale times the distance from the low end, in float32. Rows without width become 0."""
        return np.multiply(self.scale[:, None], values - self.low[:, None], dtype=np.float32)

    def restore(self, values: NDArray[Any]) -> Float:
        """The way back; rows without width become their one value."""
        wide = values / np.where(self.varies, self.scale, 1)[:, None] + self.low[:, None]
        return np.where(self.varies[:, None], wide, self.low[:, None]).astype(np.float32)


def span_of(rows: Rows, low: Parameter | None, high: Parameter | None) -> Span:
    """The declared range, else that of each row itself."""
    if low is None or high is None:
        return _span(rows.flat.min(axis=1), rows.flat.max(axis=1))
    return _span(spread(low, rows, "low"), spread(high, rows, "high"))


def declared_span(rows: Rows, low: Parameter | None, high: Parameter | None) -> Span:
    """The declared range, which decoding cannot do without. Raises InputError."""
    if low is None:
        raise InputError(
            "the range of the signal is not known", "decode", "give low and high, or decode with coder.fit(signal)"
        )
    return span_of(rows, low, high)


def _span(low: Float, high: Float) -> Span:
    with np.errstate(divide="ignore", over="ignore"):
        scale = np.float32(1) / (high - low)
    varies = np.isfinite(scale) & (scale > 0)
    return Span(low, np.where(varies, scale, np.float32(0)), varies)
