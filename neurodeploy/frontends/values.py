"""What is known of a forward pass while it is watched: the steps so far, and what a tensor holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from torch import nn

from neurodeploy.network.shapes import Shape

MEMBRANE = "@membrane"
"""Behind a step's name: the membrane of its neuron as a source."""
SAMPLES = 3
"""Samples in the watched step; not one, so that a batch is never taken for a channel."""


@dataclass(frozen=True, eq=False)
class Step:
    """One node to be written. ``sources`` are added; a source that stands there twice counts twice.

    Either ``layer`` is set, a known layer or neuron found under the path ``module``; or ``operation``, ``"flatten"``,
    ``"scale"`` with the factor as ``argument``, ``"beside"`` with the first channel and the channels of all as
    ``argument``, or ``"layer"``, a pooling by function, with the equal ``Pooling`` as ``argument``. ``membrane``: what
    the neuron sends is its membrane.
    """

    name: str
    sources: tuple[str, ...]
    layer: nn.Module | None = None
    module: str = ""
    operation: str = ""
    argument: Any = None
    membrane: bool = False


@dataclass(frozen=True)
class Value:
    """What a tensor holds: the sum of what ``sources`` sent, ``shape`` without batch and time.

    - ``state_of``: the layer of which it is a state. It has sources only where it may also be used as an output.
    - ``step``: in which of several steps in one call it came about; 0 where it is the same in all.
    - ``steps``: how many steps stand in it one after the other.
    - ``over_time``: several steps were added.
    """

    sources: tuple[str, ...]
    shape: Shape
    state_of: str | None = None
    step: int = 0
    steps: int = 1
    over_time: bool = False

    @property
    def watched_numbers(self) -> int:
        """How many numbers a tensor of this value holds while it is watched."""
        return SAMPLES * self.steps * prod(self.shape)
