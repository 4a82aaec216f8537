"""What a run exercised: which branches of the update were taken, and how often each population fired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.case import Case, Family
from neurodeploy.conformance.generator import generate
from neurodeploy.conformance.liveliness import LOUD, QUIET
from neurodeploy.errors import InputError
from neurodeploy.program.population import Kind, Population
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
from neurodeploy.reference.program_runner import run_program
from neurodeploy.reference.synapse import accumulate, add_events, weighted_sum
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Activity:
    """How many of a population's cells (neurons times steps) sent something."""

    name: str
    kind: Kind
    cells: int
    fired: int

    @property
    def fraction(self) -> float:
        """Share of cells that sent something."""
        return self.fired / self.cells

    @property
    def lively(self) -> bool:
        """Spiking in 1 % to 60 % of its cells; readouts and relays always count as lively."""
        return self.kind != "cuba-lif" or QUIET * self.cells <= 1000 * self.fired <= LOUD * self.cells


@dataclass(frozen=True)
class Census:
    """Counts of cells in which a branch was taken; two censuses add.

    - ``ties``: the membrane before threshold equals the threshold;
    - ``current_wraps``: the current left its width and wrapped, or an event of the step was clipped where each adds to
      it; ``current_strays``: it was still outside after that;
    - ``sum_wraps``: a dense or sparse sum, its shift, or the sum of several projections overflowed;
      ``conv_wraps``: a convolution's sum did; where every event adds to the current there is no sum;
    - ``saturations`` of the membrane; ``floors``, ``ceilings``: the clamp changed it;
    - ``resets``: a spike changed the membrane; ``suppressed``: fire-once held a spike back;
    - ``multiple``: more than one spike in a step; ``relay_ties``: a relay rounded a half; ``relay_clips``: it clipped.
    """

    networks: int = 0
    lively: int = 0
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
    activity: tuple[Activity, ...] = ()

    def __add__(self, other: Census) -> Census:
        return Census(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def census(program: Program, trace: Trace) -> Census:
    """Count one run of the reference, recorded with its states."""
    total = Census()
    for population in program.populations:
        total += _count_population(program, population, trace)
    lively = all(each.lively for each in total.activity)
    return total + Census(networks=1, lively=int(lively))


def case_census(case: Case) -> Census:
    """Run the reference on a case and count."""
    return census(case.program, run_program(case.program, case.stimulus, states=True))


def full_census(family: Family, seeds: Iterable[int]) -> Census:
    """The census of many generated cases."""
    return sum((case_census(generate(seed, family)) for seed in seeds), Census())


def _count(cells: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(cells))


def _count_population(program: Program, population: Population, trace: Trace) -> Census:
    output = trace[population.name].output
    a, received = (_by_events if program.numerics.accumulation == "events" else _summed)(program, population, trace)
    received += Census(activity=(Activity(population.name, population.kind, output.size, _count(output != 0)),))
    if population.kind == "relay":
        return received + _count_relay(population, a)
    return received + _count_neuron(program, population, a, trace)


def _summed(program: Program, population: Population, trace: Trace) -> tuple[IntArray, Census]:
    """The sum of what arrives at every step, and where it wrapped."""
    n = program.numerics
    arrivals = [_arrived(program, population, each, trace) for each in program.into(population.name)]
    total = sum((each for each, _ in arrivals), np.zeros_like(trace[population.name].output, dtype=np.int64))
    a = overflow(total, n.wide_bits, n.wide_overflow)
    return a, sum((counted for _, counted in arrivals), Census(sum_wraps=_count(a != total)))


def _by_events(program: Program, population: Population, trace: Trace) -> tuple[IntArray, Census]:
    """The current with every step's events in it, and where one of them was clipped."""
    u, _, _ = _states(population, trace)
    start = _previous(initial_state(population, len(u)).u, u, population)
    current = exact = start.reshape(-1, *population.shape)
    for projection in program.into(population.name):
        sent = _delivered(projection, trace)
        current = add_events(current, projection, sent, program.numerics)
        exact = exact + shift_sum(weighted_sum(projection, sent), projection.shift).reshape(exact.shape)
    return current.reshape(start.shape), Census(current_wraps=_count(current != exact))


def _delivered(projection: Projection, trace: Trace) -> IntArray:
    """What a projection gets at every step, samples after each other: ``(B * T, *source shape)``."""
    sent = np.zeros_like(trace[projection.source].output, dtype=np.int64)
    steps = max(sent.shape[1] - projection.delay, 0)
    sent[:, sent.shape[1] - steps :] = trace[projection.source].output[:, :steps]
    return sent.reshape(-1, *sent.shape[2:])


def _arrived(program: Program, population: Population, projection: Projection, trace: Trace) -> tuple[IntArray, Census]:
    """What one projection delivers at every step, ``(B, T, *shape)``, and where its own sum wrapped."""
    flat = _delivered(projection, trace)
    arrived = accumulate(projection, flat, population.shape, program.numerics)
    whole = shift_sum(weighted_sum(projection, flat), projection.shift)
    wraps = _count(whole.reshape(arrived.shape) != arrived)
    dense = projection.kind in ("dense", "sparse")
    counted = Census(sum_wraps=wraps) if dense else Census(conv_wraps=wraps)
    return arrived.reshape(trace.batch, trace.steps, *population.shape), counted


def _count_relay(population: Population, a: IntArray) -> Census:
    total = a + population.bias
    rounded = round_half_even(total, population.shift)
    clipped = (rounded < population.output.low) | (rounded > population.output.high)
    if population.shift <= 0:
        return Census(relay_clips=_count(clipped))
    half = 1 << (population.shift - 1)
    ties = total & ((1 << population.shift) - 1) == half
    return Census(relay_ties=_count(ties), relay_clips=_count(clipped))


def _count_neuron(program: Program, population: Population, a: IntArray, trace: Trace) -> Census:
    n, output = program.numerics, trace[population.name].output
    u, v, before = _states(population, trace)
    start = initial_state(population, u.shape[0])
    u_last, v_last = _previous(start.u, u, population), _previous(start.v, v, population)
    current = current_sum(population, u_last, a, n)
    inside = integrate(population, v_last, u, n)
    bound = 1 << (n.current_bits - 1)
    counted = Census(
        current_wraps=_count(current != u),
        current_strays=_count(np.abs(u) > bound),
        saturations=_count(inside != unlimited(population, v_last, u, n)),
        floors=_count(clamp(population, inside, n) > inside),
        ceilings=_count(clamp(population, inside, n) < inside),
    )
    if population.kind == "li":
        return counted
    threshold = np.asarray(population.threshold, dtype=np.int64) << n.state_shift
    return counted + Census(
        ties=_count(before == threshold),
        resets=_count(v != before),
        suppressed=_count((count_spikes(population, before, n) > 0) & (output == 0)),
        multiple=_count(output > 1),
    )


def _states(population: Population, trace: Trace) -> tuple[IntArray, IntArray, IntArray]:
    """Current, membrane, and membrane before threshold at every step."""
    entry = trace[population.name]
    if entry.u is None or entry.v is None or entry.v_before is None:
        raise InputError("the trace holds no states", population.name, "record it with states")
    return entry.u, entry.v, entry.v_before


def _previous(start: IntArray, states: IntArray, population: Population) -> IntArray:
    """The state each step started from."""
    first = start[:, None]
    if population.every_step:
        return np.broadcast_to(first, states.shape)
    return np.concatenate([first, states[:, :-1]], axis=1)
