"""What a head is that runs are read out with: a frozen value, which packages register under ``neurodeploy.heads``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Protocol

from neurodeploy.network.network import Network
from neurodeploy.task import TaskValue
from neurodeploy.trace import Trace

Settings = Mapping[str, float]


class Reading(Protocol):
    """A run under way that a head reads, chunk of steps after chunk."""

    def feed(self, trace: Trace) -> None:
        """What the nodes of the head sent in the next steps, ``(B, steps, *shape)`` each."""
        ...

    def value(self) -> TaskValue:
        """What the head makes of all steps so far."""
        ...


@dataclass(frozen=True, eq=False)
class BoundHead:
    """A head with the weights of one network.

    - ``nodes``: the inputs and populations that it reads.
    - ``open``: begins a reading of so many samples.
    - ``draws``: whether its value has a picture.
    """

    nodes: tuple[str, ...]
    open: Callable[[int], Reading]
    draws: bool = False


@dataclass(frozen=True)
class Setting:
    """A number that a head may be told: at least ``low``, at most ``high``, ``whole`` or real."""

    name: str
    help: str
    low: float = -inf
    high: float = inf
    whole: bool = False


@dataclass(frozen=True, eq=False)
class HeadKind:
    """A named head: what the host makes of the spikes of a run.

    - ``name``: that of its entry point; ``summary``: one line.
    - ``bind``: the head of a network, with the weights that network has. It gets those of ``settings`` that were given,
      and raises InputError for a network that it does not fit.
    - ``settings``: what it may be told beside its name (``boxes,margin=3``).
    """

    name: str
    summary: str
    bind: Callable[[Network, Settings], BoundHead]
    settings: tuple[Setting, ...] = ()

    def __repr__(self) -> str:
        lines = [f"HeadKind {self.name}: {self.summary}"]
        return "\n".join([*lines, *(f"  {setting.name}: {setting.help}" for setting in self.settings)])
