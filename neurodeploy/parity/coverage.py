"""What the stimulus exercised: agreement counts only where something happened."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import apply_weights
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import clamp, initial_state, integrate, unlimited
from neurodeploy.trace import Trace

Array = NDArray[Any]


def coverage(program: Program, trace: Trace) -> dict[str, dict[str, float]]:
    """Per population of a reference trace with states:

    - ``neurons_fired``: fraction of neurons that sent something at least once; ``activity``: fraction of cells;
    - ``synapses_active``: fraction of its synapses (non-zero weights) over which a message arrived at least once;
    - ``fired``, ``saturated``, ``clamped`` (at floor or ceiling), ``at_threshold``: fraction of cells in which that
      branch was taken; of spiking populations only.
    """
    return {population.name: _of(program, population, trace) for population in program.populations}


def _of(program: Program, population: Population, trace: Trace) -> dict[str, float]:
    entry = trace[population.name]
    sent = entry.output != 0
    values = {
        "neurons_fired": float(sent.any(axis=(0, 1)).mean()),
        "activity": float(sent.mean()),
        "synapses_active": _synapses_active(program, population, trace),
    }
    if entry.v is None or entry.u is None or entry.v_before is None or population.kind != "cuba-lif":
        return values
    before = _previous_membranes(population, entry.v)
    full = integrate(population, before, entry.u, program.numerics)
    threshold = np.asarray(population.threshold, dtype=np.int64) << program.numerics.state_shift
    return values | {
        "fired": float(sent.mean()),
        "saturated": float((full != unlimited(population, before, entry.u, program.numerics)).mean()),
        "clamped": float((clamp(population, full, program.numerics) != full).mean()),
        "at_threshold": float((entry.v_before == threshold).mean()),
    }


def _previous_membranes(population: Population, v: Array) -> Array:
    """The membrane that each step started from, from the recorded ones."""
    start = np.broadcast_to(initial_state(population, v.shape[0]).v[:, None], v.shape)
    return start if population.every_step else np.concatenate([start[:, :1], v[:, :-1]], axis=1)


def _synapses_active(program: Program, population: Population, trace: Trace) -> float:
    active, present = 0.0, 0.0
    for projection in program.into(population.name):
        delivered = trace[projection.source].output[:, : max(trace.steps - projection.delay, 0)]
        ever = (delivered != 0).any(axis=(0, 1)).astype(np.float64)
        connected = (projection.weights != 0).astype(np.float64)
        shape = population.shape
        active += float(apply_weights(projection.kind, connected, ever, shape, projection).sum())
        present += float(apply_weights(projection.kind, connected, np.ones_like(ever), shape, projection).sum())
    return active / present if present else 1.0
