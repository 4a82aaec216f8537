"""What a head made of a run: a value for each sample, as plain data, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.html import fragment, html_table
from neurodeploy.table import Table, listing


@dataclass(frozen=True, eq=False)
class TaskValue:
    """What a head made of a run.

    - ``values``: one for each sample, an array or a list of the head's own type; ``plain``: the same for JSON.
    - ``table``: what a terminal shows of them.
    - ``draw``: draws one sample; None where the head has no picture.
    - ``head``, ``settings``: which head it was, and what it was told.
    """

    values: Sequence[Any] | NDArray[Any]
    plain: Sequence[Any]
    table: Table
    draw: Callable[[int], Any] | None = None
    head: str = ""
    settings: Mapping[str, float] = field(default_factory=dict[str, float])

    def picture(self, sample: int = 0) -> Any:
        """One sample as a ``matplotlib.figure.Figure``, whose ``alt`` says in words what it shows.

        Raises InputError where the head draws none, or there is no such sample; UnavailableError without matplotlib
        (extra: plot).
        """
        if self.draw is None:
            raise InputError("draws no picture", f"head {self.head}", "look at its values instead")
        if not 0 <= sample < len(self.values):
            remedy = f"name one from 0 to {len(self.values) - 1}"
            raise InputError(f"there is no sample {sample}", f"head {self.head}", remedy)
        return self.draw(sample)

    def to_json(self) -> dict[str, Any]:
        """As plain data: the head, what it was told, and the value of every sample."""
        return {"head": self.head, "settings": dict(self.settings), "samples": list(self.plain)}

    def __repr__(self) -> str:
        return listing(f"{self.head}: {self.table.title}", self.table.rows)

    def _repr_html_(self) -> str:
        return fragment(html_table(*self.table))
