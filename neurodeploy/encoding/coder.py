"""What every coder is: a frozen value whose parameters are plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from neurodeploy.encoding.parameters import fields_of, shown
from neurodeploy.encoding.ranges import fitted
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.tuning import Aim, Tuned, optimize
from neurodeploy.html import fragment, html_table


@runtime_checkable
class Coder(Protocol):
    """Signals ``[T]``, ``[F, T]`` or ``[B, F, T]`` to spikes and back; arrays give arrays, tensors give tensors.

    A coder is a frozen dataclass; its parameters are numbers, or tuples of one number per feature. Where an inverse
    exists it has ``decode(spikes, initial=None)`` too. What ``fit`` and ``optimize`` do here serves every coder.
    """

    kind: ClassVar[str]
    search: ClassVar[Mapping[str, Search]]

    def encode(self, signal: Any) -> Any:
        """Spikes (int8) of a signal, which is never changed. Raises InputError for NaN, infinity and wrong shapes."""
        ...

    def fit(self, signal: Any) -> Self:
        """The same coder with the range of ``signal``, so that its spikes can be decoded without the signal.

        A coder that has a range, or needs none, stays as it is.
        """
        return fitted(self, signal)

    def optimize(self, signal: Any, objective: Aim | Sequence[Aim] = "mse", **options: Any) -> Tuned:
        """The best parameters for a signal; ``neurodeploy.encoding.optimize`` lists the options."""
        return optimize(self, signal, objective, **options)

    def __repr__(self) -> str:
        parameters = (f"{name}={shown(value)}" for name, value in fields_of(self).items() if value is not None)
        return f"{type(self).__name__}({', '.join(parameters)})"

    def _repr_html_(self) -> str:
        rows = [(name, shown(value)) for name, value in fields_of(self).items() if value is not None]
        return fragment(html_table(f"{self.kind} coder", ("parameter", "value"), rows))
