"""The grids of weights, biases and decays, and the errors for values that lie on none of their points."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import CannotRepresentError
from neurodeploy.numerics import Numerics

Array = NDArray[Any]
LARGEST_SCALE = 62


@dataclass(frozen=True)
class WeightGrid:
    """Representable weights before their shift: multiples of ``step`` from ``low`` to ``high``."""

    step: int
    low: int
    high: int
    signed: bool

    @property
    def largest(self) -> int:
        """Largest magnitude usable by both signs of the weights at hand."""
        return min(self.high, -self.low) if self.signed else max(self.high, -self.low)

    def fitting_scale(self, weights: Array) -> int:
        """The largest k at which all ``weights * 2**k`` lie between the ends; negative ones may reach further."""
        above, below = float(weights.max(initial=0.0)), float(-weights.min(initial=0.0))
        return min(largest_scale(above, float(self.high)), largest_scale(below, float(-self.low)))


def weight_grid(weights: Array, numerics: Numerics, bits: int, unused: int = 0) -> WeightGrid:
    """The grid of one path's weights, with at most ``bits`` bits used.

    ``unused``: how many upper bits of the machine's weights stay empty. The step is then finer, so that ``bits`` bits
    still give as many levels. More ``bits`` than the machine's own give the grid of two projections' fine integers.
    Raises CannotRepresentError where no level is left (one bit for two signs).
    """
    if bits > numerics.weight_bits:
        return _fine_grid(weight_grid(weights, numerics, numerics.weight_bits), numerics, bits - numerics.weight_bits)
    mixed = is_mixed(weights, numerics)
    negative = bool(np.any(weights < 0))
    coarse = 1 << max(numerics.weight_bits - bits - unused, 0)
    top = 1 << max(numerics.weight_bits - unused, bits)
    if numerics.weight_rule == "twos-complement":
        grid = WeightGrid(coarse, -(top // 2), top // 2 - coarse, signed=True)
    elif mixed:
        grid = WeightGrid(2 * coarse, -top, top - 2 * coarse, signed=True)
    else:
        grid = WeightGrid(coarse, coarse - top if negative else 0, 0 if negative else top - coarse, signed=False)
    if grid.largest < 1:
        raise CannotRepresentError(
            f"weights of two signs have no level in {bits} bit", "weights", "ask for 2 bits or more", float(bits), 2.0
        )
    return grid


def is_mixed(weights: Array, numerics: Numerics) -> bool:
    """Whether weights of two signs halve the levels, as Loihi's sign modes do."""
    both = bool(np.any(weights > 0)) and bool(np.any(weights < 0))
    return both and numerics.weight_rule == "sign-magnitude"


def part_bits(numerics: Numerics) -> int:
    """Bits of a weight of one sign."""
    return numerics.weight_bits - (numerics.weight_rule == "twos-complement")


def _fine_grid(upper: WeightGrid, numerics: Numerics, low_bits: int) -> WeightGrid:
    """The fine integers whose upper parts lie on the ``upper`` grid.

    Of mixed signs the last negative level stays empty, for the upper part may have no positive weight beside it.
    """
    low, high = upper.low // upper.step, upper.high // upper.step
    if upper.signed:
        lowest = low + (numerics.weight_rule == "sign-magnitude")
        return WeightGrid(1, lowest << low_bits, ((high + 1) << low_bits) - 1, signed=True)
    below, above = (((side + 1) << low_bits) - 1 if side else 0 for side in (-low, high))
    return WeightGrid(1, -below, above, signed=False)


def round_weights(weights: Array, scale: int, grid: WeightGrid) -> NDArray[np.int64]:
    """``weights * 2**scale`` on the grid, rounded half to even.

    The last negative level is for weights of two signs: where all positive ones were rounded to 0 it is not used.
    """
    steps = np.rint(weights * 2.0**scale / grid.step) * grid.step
    low = max(grid.low, -grid.largest) if grid.signed and not np.any(steps > 0) else grid.low
    return np.clip(steps, low, grid.high).astype(np.int64)


