"""Which branches of the update a run took, counted from a trace of the reference that recorded its states."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import (
    clamp,
    count_spikes,
    current_sum,
    initial_state,
    integrate,
    overflow,
    round_half_even,
    shift_sum,
    unlimited,
)
from neurodeploy.reference.synapse import accumulate, add_events, weighted_sum
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Branches:
    """Counts of cells (neurons times steps times samples) in which a branch was taken; two counts add.

    - ``cells`` in all; ``fired``: cells that sent something;
    - ``ties``: the membrane before threshold equals the threshold;
    - ``current_wraps``: the current left its width and wrapped, or an event of the step was clipped where each adds to
      it; ``current_strays``: it was still outside after that;
    - ``sum_wraps``: a dense or sparse sum, its shift, or the sum of several projections overflowed;
      ``conv_wraps``: a convolution's sum did; where every event adds to the current there is no sum;
    - ``saturations`` of the membrane; ``floors``, ``ceilings``: the clamp changed it;
    - ``resets``: a spike changed the membrane; ``suppressed``: fire-once held a spike back;
    - ``multiple``: more than one spike in a step; ``relay_ties``: a relay rounded a half; ``relay_clips``: it clipped.
    """

    cells: int = 0
    fired: int = 0
    ties: int = 0
    current_wraps: int = 0
    current_strays: int = 0
    sum_wraps: int = 0
    conv_wraps: int = 0
    saturations: int = 0
    floors: int = 0
    ceilings: int = 0
    resets: int = 0
    suppressed: int = 0
    multiple: int = 0
    relay_ties: int = 0
    relay_clips: int = 0

    def __add__(self, more: Branches) -> Branches:
        return Branches(*(getattr(self, field.name) + getattr(more, field.name) for field in fields(self)))


def count_branches(program: Program, population: Population, trace: Trace) -> Branches:
    """Every branch of one population. Raises InputError for a trace without its states."""
    return count_decisions(program.numerics, population, trace) + count_arrivals(program, population, trace)


def count_decisions(
    numerics: Numerics, population: Population, trace: Trace, start: IntArray | None = None
) -> Branches:
    """The branches that follow from the recorded states alone: of membrane, threshold and reset.

    ``start``: the membrane at the end of the step before the trace; without it, the trace begins with the sample.
    Raises InputError for a trace without states.
    """
    output = trace[population.name].output
    sent = Branches(cells=output.size, fired=_count(output != 0))
    if population.kind == "relay":
        return sent
    u, v, before = _states(population, trace)
    strays = Branches(current_strays=_count(np.abs(u) > 1 << (numerics.current_bits - 1)))
    membrane = strays + count_limits(numerics, population, trace, start)
    if population.kind == "li":
        return sent + membrane
    threshold = np.asarray(population.threshold, dtype=np.int64) << numerics.state_shift
    decision = Branches(
        ties=_count(before == threshold),
        resets=_count(v != before),
        suppressed=_count((count_spikes(population, before, numerics) > 0) & (output == 0)),
        multiple=_count(output > 1),
    )
    return sent + membrane + decision


def count_limits(numerics: Numerics, population: Population, trace: Trace, start: IntArray | None = None) -> Branches:
    """Saturations, floors and ceilings of the membrane alone; all else as ``count_decisions``."""
    u, v, _ = _states(population, trace)
    first = initial_state(population, len(v)).v if start is None or population.every_step else start
    masks = limited(numerics, population, previous(first, v, population), u)
    return Branches(**{branch: _count(cells) for branch, cells in masks.items()})


def limited(numerics: Numerics, population: Population, v_last: IntArray, u: IntArray) -> dict[str, NDArray[np.bool_]]:
    """By branch, cells that take it, whose membrane was ``v_last`` and whose current is ``u``: as ``count_limits``."""
    integrated = integrate(population, v_last, u, numerics)
    clamped = clamp(population, integrated, numerics)
    saturated = integrated != unlimited(population, v_last, u, numerics)
    return {"saturations": saturated, "floors": clamped > integrated, "ceilings": clamped < integrated}


def count_arrivals(program: Program, population: Population, trace: Trace) -> Branches:
    """The branches of what arrives: sums, currents and relays. It adds up every message again, step by step.

    Raises InputError for a trace without states.
    """
    accumulated, branches = (_by_events if program.numerics.accumulation == "events" else _summed)(
        program, population, trace
    )
    if population.kind == "relay":
        return branches + _relayed(population, accumulated)
    u, _, _ = _states(population, trace)
    u_last = previous(initial_state(population, len(u)).u, u, population)
    current = current_sum(population, u_last, accumulated, program.numerics)
    return branches + Branches(current_wraps=_count(current != u))


def _count(cells: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(cells))


def _summed(program: Program, population: Population, trace: Trace) -> tuple[IntArray, Branches]:
    """The sum of what arrives at every step, and where it wrapped."""
    numerics = program.numerics
    arrivals = [_arrived(program, population, projection, trace) for projection in program.into(population.name)]
    total = sum((arrived for arrived, _ in arrivals), np.zeros_like(trace[population.name].output, dtype=np.int64))
    accumulated = overflow(total, numerics.wide_bits, numerics.wide_overflow)
    wraps = Branches(sum_wraps=_count(accumulated != total))
    return accumulated, sum((branches for _, branches in arrivals), wraps)


def _by_events(program: Program, population: Population, trace: Trace) -> tuple[IntArray, Branches]:
    """The current with every step's events in it, and where one of them was clipped."""
    u, _, _ = _states(population, trace)
    start = previous(initial_state(population, len(u)).u, u, population)
    current = exact = start.reshape(-1, *population.shape)
    for projection in program.into(population.name):
        sent = delivered(projection, trace)
        current = add_events(current, projection, sent, program.numerics)
        exact = exact + shift_sum(weighted_sum(projection, sent), projection.shift).reshape(exact.shape)
    return current.reshape(start.shape), Branches(current_wraps=_count(current != exact))


