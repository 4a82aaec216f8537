"""The integers of a machine, and how much of them may be used for each layer.

Weights wider than the machine's are held by two projections onto the same population, whose exponents differ: the
*fine* integers of a path are ``upper * 2**bits + lower``, and each part is a projection of the machine's own width. A
third part would tell nothing: the accumulator has too few bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.passes.grid import WeightGrid, is_mixed, part_bits, weight_grid
from neurodeploy.passes.paths import Synapse

IntArray = NDArray[np.int64]


def widest_weights(numerics: Numerics) -> int:
    """Most bits of a weight when a path may become two projections, which needs shifts that tell them apart."""
    shifts = numerics.accumulation == "sum" and numerics.shift_max > numerics.shift_min
    return numerics.weight_bits + (part_bits(numerics) if shifts else 0)


@dataclass(frozen=True)
class Machine:
    """The integers of a machine, and how much of them may be used.

    - ``weight_bits``: most bits of a weight, the sign included. ``layers``: the same of the layers that it names.
    - ``weight_exponent``: largest power of two by which the weights of a layer are shifted.
    """

    numerics: Numerics
    weight_bits: int
    weight_exponent: int
    layers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @staticmethod
    def of(numerics: Numerics) -> Machine:
        """All that one projection of a machine has; no shifts where all projections of a kind share one (Xylo)."""
        events = numerics.accumulation == "events"
        return Machine(numerics, numerics.weight_bits, 0 if events else numerics.shift_max)

    def bits(self, path: Synapse) -> int:
        """Most bits of the path's weights: as asked for, as far as the machine's shifts hold its parts apart."""
        asked = next((self.layers[node] for node in path.nodes if node in self.layers), self.weight_bits)
        extra = asked - self.numerics.weight_bits
        if extra <= 0:
            return asked
        apart = self._most_shift(path) - self._least_shift(path) + is_mixed(path.weights, self.numerics)
        return self.numerics.weight_bits + min(extra, apart)

    def low_bits(self, path: Synapse) -> int:
        """Bits of the path's fine integers that lie in its lower part; 0 where one projection holds them."""
        return max(self.bits(path) - self.numerics.weight_bits, 0)

    def grid(self, path: Synapse, unused: int = 0) -> WeightGrid:
        """The grid on which the weights of a path are rounded; see ``weight_grid``."""
        return weight_grid(path.weights, self.numerics, self.bits(path), unused)

    def largest_shift(self, path: Synapse) -> int:
        """Largest shift of the weights of a path (of its lower part, where it has two)."""
        return self._most_shift(path) - self._above(path)

    def least_shift(self, path: Synapse) -> int:
        """Least shift of a path's weights: below 0 only of a lower part, whose sums are then floored."""
        return min(self._least_shift(path), self.largest_shift(path)) if self.low_bits(path) else 0

    def parts(self, path: Synapse, integers: IntArray, shift: int) -> list[tuple[IntArray, int]]:
        """The weights and the shift of every projection of a path, the upper part first.

        ``integers``: fine ones, of which ``shift`` is the shift. The lower part is as narrow as they allow, for in the
        worst case the accumulator holds it beside the upper one. Parts of zeros are left out.
        """
        if not self.low_bits(path):
            return [(integers, shift)]
        halved = int(is_mixed(path.weights, self.numerics))
        low_bits = max(self._least_shift(path) - shift + halved, 0)
        while not self._holds(split(integers, low_bits, 1 + halved)[0], 1 + halved):
            low_bits += 1
        upper, lower = split(integers, low_bits, 1 + halved)
        found = [(upper, shift + low_bits - halved), (lower, shift)]
        return [(weights, at) for weights, at in found if np.any(weights)] or found[:1]

    def _holds(self, upper: IntArray, step: int) -> bool:
        """Whether upper parts are weights of the machine. The last level below zero needs another sign beside it."""
        low, high = int(upper.min(initial=0)), int(upper.max(initial=0))
        most = 1 << self.numerics.weight_bits
        if self.numerics.weight_rule == "twos-complement":
            return -most // 2 <= low and high < most // 2
        return (-most if high > 0 else -most + 1) <= low and high <= most - step

    def _above(self, path: Synapse) -> int:
        low = self.low_bits(path)
        return low - is_mixed(path.weights, self.numerics) if low else 0

    def _most_shift(self, path: Synapse) -> int:
        return 0 if _windowed(path) and not self.numerics.conv_shift else self.weight_exponent

    def _least_shift(self, path: Synapse) -> int:
        return 0 if _windowed(path) else self.numerics.shift_min


def _windowed(path: Synapse) -> bool:
    return path.kind not in ("dense", "sparse")


def split(integers: IntArray, low_bits: int, step: int) -> tuple[IntArray, IntArray]:
    """Upper and lower part of fine integers: ``integers = upper / step * 2**low_bits + lower``.

    The lower part has the sign of the weights where none is positive; else it is positive and the upper part floored.
    ``step``: between two levels of the upper part (2 where Loihi's signs are mixed, else 1).
    """
    if np.any(integers > 0):
        return (integers >> low_bits) * step, integers & ((1 << low_bits) - 1)
    upper, lower = split(-integers, low_bits, step) if np.any(integers) else (integers, integers)
    return -upper, -lower
