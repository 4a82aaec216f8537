"""What a search for the cause of a difference says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Term = Literal[
    "weights",
    "geometry",
    "channels",
    "exponent",
    "delay",
    "message",
    "current decay",
    "membrane decay",
    "threshold",
    "bias",
    "reset",
    "tie rule",
    "clamp",
    "spikes per step",
    "fire once",
    "initial state",
    "relay",
    "overflow",
    "rounding",
    "order",
    "latency",
    "kept state",
    "stuck",
    "refractory",
    "idle",
    "source",
    "lost messages",
    "record",
    "upset",
    "samples",
]
Stage = Literal["current", "membrane", "decision", "reset", "output"]
"""Where in its update a node first goes wrong; ``output`` where no states were recorded."""


@dataclass(frozen=True)
class Cause:
    """One change of one term with which a node does all that was seen of it.

    - ``change``: what is otherwise, in words; ``values``: how many values of it explain as well as this one.
    - ``bits``: what it takes to say which change of its term it is; a simpler one stands first.
    """

    term: Term
    change: str
    bits: float = 0.0
    values: int = 1

    def __str__(self) -> str:
        more = f" (or {self.values - 1} similar)" if self.values > 1 else ""
        return f"{self.term}: {self.change}{more}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Culprit:
    """A node that is wrong itself.

    - ``causes``: by term, the simplest change that explains all cells that were looked at; of several, none is better
      than another, and none at all means that no single change that was tried does.
    - ``neurons``: how many differ, of ``size``; ``places``: the first of them; ``stage``: where it first goes wrong.
    - ``tried``: changes; ``cells``: that were looked at; ``note``: why the search ended early or was not made.
    """

    node: str
    stage: Stage
    neurons: int
    size: int
    places: tuple[tuple[int, ...], ...]
    causes: tuple[Cause, ...] = ()
    tried: int = 0
    cells: int = 0
    note: str = ""

    @property
    def cause(self) -> Cause | None:
        """The only explanation, where there is exactly one."""
        return self.causes[0] if len(self.causes) == 1 else None

    @property
    def words(self) -> tuple[str, ...]:
        """What is known, in sentences."""
        places = ", ".join(f"({','.join(map(str, place))})" for place in self.places)
        more = ", …" if self.neurons > len(self.places) else ""
        lines = [f"{self.node} is wrong itself: {self.neurons} of {self.size} neurons ({places}{more})"]
        if self.cause is not None:
            return (*lines, f"cause: {self.cause}")
        if self.causes:
            listed = tuple(f"  {cause}" for cause in self.causes)
            return (*lines, f"cause: one of {len(self.causes)} that explain it equally", *listed)
        if self.note:
            return (*lines, f"cause: unknown: {self.note}")
        unknown = f"cause: unknown: none of {self.tried} single changes explains it; stage: {self.stage}"
        return (*lines, unknown)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        causes = [cause.to_json() for cause in self.causes]
        named = None if self.cause is None else self.cause.term
        return {**vars(self), "places": [list(place) for place in self.places], "causes": causes, "cause": named}


@dataclass(frozen=True)
class Causes:
    """Who is at fault on a rung. ``victims``: nodes that differ only because of what arrived at them."""

    culprits: tuple[Culprit, ...] = ()
    victims: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What is known, in sentences."""
        lines = tuple(line for culprit in self.culprits for line in culprit.words)
        if not self.victims:
            return lines
        return (*lines, f"victims, wrong only by what arrives at them: {', '.join(self.victims)}")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"culprits": [culprit.to_json() for culprit in self.culprits], "victims": list(self.victims)}