def delivered(projection: Projection, trace: Trace) -> IntArray:
    """What a projection gets at every step, samples after each other: ``(B * T, *source shape)``."""
    sent = np.zeros_like(trace[projection.source].output, dtype=np.int64)
    steps = max(sent.shape[1] - projection.delay, 0)
    sent[:, sent.shape[1] - steps :] = trace[projection.source].output[:, :steps]
    return sent.reshape(-1, *sent.shape[2:])


def _arrived(
    program: Program, population: Population, projection: Projection, trace: Trace
) -> tuple[IntArray, Branches]:
    """What one projection delivers at every step, ``(B, T, *shape)``, and where its own sum wrapped."""
    sent = delivered(projection, trace)
    arrived = accumulate(projection, sent, population.shape, program.numerics)
    exact = shift_sum(weighted_sum(projection, sent), projection.shift)
    wraps = _count(exact.reshape(arrived.shape) != arrived)
    dense = projection.kind in ("dense", "sparse")
    branches = Branches(sum_wraps=wraps) if dense else Branches(conv_wraps=wraps)
    return arrived.reshape(trace.batch, trace.steps, *population.shape), branches


def _relayed(population: Population, accumulated: IntArray) -> Branches:
    total = accumulated + population.bias
    rounded = round_half_even(total, population.shift)
    clipped = (rounded < population.output.low) | (rounded > population.output.high)
    if population.shift <= 0:
        return Branches(relay_clips=_count(clipped))
    half = 1 << (population.shift - 1)
    ties = total & ((1 << population.shift) - 1) == half
    return Branches(relay_ties=_count(ties), relay_clips=_count(clipped))


def _states(population: Population, trace: Trace) -> tuple[IntArray, IntArray, IntArray]:
    """Current, membrane, and membrane before threshold at every step, wide enough for what is computed from them."""
    entry = trace[population.name]
    if entry.u is None or entry.v is None or entry.v_before is None:
        raise InputError("the trace holds no states", population.name, "record it with states")
    u, v, before = (states.astype(np.int64, copy=False) for states in (entry.u, entry.v, entry.v_before))
    return u, v, before


def previous(start: IntArray, states: IntArray, population: Population) -> IntArray:
    """The state each step started from."""
    first = start[:, None]
    if population.every_step:
        return np.broadcast_to(first, states.shape)
    return np.concatenate([first, states[:, :-1]], axis=1)
