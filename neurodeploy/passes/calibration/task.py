"""One population's rows as calibration sees them: their weights, what reaches them, and what the float network does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.fan_in import PathRows, Places, has_windows, places, rows_of
from neurodeploy.passes.calibration.features import Dynamics, Features, gathered, gathered_constants, unchanged
from neurodeploy.passes.calibration.lines import Lines
from neurodeploy.passes.calibration.rounding import Levels
from neurodeploy.passes.calibration.rows import count_for
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.units import has_rows
from neurodeploy.passes.values import received_range
from neurodeploy.trace import Trace

Array = NDArray[np.float64]
MARGIN = 1.05
"""What a threshold or a worst-case input may grow by calibration, beyond which the machine is not reached."""


@dataclass(frozen=True, eq=False)
class Task:
    """All that the choice of one population needs. Arrays of the float network are ``(N, T, rows)`` or ``(N, T)``."""

    draft: Draft
    neuron: Neuron
    paths: tuple[PathRows, ...]
    levels: Levels
    spikes: Array
    membranes: Array
    thresholds: Array
    biases: Array
    least: Array
    by_row: bool
    shared: dict[Any, Features] = field(default_factory=dict[Any, Features])

    @property
    def rows(self) -> int:
        return len(self.paths[0].weights)

    @property
    def bits(self) -> int:
        """Most bits of a weight of any of its paths."""
        return max(self.draft.machine.bits(path.path) for path in self.paths)

    @property
    def worths(self) -> int:
        """How many worths of a level are tried for each row."""
        return count_for(len(self.weights(0)), has_windows([path.path for path in self.paths]))

    def weights(self, row: int) -> Array:
        return np.concatenate([path.weights[row] for path in self.paths])

    def messages(self, row: int) -> Features:
        return np.concatenate([path.of_row(row) for path in self.paths], axis=2)

    def dynamics(self, row: int) -> Dynamics:
        one = self.draft.numerics.decay_one
        current, membrane = (
            1 - float(np.rint((1 - _of_rows(keep, self.neuron, self.rows)[row]) * one)) / one
            for keep in (self.neuron.keep_current, self.neuron.keep_membrane)
        )
        return Dynamics(current, membrane, self.neuron.reset == "subtract")

    def lines(self, row: int, used: NDArray[np.bool_]) -> Lines:
        """What the membrane of a row is made of, of the weights ``used``, where no clamp decides it."""
        dynamics, spikes, membrane = self.dynamics(row), self.spikes[:, :, row], self.membranes[:, :, row]
        neuron, threshold = self.neuron, self.thresholds[row]
        floor = neuron.terms.v_min
        clamped = np.zeros(membrane.shape, bool) if floor is None else membrane <= floor
        emptied = clamped | ((spikes > 0) if neuron.reset in ("zero", "value") else False)
        set_to = np.where(clamped, floor or 0.0, float(neuron.reset_value.flat[0]))
        inputs = self._inputs(row, emptied if emptied.any() else None)[:, :, used]
        constants = gathered_constants(spikes, emptied, dynamics)
        start = neuron.terms.initial_state, float(_of_rows(neuron.initial_current, neuron, self.rows)[row])
        stands = inputs @ self.weights(row)[used].astype(np.float32) + unchanged(emptied, set_to, start, dynamics)
        stands = stands + constants @ np.array([self.biases[row], threshold])
        kept = ~clamped.reshape(-1)
        if neuron.terms.fire_once:
            kept &= (np.cumsum(spikes, axis=1) - spikes == 0).reshape(-1)
        return Lines(
            inputs.reshape(-1, inputs.shape[2])[kept],
            constants[:, :, : 2 if self.by_row else 1].reshape(-1, 2 if self.by_row else 1)[kept],
            (membrane - threshold - stands).reshape(-1)[kept],
            _distance(membrane / max(threshold, 1e-12), neuron.terms.max_spikes_per_step).reshape(-1)[kept],
        )

    def _inputs(self, row: int, emptied: NDArray[np.bool_] | None) -> Features:
        """The gathered messages of a row. Rows whose membranes are never set to a value share them."""
        dynamics = self.dynamics(row)
        if emptied is not None:
            return gathered(self.messages(row), emptied, dynamics)
        key = (*(row * len(path.messages) // self.rows for path in self.paths), dynamics)
        if key not in self.shared:
            self.shared[key] = gathered(self.messages(row), None, dynamics)
        return self.shared[key]


def _distance(membranes: Array, most: int) -> Array:
    """How far each membrane is from the nearest number of thresholds at which one spike more is sent."""
    return np.abs(membranes - np.clip(np.rint(membranes), 1, most))


def task_of(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    samples: NDArray[np.intp],
    rng: np.random.Generator,
) -> Task:
    """The task of a population, with lines drawn from some of the ``samples``."""
    entering = [path for path in draft.entering(neuron.name) if np.any(path.weights)]
    entry = network[neuron.name]
    assert entry.v_before is not None
    windows = has_windows(entering)
    at = places(neuron, windows, samples, entry.output.shape[1], rng)
    paths = tuple(rows_of(path, messages, neuron, at) for path in entering)
    rows = len(paths[0].weights)
    unit = np.broadcast_to(neuron.unit, neuron.shape)
    membranes = entry.v_before * unit
    low, high = received_range(entering, draft.values, neuron.shape)
    numerics = draft.numerics
    thresholds = np.broadcast_to(neuron.threshold, neuron.shape)
    least = np.maximum(thresholds / numerics.threshold_max, np.maximum(-low, high) / (neuron.bound(numerics) - 1))
    reached = draft.reached.get(neuron.name, np.zeros(neuron.shape)) * unit
    least = np.maximum(least, reached / neuron.membrane_limit(numerics))
    return Task(
        draft,
        neuron,
        paths,
        _levels(paths, neuron, draft.machine),
        _at(entry.values, at, windows, rows),
        _at(membranes, at, windows, rows),
        _of_rows(thresholds, neuron, rows),
        _of_rows(np.broadcast_to(neuron.bias, neuron.shape), neuron, rows),
        MARGIN * least.reshape(rows, -1).max(axis=1) / _spare(paths, draft.machine),
        has_rows(neuron, entering, numerics),
    )


def _at(values: Array, at: Places, windows: bool, rows: int) -> Array:
    """Values ``(B, T, *shape)`` of every row at the places: ``(N, T, rows)``."""
    if not windows:
        return values[at.samples].reshape(len(at.samples), values.shape[1], -1)
    spread = values.reshape(*values.shape[:2], rows, -1)
    return spread[at.samples, :, :, at.positions]


def _of_rows(values: Array, neuron: Neuron, rows: int) -> Array:
    """One value per row: that of its first neuron."""
    return np.broadcast_to(values, neuron.shape).reshape(rows, -1)[:, 0]


def _levels(paths: Sequence[PathRows], neuron: Neuron, machine: Machine) -> Levels:
    """The levels of every weight of a row, and what a level of each path is worth beside the finest."""
    grids, sizes = [machine.grid(path.path) for path in paths], _sizes(paths, machine)
    counts = [path.weights.shape[1] for path in paths]

    def spread(values: Sequence[float]) -> Array:
        return np.repeat(np.asarray(values, np.float64), counts)

    return Levels(
        spread([grid.low for grid in grids]),
        spread([grid.high for grid in grids]),
        spread([grid.step for grid in grids]),
        spread(sizes),
    )


def _sizes(paths: Sequence[PathRows], machine: Machine) -> list[float]:
    """What an integer of each path is worth beside one of the path with the smallest weights: powers of two."""
    needs = [float(np.abs(path.weights).max()) / machine.grid(path.path).largest for path in paths]
    return [float(2.0 ** np.ceil(np.log2(need / min(needs)) - 1e-9)) for need in needs]


def _spare(paths: Sequence[PathRows], machine: Machine) -> float:
    """What the accumulator may count in: levels of few bits stay apart where weights leave their upper bits empty."""
    bits = machine.numerics.weight_bits
    unused = [2.0 ** max(bits - machine.bits(path.path), 0) for path in paths]
    return min(size * step for size, step in zip(_sizes(paths, machine), unused, strict=True))
