"""What every coder is: a frozen value with parameters that are plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, runtime_checkable


@dataclass(frozen=True)
class Search:
    """Where a parameter is looked for.

    A ``relative`` one is a share of the signal's width; one that is not ``per_signal`` shapes the result and is the
    same for all signals. One that is ``like_changes`` is looked for most around the size of the signal's changes from
    one sample to the next (root of the mean square), one with ``usual`` values most between those.
    """

    low: float
    high: float
    integer: bool = False
    log: bool = False
    relative: bool = False
    per_signal: bool = True
    like_changes: bool = False
    usual: tuple[float, float] | None = None


@runtime_checkable
class Coder(Protocol):
    """Signals ``[T]``, ``[F, T]`` or ``[B, F, T]`` to spikes and back; arrays to arrays, tensors to tensors.

    Parameters are numbers, or tuples of one per feature. ``encode`` raises InputError for NaN, infinity and wrong
    shapes and never changes its argument. ``fit`` fixes what is otherwise measured on each signal, so that spikes can
    be decoded, and a stream encoded, without it. Where an inverse exists there is ``decode(spikes, initial=None)``.
    """

    kind: ClassVar[str]
    search: ClassVar[Mapping[str, Search]]

    def encode(self, signal: Any) -> Any:
        """Spikes of a signal."""
        ...

    def fit(self, signal: Any) -> Any:
        """The same coder with the range of ``signal`` as its own."""
        ...

    def optimize(self, signal: Any, objective: Any = "mse", **options: Any) -> Any:
        """The best parameters for a signal; see ``neurodeploy.encoding.optimize``."""
        ...


def fields_of(coder: Any) -> dict[str, Any]:
    """Parameters by name."""
    return {each.name: getattr(coder, each.name) for each in fields(coder)}


def settle(coder: Any, **values: Any) -> None:
    """Set checked parameters of a frozen coder that is being made."""
    for name, value in values.items():
        object.__setattr__(coder, name, value)
