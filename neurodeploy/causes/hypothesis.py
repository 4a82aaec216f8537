"""One change of one term of a node, as a value: a wrong rule that could be what a machine does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import Border
from neurodeploy.causes.values import Term
from neurodeploy.program.projection import Projection
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Synapses:
    """One projection into the node that is otherwise.

    - ``number``: which of the projections that enter it; ``projection``: what stands there instead.
    - ``moved``: as ``fan_in`` takes it; ``read``: what the synapses make of their messages, ``(B, T, lines)``, before
      they weigh them; ``heard``: what comes of all that the node sends, ``(B, T, size)``; ``border``: beyond maps.
    - ``total``: what becomes of the weighted sums, ``(B, T, n)``.
    - ``source``: the node that is read instead; ``wires``: the lines of it, flat, and the lines as which they arrive.
    - ``gain``: a line, flat, and how many times its messages are heard.
    - ``keeps``: what is under way when a sample ends arrives in the next one.
    - ``beside``: other projections of the node that are otherwise too.
    - ``parts``: it may be so for some neurons of the node and not for others.
    """

    number: int
    projection: Projection
    moved: tuple[int, ...] = ()
    read: Callable[[IntArray], IntArray] | None = None
    heard: Callable[[IntArray], IntArray] | None = None
    border: Border = "zero"
    total: Callable[[IntArray], IntArray] | None = None
    source: str = ""
    wires: tuple[IntArray, IntArray] | None = None
    gain: tuple[int, int] | None = None
    keeps: bool = False
    beside: tuple[Synapses, ...] = ()
    parts: bool = False


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A node that is like the program's but for one term.

    - ``change``: in words; ``bits``: what it takes to say which change of its term it is.
    - ``fields``, ``numerics``: attributes of the population and of the machine that are otherwise.
    - ``update``: what takes the place of the reference's update, made afresh for every run; ``remembers``: it looks
      back further than the states, so that only a run from the start shows what it does.
    - ``late``: by how many steps all that the node does, and only what it sends, comes late, where the update changes
      nothing else and what arrives in a step is summed.
    - ``keeps_state``: ``u``, ``v``, or both: with which a sample begins as the one before ended.
    """

    term: Term
    change: str
    bits: float
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    numerics: Mapping[str, Any] = field(default_factory=dict[str, Any])
    synapses: Synapses | None = None
    update: Callable[[], Update] | None = None
    remembers: bool = False
    late: tuple[int, int] = (0, 0)
    keeps_state: str = ""


HEALTHY = Hypothesis("order", "nothing", 0.0)
"""The program as it is."""