def bits_kept(integers: NDArray[np.int64], grid: WeightGrid) -> int:
    """Bits the largest weight still uses, the sign included; never more than the levels of the grid need."""
    largest = int(np.abs(integers).max(initial=0)) // grid.step
    levels = (grid.high - grid.low) // grid.step
    return min(largest.bit_length() + (1 if grid.signed else 0), levels.bit_length())


def largest_scale(value: float, limit: float) -> int:
    """The largest k up to ``LARGEST_SCALE`` for which ``value * 2**k <= limit``."""
    if value * 2.0**LARGEST_SCALE <= limit:
        return LARGEST_SCALE
    k = floor(log2(limit / value))
    return k if value * 2.0**k <= limit else k - 1


def bias_limit(numerics: Numerics) -> int:
    """Largest magnitude of a bias in state units."""
    return ((1 << (numerics.bias_mantissa_bits - 1)) - 1) << numerics.bias_exponent_max


def round_bias(bias: Array, numerics: Numerics) -> NDArray[np.int64]:
    """Biases in state units on the grid mantissa * 2**exponent, each with the smallest exponent that holds it."""
    largest = (1 << (numerics.bias_mantissa_bits - 1)) - 1
    result = np.zeros(np.shape(bias), dtype=np.int64)
    placed = np.zeros(np.shape(bias), dtype=bool)
    for exponent in range(numerics.bias_exponent_max + 1):
        mantissa = np.rint(np.asarray(bias) / (1 << exponent))
        here = ~placed & (np.abs(mantissa) <= largest)
        result = np.where(here, mantissa.astype(np.int64) << exponent, result)
        placed |= here
        if placed.all():
            break
    return result


def round_decay(keep: Array, numerics: Numerics, node: str, quantity: str) -> int | NDArray[np.int64]:
    """The decay ``1 - keep`` in units of ``2**-decay_bits``; one value per population unless the machine allows more.

    Where a machine decays by shifts, the nearest shift.

    Raises CannotRepresentError for factors outside [0, 1] and for several values where only one is allowed.
    """
    if np.any(keep < 0) or np.any(keep > 1):
        worst = float(np.ravel(keep)[np.argmax(np.abs(np.ravel(keep) - 0.5))])
        raise CannotRepresentError(
            f"the {quantity} keeps a factor {worst:g} per step",
            f"node {node}",
            "choose dt <= tau",
            value=worst,
            limit=1.0,
        )
    if numerics.decay_rule == "shift":
        amount = nearest_shift(keep, numerics, least=int(quantity == "current"))
    else:
        amount = np.rint((1 - keep) * numerics.decay_one).astype(np.int64)
    return uniform(amount, numerics.per_neuron_decay, node, quantity)


def nearest_shift(keep: Array, numerics: Numerics, least: int = 0) -> NDArray[np.int64]:
    """The shift d, from ``least``, for which ``1 - 2**-d`` is nearest to the factor that is kept; the smaller of two.

    A current needs at least 1 where events enter before it decays: 0 leaves nothing of them.
    """
    shifts = np.arange(least, numerics.decay_one)
    distance = np.abs(np.asarray(keep, np.float64)[..., None] - kept_by(shifts))
    return shifts[np.argmin(distance, axis=-1)]


def kept_by(shift: Array) -> NDArray[np.float64]:
    """The factor that a decay by ``shift`` keeps of a large state."""
    return 1.0 - 2.0 ** -np.asarray(shift, np.float64)


def uniform(values: NDArray[np.int64], several: bool, node: str, quantity: str) -> int | NDArray[np.int64]:
    """One integer where all are equal; the array where the machine allows ``several``."""
    if values.size and np.all(values == values.flat[0]):
        return int(values.flat[0])
    if several:
        return values
    low, high = float(values.min()), float(values.max())
    raise CannotRepresentError(
        f"the {quantity} differs between its neurons ({low:g} to {high:g}); this machine has one per population",
        f"node {node}",
        "use one value per layer, or -O numerics=int32, which the targets fixed, c and cortex-m run",
        value=high,
        limit=low,
    )
