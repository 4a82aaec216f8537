"""Signals as arrays of one shape, and results in the shape and kind that the signal came in.

Inside, signals are ``(batch, features, steps)`` arrays of float32. Tensors are recognized without importing torch:
whoever holds one has imported it already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError

Float = NDArray[np.float32]
Spikes = NDArray[np.int8]
Index = list[int]


@dataclass(frozen=True, eq=False)
class Rows:
    """A signal as ``values`` ``(batch, features, steps)``, with the rank and the device that it came with."""

    values: Float
    rank: int
    tensor_device: Any = None

    @property
    def flat(self) -> Float:
        """One row per signal: ``(batch * features, steps)``."""
        return self.values.reshape(-1, self.values.shape[-1])

    def give(self, array: NDArray[Any]) -> Any:
        """A result ``(batch, channels, steps)``, or one row per channel, with the rank and kind of the signal."""
        batch = self.values.shape[0]
        batched = array.reshape(batch, -1, array.shape[-1])
        shaped = batched if self.rank == 3 else batched[0] if self.rank == 2 or batched.shape[1] > 1 else batched[0, 0]
        if self.tensor_device is None:
            return shaped
        return sys.modules["torch"].from_numpy(np.ascontiguousarray(shaped)).to(self.tensor_device)


def rows_of(signal: Any, name: str = "signal") -> Rows:
    """Read ``[T]``, ``[F, T]`` or ``[B, F, T]``; the argument is never changed.

    Raises InputError for another rank, an empty array, values that are no real numbers, and for NaN and infinity.
    """
    array, device = as_array(signal, name)
    if array.dtype.kind not in "biuf":
        raise InputError(f"holds {array.dtype} values", name, "give real numbers")
    if array.ndim not in (1, 2, 3) or array.size == 0:
        raise InputError(f"has shape {array.shape}", name, "give [T], [F, T] or [B, F, T] with at least one value")
    with np.errstate(over="ignore"):
        values = np.array(array, dtype=np.float32, order="C")
    check_held(array, values, name)
    batched = values.reshape((1,) * (3 - array.ndim) + array.shape)
    return Rows(batched, array.ndim, device)


def check_held(array: NDArray[Any], single: Float, where: str, place: Callable[[Index], str] = str) -> None:
    """Raises InputError for the first NaN or infinity, or number that ``single``, the same in float32, cannot hold."""
    if np.isfinite(single).all():
        return
    first = [int(index) for index in np.argwhere(~np.isfinite(single))[0]]
    value = array[tuple(first)]
    if not np.isfinite(value):
        remedy = "fill gaps or leave the samples out before encoding"
        raise InputError(f"is not finite at {place(first)}", where, remedy)
    reason = f"is {value:g} at {place(first)}, beyond single precision"
    raise InputError(reason, where, f"scale the signal to within ±{np.finfo(np.float32).max:.3g}")


def as_array(value: Any, name: str) -> tuple[NDArray[Any], Any]:
    """A value as an array, and the device of the tensor it was (None for anything else)."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        kept = value.detach()
        kept = kept.float() if kept.is_floating_point() and kept.itemsize < 4 else kept
        return kept.cpu().numpy(), value.device
    try:
        return np.asarray(value), None
    except ValueError as error:
        raise InputError("is no rectangular array of numbers", name, "give every signal the same length") from error


def check_spikes(rows: Rows, allowed: tuple[int, ...]) -> Spikes:
    """Spikes as int8. Raises InputError for values that are none."""
    spikes = rows.flat
    if not np.isin(spikes, allowed).all():
        listed = ", ".join(map(str, allowed))
        raise InputError(f"holds values other than {listed}", "spikes", "give what encode returned")
    return spikes.astype(np.int8)


def split(spikes: Any) -> Any:
    """Signed spikes ``[...]`` as two unsigned channels ``[2, ...]``: up, then down. Raises InputError."""
    rows = rows_of(spikes, "spikes")
    signed = check_spikes(rows, (-1, 0, 1))
    up, down = rows.give(np.maximum(signed, 0)), rows.give(np.maximum(-signed, 0))
    if rows.tensor_device is None:
        return np.stack((up, down))
    return sys.modules["torch"].stack((up, down))


def merge(channels: Any) -> Any:
    """The inverse of ``split``."""
    if len(channels) != 2:
        raise InputError(f"has {len(channels)} channels", "spikes", "give two: up, then down")
    return channels[0] - channels[1]


def measured_columns(data: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest value of every feature of ``(..., F)``. Raises InputError for NaN, infinity and no data."""
    array = as_array(data, "data")[0]
    if array.ndim < 2 or array.size == 0 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise InputError("is no table of finite numbers", "data", "give observations (..., F)")
    columns = array.reshape(-1, array.shape[-1])
    return columns.min(axis=0).astype(np.float64), columns.max(axis=0).astype(np.float64)
