"""Where the parameters of a coder are looked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Search:
    """The range in which a parameter is looked for, both ends included.

    - ``integer``: only integers. ``log``: evenly on a logarithmic scale.
    - ``relative``: the parameter is a share of the width of the signal.
    - ``per_signal``: every signal may have a value of its own; otherwise the parameter decides the shape of the
      result, and is the same for all signals.
    - ``like_changes``: most trials lie around the size of the signal's changes from one sample to the next (root mean
      square). ``usual``: most trials lie between these two values.
    """

    low: float
    high: float
    integer: bool = False
    log: bool = False
    relative: bool = False
    per_signal: bool = True
    like_changes: bool = False
    usual: tuple[float, float] | None = None
