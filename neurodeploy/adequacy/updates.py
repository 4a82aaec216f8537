"""Updates that no constant of a population expresses: the reference's, with one term of it switched to a wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import State, clamp, count_spikes, decay, overflow, reset, round_half_even, step

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Update:
    """Which terms of an update are as the reference has them; every default is right.

    - ``rounding`` of decays: toward zero, ``down`` (toward minus infinity), or to the ``nearest``.
    - ``integrates``: the membrane integrates the ``new`` current or the ``previous`` one.
    - ``resets``: a spike resets the membrane in the ``same`` step or at the beginning of the ``next``.
    - ``rounds``: a relay rounds half to ``even``, halves ``up``, or ``down``.
    - ``clips``: a relay ends at ``both`` ends of its range, or leaves out the ``low`` or the ``high`` one.
    """

    rounding: Literal["zero", "down", "nearest"] = "zero"
    integrates: Literal["new", "previous"] = "new"
    resets: Literal["same", "next"] = "same"
    rounds: Literal["even", "up", "down"] = "even"
    clips: Literal["both", "low", "high"] = "both"


RIGHT = Update()


class Stepper:
    """Advances a state step by step under an update."""

    def __init__(self, update: Update) -> None:
        self._update = update
        self._pending: IntArray | None = None

    def step(self, population: Population, state: State, a: IntArray, numerics: Numerics) -> IntArray:
        """What is sent in a step; ``state`` is changed. Arguments as of the reference's ``step``."""
        if self._update == RIGHT:
            return step(population, state, a, numerics).output
        if population.kind == "relay":
            return self._relay(population, a, numerics)
        return self._neuron(population, state, a, numerics)

    def _relay(self, population: Population, a: IntArray, n: Numerics) -> IntArray:
        total = overflow(a + population.bias, n.wide_bits, n.wide_overflow)
        out, shift = round_half_even(total, population.shift), population.shift
        if shift > 0 and self._update.rounds != "even":
            half = 1 << (shift - 1) if self._update.rounds == "up" else 0
            out = (total + half) >> shift
        low, high = population.output.low, population.output.high
        out = out if self._update.clips == "low" else np.maximum(out, low)
        return out if self._update.clips == "high" else np.minimum(out, high)

    def _neuron(self, population: Population, state: State, a: IntArray, n: Numerics) -> IntArray:
        """The update of machines that sum what arrives and what the membrane integrates."""
        v = state.v if self._pending is None else reset(population, state.v, self._pending, n)
        drive = overflow(a << n.state_shift, n.wide_bits, n.wide_overflow)
        current = overflow(self._decayed(state.u, population.current_decay, n) + drive, n.wide_bits, n.wide_overflow)
        current = overflow(current, n.current_bits, n.current_overflow)
        integrated = current if self._update.integrates == "new" else state.u
        total = self._decayed(v, population.membrane_decay, n) + integrated + population.bias
        total = overflow(total, n.wide_bits, n.wide_overflow)
        state.u = current
        state.v = v = clamp(population, overflow(total, n.membrane_bits, n.membrane_overflow), n)
        if population.kind == "li":
            return v
        spikes = count_spikes(population, v, n)
        if population.fire_once:
            spikes = np.where(state.fired, 0, spikes)
            state.fired = state.fired | (spikes > 0)
        if self._update.resets == "next":
            self._pending = spikes
        else:
            state.v = reset(population, v, spikes, n)
        return spikes

    def _decayed(self, x: IntArray, amount: int | IntArray, n: Numerics) -> IntArray:
        if self._update.rounding == "zero":
            return decay(x, amount, n)
        keep = n.decay_one - np.asarray(amount, np.int64)
        half = 1 << (n.decay_bits - 1) if self._update.rounding == "nearest" else 0
        return (x * keep + half) >> n.decay_bits
