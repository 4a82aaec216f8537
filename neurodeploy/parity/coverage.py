"""What the stimulus exercised: agreement counts only where something happened."""

from __future__ import annotations

import numpy as np

from neurodeploy.analysis.branches import count_decisions
from neurodeploy.analysis.ranges import apply_weights
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace


def coverage(program: Program, trace: Trace) -> dict[str, dict[str, float]]:
    """Per population of a reference trace with states:

    - ``neurons_fired``: fraction of neurons that sent something at least once; ``activity``: fraction of cells;
    - ``synapses_active``: fraction of its synapses (non-zero weights) over which a message arrived at least once;
    - ``fired``, ``saturated``, ``clamped`` (at floor or ceiling), ``at_threshold``: fraction of cells in which that
      branch was taken; of spiking populations only.
    """
    return {population.name: _fractions(program, population, trace) for population in program.populations}


def _fractions(program: Program, population: Population, trace: Trace) -> dict[str, float]:
    entry = trace[population.name]
    sent = entry.output != 0
    fractions = {
        "neurons_fired": float(sent.any(axis=(0, 1)).mean()),
        "activity": float(sent.mean()),
        "synapses_active": _synapses_active(program, population, trace),
    }
    if entry.v is None or population.kind != "cuba-lif":
        return fractions
    branches = count_decisions(program.numerics, population, trace)
    counts = {
        "fired": branches.fired,
        "saturated": branches.saturations,
        "clamped": branches.floors + branches.ceilings,
        "at_threshold": branches.ties,
    }
    return fractions | {name: count / branches.cells for name, count in counts.items()}


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
