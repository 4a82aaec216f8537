"""Which branches of the update the cells of a population took, block by block, in the order in which they lie in
memory: compiled code records channels last, and numpy goes through arrays many times faster as they lie."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.branches import count_limited
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import initial_state
from neurodeploy.trace import Entry

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
Counts = dict[str, int]


class Branching:
    """Counts of one spiking population; the blocks of a sample come in the order of their steps."""

    def __init__(self, numerics: Numerics, population: Population) -> None:
        self._numerics, self._population = numerics, population
        self._channels_last: bool | None = None
        self._last: IntArray | None = None
        self._constants: dict[str, IntArray] = {}

    def add(self, entry: Entry, begins: bool) -> Counts:
        """Cells of a block by what happened in them; none for an entry without states. ``begins``: samples begin."""
        if entry.u is None or entry.v is None or entry.v_before is None:
            return {}
        if self._channels_last is None:
            lies = np.moveaxis(entry.v, 2, -1).flags.c_contiguous
            self._channels_last = lies and not entry.v.flags.c_contiguous
        u, v, before = (self._flat(array) for array in (entry.u, entry.v, entry.v_before))
        counts = self._decisions(self._flat(entry.output) != 0, v, before)
        at = self._at_limit(before)
        if at is None:
            counts |= {"saturated": 0, "clamped": 0}
        else:
            initial = begins or self._last is None or self._population.every_step
            counts |= self._limits(at, self._start(len(v)) if initial else self._last, u, v)
        self._last = v[:, -1]
        return counts

    def _decisions(self, sent: Mask, v: IntArray, before: IntArray) -> Counts:
        """Cells that fired, kept a charge, lay on or just below their threshold, or were reset by a spike."""
        unit = 1 << self._numerics.state_shift
        below = (self._constant("threshold") << self._numerics.state_shift) - before
        at_threshold = below.size - int(np.count_nonzero(below))
        near = int(np.count_nonzero(below.view(np.uint64) <= unit))  # what is negative is a large number here
        fired = np.flatnonzero(sent)
        held = _taken(before, fired)
        return {
            "fired": len(fired),
            "quiet": int(np.count_nonzero(before)) - int(np.count_nonzero(held)),
            "just_below": near - at_threshold,
            "at_threshold": at_threshold,
            "reset": int(np.count_nonzero(_taken(v, fired) != held)),
        }

    def _limits(self, at: Mask, first: IntArray, u: IntArray, v: IntArray) -> Counts:
        """Saturations and clamps among the cells ``at`` a limit. ``first``: the membranes before the block."""
        cells = np.flatnonzero(at & self._moved(first, u, v))
        steps, neurons = v.shape[1:]
        sample, step, neuron = cells // (steps * neurons), cells // neurons % steps, cells % neurons
        begins = (step == 0) | self._population.every_step
        earlier = _taken(v, np.maximum(cells - neurons, 0))
        v_last = np.where(begins, first[sample, neuron], earlier)
        constants: dict[str, Any] = {key: self._constant(key) for key in ("membrane_decay", "bias")}
        each = {key: value[neuron] if value.ndim else value for key, value in constants.items()}
        branches = count_limited(self._numerics, replace(self._population, **each), v_last, _taken(u, cells))
        return {"saturated": branches.saturations, "clamped": branches.floors + branches.ceilings}

    def _at_limit(self, before: IntArray) -> Mask | None:
        """Cells that may have saturated or been clamped: they lie at a limit, or nothing tells; None: there is none."""
        n, population = self._numerics, self._population
        if n.integration != "sum" or n.membrane_overflow not in ("saturate", "clip"):
            return np.ones(before.shape, np.bool_)
        top = (1 << (n.membrane_bits - 1)) - 1
        masks = [before >= top] if before.max(initial=0) >= top else []
        masks += [before <= -top] if before.min(initial=0) <= -top else []
        bounds = [x << n.state_shift for x in (population.floor, population.ceiling) if x is not None]
        masks += [before == bound for bound in bounds]
        at = masks[0] if masks else None
        for mask in masks[1:]:
            at = mask if at is None else at | mask
        return at if at is not None and at.any() else None

    def _moved(self, first: IntArray, u: IntArray, v: IntArray) -> Mask:
        """Cells that had a membrane or a current; all, where one that has none may be limited."""
        if self._limited_at_rest:
            return np.ones(v.shape, np.bool_)
        moved = u != 0
        if self._population.every_step:
            return moved | (first != 0)[:, None]
        moved[:, 0] |= first != 0
        moved[:, 1:] |= v[:, :-1] != 0
        return moved

    @cached_property
    def _limited_at_rest(self) -> bool:
        """Whether a neuron without membrane and current comes to a limit by its bias."""
        nothing = np.zeros((1, *self._population.shape), np.int64)
        branches = count_limited(self._numerics, self._population, nothing, nothing)
        return bool(branches.saturations or branches.floors or branches.ceilings)

    def _start(self, batch: int) -> IntArray:
        return self._flat(initial_state(self._population, batch).v[:, None])[:, 0]

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
        lying = np.moveaxis(array, 2, -1) if self._channels_last else array
        return lying.reshape(*array.shape[:2], -1)


def _taken(array: IntArray, cells: NDArray[np.int64]) -> IntArray:
    return array.reshape(-1).take(cells)
