"""Where a membrane lies that may have been saturated or clamped."""

from __future__ import annotations

from dataclasses import dataclass

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population


@dataclass(frozen=True)
class Limits:
    """A membrane before the threshold that was saturated or clamped is ``low`` or less, or ``high`` or more.

    In last bits of the membrane. ``everywhere``: nothing tells, and every cell may have been limited.
    """

    everywhere: bool
    low: int
    high: int

    @staticmethod
    def of(numerics: Numerics, population: Population) -> Limits:
        """The limits of a spiking population: those of the machine, or its floor and ceiling within them."""
        bounded = numerics.integration == "sum" and numerics.membrane_overflow in ("saturate", "clip")
        top, (floor, ceiling) = (1 << (numerics.membrane_bits - 1)) - 1, (population.floor, population.ceiling)
        low = -top if floor is None else max(-top, floor << numerics.state_shift)
        high = top if ceiling is None else min(top, ceiling << numerics.state_shift)
        return Limits(not bounded, low, high)
