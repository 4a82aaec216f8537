"""The unit in which a spiking population counts.

Rules:

1. A spiking population sends spikes, so its own unit is free: its input weights, bias, threshold, reset value, clamp
   and initial state multiplied by one positive real number give the same spikes. Inputs, sums and membranes that are
   read out keep the unit 1, for what they send is a value.
2. The unit stays 1 where powers of two already hold every weight into the population exactly, and where its contract
   names the grid of its state.
3. Weights that are whole multiples of some step, whatever that step is, become whole: a network trained on a grid stays
   exact (``hidden_step``).
4. Otherwise the unit makes the largest weight the last of the machine's levels. Where weights of several paths enter,
   it is the path for which the squared rounding errors of all weights add up to least.
5. ``auto``: by row where the weights have at most eight bits, else a power of two, which then loses next to nothing.
6. ``row``: every row (a channel of a convolution, a neuron of a dense layer) has its own unit, where the machine has a
   threshold per neuron and nothing else would differ that it has once: then the largest weight of every row is the last
   level. A row whose threshold or worst-case input would leave the machine first has the largest unit that holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.grid import WeightGrid, largest_scale, round_weights
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.neurons import Neuron, threshold_room
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.values import received_range

Array = NDArray[np.float64]
AUTO, POWER, LAYER, ROW = "auto", "power-of-two", "layer", "row"
NARROW = 8
"""Most bits of weights whose rows have units of their own by default; wider ones gain nothing that tells."""
TOLERANCE = 1e-4
"""A weight counts as a multiple of a step when it is off by at most this share of the step, as float32 weights are."""
FIRST_WEIGHTS = 8
"""Weights that rule out most steps before all weights are looked at."""
SMALLEST = 2.0**-500
"""Stands for a threshold or an input of 0, so that nothing is divided by 0."""
ROUNDING = 2.0**-40
"""What products of units and weights may lose to floating point, so that none lands beyond the last level."""


def in_units(draft: Draft, kind: str) -> Draft:
    """The draft with every spiking population in the unit that ``kind`` chooses for it."""
    neurons, paths = dict(draft.neurons), list(draft.paths)
    for name, neuron in draft.neurons.items():
        entering = draft.entering(name)
        chosen = _chosen(draft, entering) if kind == AUTO else kind
        free = chosen != POWER and _free(draft, neuron, entering)
        unit = _unit(draft, neuron, entering, chosen) if free else None
        if unit is not None:
            neurons[name] = neuron.counted_in(np.broadcast_to(unit, neuron.shape))
            paths = [path.scaled(unit, neuron.shape) if path.target == name else path for path in paths]
    return replace(draft, neurons=neurons, paths=tuple(paths))


def _chosen(draft: Draft, entering: Sequence[Synapse]) -> str:
    """The kind of unit by default: by row where weights are narrow."""
    return ROW if max((draft.machine.bits(path) for path in entering), default=0) <= NARROW else POWER


def _free(draft: Draft, neuron: Neuron, entering: Sequence[Synapse]) -> bool:
    """Whether a unit other than 1 is possible, and of use."""
    if neuron.kind != "cuba-lif" or neuron.own_scale(draft.numerics) is not None:
        return False
    weighted = [path for path in entering if np.any(path.weights)]
    return bool(weighted) and not all(on_powers(path, draft.machine) for path in weighted)


def on_powers(path: Synapse, machine: Machine) -> bool:
    """Whether the weights are exact at the largest power of two at which they fit."""
    grid = machine.grid(path)
    scale = grid.fitting_scale(path.weights)
    return bool(np.all(round_weights(path.weights, scale, grid) == path.weights * 2.0**scale))


def _unit(draft: Draft, neuron: Neuron, entering: Sequence[Synapse], kind: str) -> Array | None:
    """The factor by which the population's numbers grow: one number, or one per neuron."""
    weighted = [path for path in entering if np.any(path.weights)]
    step = hidden_step(weighted, draft.machine)
    if step is not None:
        return np.asarray(_near_one(1 / step))
    rows = row_count(neuron, weighted) if kind == ROW and has_rows(neuron, entering, draft.numerics) else 1
    peaks = [row_peaks(path, rows) for path in weighted]
    grids = [draft.machine.grid(path) for path in weighted]
    room = _room(draft, neuron, entering, rows)
    units = [_filling(peak, grid, room) for peak, grid in zip(peaks, grids, strict=True)]
    costs = [_cost(unit, weighted, peaks, grids) for unit in units]
    best = units[int(np.argmin(costs))]
    return np.repeat(best, prod(neuron.shape) // rows).reshape(neuron.shape)


def has_rows(neuron: Neuron, entering: Sequence[Synapse], numerics: Numerics) -> bool:
    """Whether each row may have its own unit: what the machine holds once per population must not differ then."""
    shared = bool(np.any(neuron.reset_value)) or bool(neuron.terms.v_min) or bool(neuron.terms.initial_state)
    return numerics.per_neuron_threshold and not shared and all(path.kind != "sum-pool" for path in entering)


def row_count(neuron: Neuron, entering: Sequence[Synapse]) -> int:
    """How many rows a population has: its channels where neurons of a channel share weights, else its neurons."""
    shared = any(path.kind not in ("dense", "sparse") for path in entering)
    return neuron.shape[0] if shared else prod(neuron.shape)


def row_peaks(path: Synapse, rows: int) -> Array:
    """The largest magnitude of the weights into each of the ``rows``."""
    return np.abs(path.weights).reshape(rows, -1).max(axis=1)


def hidden_step(paths: Sequence[Synapse], machine: Machine) -> float | None:
    """The largest step of which every weight of the ``paths`` is a whole multiple, up to the machine's last level.

    The step is that of the machine's levels: levels that are even numbers lie two apart.
    """
    weights = np.concatenate([np.unique(np.abs(path.weights[path.weights != 0])) for path in paths])
    grids = [machine.grid(path) for path in paths]
    most = min(grid.largest // grid.step for grid in grids)
    step = float(grids[0].step)
    if len({grid.step for grid in grids}) > 1 or weights.size == 0 or weights.size > most:
        return None
    largest = float(weights.max())
    multiples = np.arange(1, most + 1)
    for some in (weights[:FIRST_WEIGHTS], weights):
        counts = np.outer(multiples, some / largest)
        multiples = multiples[np.all(np.abs(counts - np.rint(counts)) <= TOLERANCE, axis=1)]
    return largest / int(multiples[0]) / step if multiples.size else None


def _filling(peaks: Array, grid: WeightGrid, room: Array) -> Array:
    """Units at which the largest weight of each row is the last level times a common power of two."""
    common = _near_one(float(grid.largest) / float(peaks.max())) * float(peaks.max()) * (1 - ROUNDING)
    return np.minimum(common / np.where(peaks > 0, peaks, peaks.max()), common / float(grid.largest) * room)


def _room(draft: Draft, neuron: Neuron, entering: Sequence[Synapse], rows: int) -> Array:
    """The unit of each row at which its threshold or its worst-case input is the largest the machine holds.

    One row alone has the scale to make room.
    """
    if rows == 1:
        return np.array([np.inf])
    numerics = draft.numerics
    low, high = received_range(entering, draft.values, neuron.shape)
    worst = np.maximum(np.maximum(-low, high), SMALLEST)
    threshold = np.maximum(neuron.threshold, SMALLEST)
    room = np.minimum(threshold_room(numerics) / threshold, (neuron.bound(numerics) - 1) / worst)
    return room.reshape(rows, -1).min(axis=1)


def _cost(unit: Array, paths: Sequence[Synapse], peaks: Sequence[Array], grids: Sequence[WeightGrid]) -> float:
    """Squared rounding errors of all weights, in units of the network, as far as steps alone tell."""
    total = 0.0
    for path, peak, grid in zip(paths, peaks, grids, strict=True):
        largest = float((peak * unit).max())
        step = grid.step * 2.0 ** -largest_scale(largest, float(grid.largest))
        total += path.weights.size / len(unit) * float(np.sum((step / unit) ** 2))
    return total


def _near_one(factor: float) -> float:
    """The factor times a power of two, from 1 to below 2."""
    mantissa, _ = np.frexp(factor)
    return 2.0 * float(mantissa)
