"""Which branches of the update the cells of a population took, block by block, in the order in which they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.branches import limited
from neurodeploy.counting.kernels import Kernels
from neurodeploy.counting.lying import channels_last
from neurodeploy.numerics import Numerics
from neurodeploy.parity.compiled_branching import CompiledBranching, countable
from neurodeploy.parity.limits import Limits
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import initial_state
from neurodeploy.trace import Entry

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
Counts = dict[str, int]
DRIVING = "membrane_decay", "bias"
"""Constants that decide, with membrane and current, what a membrane becomes."""


class Branching:
    """Counts of one spiking population; the blocks of a sample come in the order of their steps.

    ``library``: kernels that count many times faster; what is counted is defined here, by numpy.
    """

    def __init__(self, numerics: Numerics, population: Population, library: Kernels | None = None) -> None:
        self._numerics, self._population, self._library = numerics, population, library
        self._channels_last: bool | None = None
        self._begin: IntArray | None = None
        self._last: IntArray | None = None
        self._constants: dict[str, IntArray] = {}

    def add(self, entry: Entry, begins: bool) -> Counts:
        """Cells of a block by what happened in them; none for an entry without states. ``begins``: samples begin."""
        if entry.u is None or entry.v is None or entry.v_before is None:
            return {}
        if self._channels_last is None:
            self._channels_last = channels_last(entry.v)
        output = self._flat(entry.output)
        sent = output if output.itemsize == 1 else output != 0
        u, v, before = (self._flat(array) for array in (entry.u, entry.v, entry.v_before))
        last = None if begins or self._population.every_step else self._last
        first = self._start(len(v)) if last is None else last
        self._last = v[:, -1]
        if self._compiled is not None and countable(u, v, before):
            lying, current, membrane, charge = (np.ascontiguousarray(array) for array in (sent, u, v, before))
            return self._compiled.add(lying, current, membrane, charge, first)
        counts, at = self._decisions(sent != 0, v, before), self._at_limit(before)
        limits = {"saturated": 0, "clamped": 0} if at is None else self._limits(at, first, u, v)
        return counts | limits

    @cached_property
    def _compiled(self) -> CompiledBranching | None:
        """The kernels with what they need to know of the population."""
        if self._library is None:
            return None
        constants = {key: self._constant(key) for key in ("threshold", *DRIVING)}
        channels = self._population.shape[0] if self._channels_last else 1
        return CompiledBranching(self._library, self._numerics, self._population, constants, self._at_rest, channels)

    def _decisions(self, sent: Mask, v: IntArray, before: IntArray) -> Counts:
        """Cells that fired, kept a charge, lay on or just below their threshold, or were reset by a spike."""
        unit, threshold = 1 << self._numerics.state_shift, self._constant("threshold") << self._numerics.state_shift
        near = np.flatnonzero(before >= threshold - unit)
        below = _of_cells(threshold, near, before.shape[2]) - _taken(before, near)
        fired = np.flatnonzero(sent)
        held = _taken(before, fired)
        return {
            "fired": len(fired),
            "quiet": int(np.count_nonzero(before)) - int(np.count_nonzero(held)),
            "just_below": int(np.count_nonzero(below > 0)),
            "at_threshold": len(below) - int(np.count_nonzero(below)),
            "reset": int(np.count_nonzero(_taken(v, fired) != held)),
        }

    def _limits(self, at: Mask, first: IntArray, u: IntArray, v: IntArray) -> Counts:
        """Saturations and clamps. ``at``: cells at a limit; ``first``: the membranes before the block.

        Cells without membrane and current do all the same, or neuron by neuron what they did before.
        """
        moved = u != 0
        if self._population.every_step:
            moved |= first[:, None] != 0
        else:
            moved[:, 0] |= first != 0
            moved[:, 1:] |= v[:, :-1] != 0
        cells = np.flatnonzero(at & moved)
        each = {key: _of_cells(self._constant(key), cells, v.shape[2]) for key in DRIVING}
        masks = self._limited(each, self._before(cells, first, v), _taken(u, cells))
        counts = {branch: int(np.count_nonzero(mask)) for branch, mask in masks.items()}
        for branch, mask in self._at_rest.items():
            counts[branch] += int(np.count_nonzero(mask & ~moved)) if mask.any() else 0
        return {"saturated": counts["saturations"], "clamped": counts["floors"] + counts["ceilings"]}

    def _before(self, cells: NDArray[np.int64], first: IntArray, v: IntArray) -> IntArray:
        """The membranes of some cells at the end of the step before."""
        _, steps, size = v.shape
        sample, step = np.divmod(cells // size, steps)
        begins = np.ones(len(cells), np.bool_) if self._population.every_step else step == 0
        earlier = _taken(v, np.maximum(cells - size, 0))
        earlier[begins] = _taken(first, (sample * size + cells % size)[begins])
        return earlier

    @cached_property
    def _at_rest(self) -> dict[str, Mask]:
        """By branch, whether a neuron without membrane and current takes it: of all one, or of each."""
        constants = {key: self._constant(key) for key in DRIVING}
        nothing = np.zeros(np.broadcast_shapes(*(value.shape for value in constants.values())), np.int64)
        return self._limited(constants, nothing, nothing)

    def _limited(self, constants: Mapping[str, IntArray], v_last: IntArray, u: IntArray) -> dict[str, Mask]:
        fields: dict[str, Any] = dict(constants)
        return limited(self._numerics, replace(self._population, **fields), v_last, u)

    def _at_limit(self, before: IntArray) -> Mask | None:
        """Cells that may have saturated or been clamped: they lie at a limit, or nothing tells; None: there is none."""
        limits = Limits.of(self._numerics, self._population)
        if limits.everywhere:
            return np.ones(before.shape, np.bool_)
        at = (before <= limits.low) | (before >= limits.high)
        return at if at.any() else None

    def _start(self, batch: int) -> IntArray:
        """The membranes before the first step, ``(batch, neurons)``."""
        if self._begin is None or len(self._begin) != batch:
            self._begin = self._flat(initial_state(self._population, batch).v[:, None])[:, 0]
        return self._begin

    def _constant(self, key: str) -> IntArray:
        """One value where all neurons share it, else one for each, as they lie."""
        if key not in self._constants:
            value = np.asarray(getattr(self._population, key), np.int64)
            if value.size and (value == value.flat[0]).all():
                self._constants[key] = value.flat[0] + np.zeros((), np.int64)
            else:
                full = np.broadcast_to(value, (1, 1, *self._population.shape))
                self._constants[key] = np.ascontiguousarray(self._flat(full)[0, 0])
        return self._constants[key]

    def _flat(self, array: NDArray[Any]) -> NDArray[Any]:
        """``(B, T, *shape)`` as ``(B, T, neurons)``."""
        lying = array.transpose(0, 1, *range(3, array.ndim), 2) if self._channels_last else array
        return lying.reshape(*array.shape[:2], -1)


def _of_cells(constant: IntArray, cells: NDArray[np.int64], size: int) -> IntArray:
    """A constant of some cells of ``size`` neurons."""
    return constant[cells % size] if constant.ndim else constant


def _taken(array: IntArray, cells: NDArray[np.int64]) -> IntArray:
    """Some cells, wide enough for what is computed from them."""
    return array.reshape(-1).take(cells).astype(np.int64)
