"""Populations: the neurons of a Program."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
OPTIONAL = "optional"
"""Metadata of a field that files leave out where it has its default."""
PER_NEURON = ("current_decay", "membrane_decay", "threshold", "bias", "initial_membrane", "initial_current")
"""Constants of a population that may differ from neuron to neuron."""
Kind = Literal["cuba-lif", "li", "relay"]
Compare = Literal[">", ">="]
Reset = Literal["zero", "value", "subtract", "none"]


@dataclass(frozen=True)
class Output:
    """What a population sends: ``binary`` spikes, a ``count`` of spikes, or a ``graded`` value of a declared width.

    The value of one unit is ``2**-scale``. ``ends``: the smallest and the largest value of an input that clips before
    its width does.
    """

    kind: Literal["binary", "count", "graded"] = "binary"
    width: int = 1
    signed: bool = False
    scale: int = 0
    ends: tuple[int, int] | None = field(default=None, metadata={OPTIONAL: True})

    @property
    def low(self) -> int:
        """Smallest value it can hold."""
        if self.ends is not None:
            return self.ends[0]
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest value it can hold."""
        if self.ends is not None:
            return self.ends[1]
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1


@dataclass(frozen=True, eq=False)
class Population:
    """A population of neurons with one update rule (written out in ``neurodeploy.reference.integer``).

    - ``scale`` and ``unit``: an accumulator value ``a`` stands for ``a / (2**scale * unit)``; a membrane value ``v``
      for ``v / (2**(scale + state_shift) * unit)``. The unit is a positive real number, or one per neuron, and 1 where
      the population sends its membrane or a sum.
    - ``current_decay``, ``membrane_decay``: in ``2**-decay_bits``, 0 (never) .. ``2**decay_bits`` (no memory); where
      the numerics decay by shifts, the shift, from 0 (no memory).
    - ``threshold``, ``reset_value``, ``floor``, ``ceiling``: accumulator units. ``bias``, ``initial_membrane``,
      ``initial_current``: state units for neurons; for a relay the bias is in accumulator units.
      Scalars or arrays of ``shape``.
    - ``every_step``: the state is the initial state again before each step (a stateless neuron).
    - ``shift``: a relay's output is its accumulated input times ``2**-shift``, rounded half to even, saturated.
    - ``inserted``: made by neurodeploy, not named by the source network.
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind = "cuba-lif"
    scale: int = 0
    current_decay: int | IntArray = 4096
    membrane_decay: int | IntArray = 4096
    threshold: int | IntArray = 0
    bias: int | IntArray = 0
    compare: Compare = ">"
    reset: Reset = "zero"
    reset_value: int = 0
    every_step: bool = False
    floor: int | None = None
    ceiling: int | None = None
    fire_once: bool = False
    max_spikes_per_step: int = 1
    initial_membrane: int | IntArray = 0
    initial_current: int | IntArray = 0
    shift: int = 0
    output: Output = Output()
    inserted: bool = False
    unit: float | FloatArray = field(default=1.0, metadata={OPTIONAL: True})

    @property
    def size(self) -> int:
        """Number of neurons."""
        return prod(self.shape)


@dataclass(frozen=True)
class Input:
    """An input and its declared quantizer: ``clip(round_half_even(x * 2**scale))`` into ``bits`` (1 bit: binary).

    ``ends``: the smallest and the largest integer it sends, where it clips before its width does.
    """

    name: str
    shape: tuple[int, ...]
    scale: int = 0
    bits: int = 1
    signed: bool = False
    rounding: Literal["half-even"] = "half-even"
    ends: tuple[int, int] | None = field(default=None, metadata={OPTIONAL: True})

    @property
    def size(self) -> int:
        """Number of input lines."""
        return prod(self.shape)

    @property
    def output(self) -> Output:
        """What it sends, in a population's terms."""
        kind = "binary" if self.bits == 1 and not self.signed else "graded"
        return Output(kind, self.bits, self.signed, self.scale, self.ends)

    def quantize(self, values: NDArray[np.float64]) -> IntArray:
        """The integers that stand for ``values``."""
        scaled = np.rint(np.asarray(values, dtype=np.float64) * 2.0**self.scale)
        return np.clip(scaled, self.output.low, self.output.high).astype(np.int64)
