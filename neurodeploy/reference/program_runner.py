"""The meaning of a Program: step every population in order, on plain integers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurodeploy.evidence import SAME_CODE
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.program.quantizer import Inputs, check_inputs, quantize_inputs
from neurodeploy.reference.integer import State, Step, initial_state, overflow, step
from neurodeploy.reference.synapse import accumulate, add_events
from neurodeploy.trace import Entry, Trace

IntArray = NDArray[np.int64]
Update = Callable[[Population, State, IntArray, Numerics], Step]
"""One step of a population, as ``step`` is."""


def run_program(program: Program, stimulus: Inputs, states: bool = False, drive: Trace | None = None) -> Trace:
    """Run ``program`` on a real-valued stimulus, ``(B, T, *shape)`` per input, and record every node.

    A projection of delay d delivers at step t what its source sent at step t - d, and nothing for t < d.

    Args:
        program: what is run.
        stimulus: real values of every input, ``(B, T, *shape)`` by name; the inputs' quantizers make integers of them.
        states: also record current and membrane of every population, and the membrane before threshold and reset.
        drive: a trace whose outputs reach every synapse instead of this run's own (isolated run).

    Raises:
        InputError: for a stimulus that does not fit the inputs.
    """
    arrays = check_inputs(program, stimulus)
    batch = next(iter(arrays.values())).shape[0]
    return ProgramRun(program, batch, states).feed(arrays, drive)


class ProgramRun:
    """``batch`` samples of a program under way, fed in chunks of steps; chunks joined are the whole run.

    ``start``: the state of every population, and ``past``: what every node sent in the last ``memory_steps`` steps,
    ``(B, memory_steps, *shape)``; without them every sample stands at its first step. ``updates``: by population, what
    takes the place of ``step``, so that a fault can be planted.
    """

    def __init__(
        self,
        program: Program,
        batch: int,
        states: bool = False,
        start: Mapping[str, State] | None = None,
        past: Mapping[str, IntArray] | None = None,
        updates: Mapping[str, Update] | None = None,
    ) -> None:
        self._program, self._states, self._updates = program, states, dict(updates or {})
        self._memory = {p.name: initial_state(p, batch) for p in program.populations} if start is None else dict(start)
        nodes = (*program.inputs, *program.populations)
        lead = batch, memory_steps(program)
        self._past = {n.name: np.zeros((*lead, *n.shape), np.int64) for n in nodes} if past is None else dict(past)

    def feed(self, stimulus: Inputs, drive: Trace | None = None) -> Trace:
        """What the next steps do, for real values ``(B, T, *shape)`` per input. Arguments as of ``run_program``."""
        program, past = self._program, memory_steps(self._program)
        sent = quantize_inputs(program, stimulus)
        lead = next(iter(sent.values())).shape[:2]
        sent |= {p.name: np.zeros((*lead, *p.shape), dtype=np.int64) for p in program.populations}
        records = {p.name: _empty_record(p, sent[p.name].shape, self._states) for p in program.populations}
        lines = {
            name: np.concatenate([self._past[name], array], axis=1) if past else array for name, array in sent.items()
        }
        ours = {name: line[:, past:] for name, line in lines.items()}
        fed = lines
        if drive is not None:
            fed = {name: drive[name].output.astype(np.int64) for name in sent}
            fed = {name: np.concatenate([self._past[name], array], axis=1) for name, array in fed.items()}
        for t in range(lead[1]):
            for name in program.order:
                update = self._updates.get(name, step)
                _advance(program, program.by_name[name], self._memory[name], fed, ours, records, t, past, update)
        if past:
            self._past = {name: line[:, line.shape[1] - past :] for name, line in fed.items()}
        graded = {source.name: source.output.kind == "graded" for source in program.inputs}
        entries = {
            source.name: Entry(ours[source.name], graded[source.name], source.scale) for source in program.inputs
        }
        entries |= {p.name: _entry(program, p, ours[p.name], records[p.name]) for p in program.populations}
        return Trace(entries, {"rung": "program", "numerics": program.numerics.name}, SAME_CODE)


def memory_steps(program: Program) -> int:
    """For how many steps a message can be under way: the longest delay."""
    return max((projection.delay for projection in program.projections), default=0)


def run_population(
    population: Population, loops: Sequence[Projection], received: IntArray, numerics: Numerics
) -> tuple[IntArray, IntArray]:
    """Output and membrane before threshold of one population alone, ``(B, T, *shape)`` each.

    - ``loops``: its projections onto itself; their delays are 1 or more.
    - ``received``: what arrives over all other projections, in accumulator units, ``(B, T, *shape)``.

    Its threshold may also be an array ``(B, ...)`` that broadcasts over the samples.
    """
    state = initial_state(population, received.shape[0])
    output, before = np.zeros_like(received), np.zeros_like(received)
    for t in range(received.shape[1]):
        total = received[:, t]
        for loop in loops:
            if t >= loop.delay:
                total = total + accumulate(loop, output[:, t - loop.delay], population.shape, numerics)
        result = step(population, state, overflow(total, numerics.wide_bits, numerics.wide_overflow), numerics)
        output[:, t], before[:, t] = result.output, result.v_before
    return output, before


def _empty_record(population: Population, shape: tuple[int, ...], states: bool) -> dict[str, IntArray]:
    keys = ("v", "u", "v_before") if states and population.kind != "relay" else ()
    return {key: np.zeros(shape, dtype=np.int64) for key in keys}


def _advance(
    program: Program,
    population: Population,
    state: State,
    fed: Mapping[str, IntArray],
    sent: Mapping[str, IntArray],
    records: Mapping[str, Mapping[str, IntArray]],
    t: int,
    past: int,
    update: Update,
) -> None:
    a = accumulated(program.numerics, population, program.into(population.name), fed, past + t, state.u)
    result = update(population, state, a, program.numerics)
    sent[population.name][:, t] = result.output
    measured = {"v": state.v, "u": state.u, "v_before": result.v_before}
    for key, record in records[population.name].items():
        record[:, t] = measured[key]


def accumulated(
    numerics: Numerics,
    population: Population,
    projections: Sequence[Projection],
    sent: Mapping[str, IntArray],
    t: int,
    current: IntArray | None = None,
) -> IntArray:
    """The input of ``population`` at step ``t``, in accumulator units: (B, *shape).

    Where every event adds to the current, accumulation starts from ``current`` (0 without) and ends as the current.
    """
    batch = next(iter(sent.values())).shape[0]
    arriving = [(p, sent[p.source][:, t - p.delay]) for p in projections if t >= p.delay]
    return summed(numerics, population, arriving, batch, current)


def summed(
    numerics: Numerics,
    population: Population,
    arriving: Iterable[tuple[Projection, IntArray]],
    batch: int,
    current: IntArray | None = None,
) -> IntArray:
    """The input of ``population`` that ``arriving`` messages make, ``(batch, *source shape)`` by projection.

    ``current`` as of ``accumulated``.
    """
    total = np.zeros((batch, *population.shape), dtype=np.int64)
    if numerics.accumulation == "events" and current is not None:
        total = current
    for projection, message in arriving:
        if not message.any():
            continue
        if numerics.accumulation == "events":
            total = add_events(total, projection, message, numerics)
        else:
            total = total + accumulate(projection, message, population.shape, numerics)
    return overflow(total, numerics.wide_bits, numerics.wide_overflow)


def _entry(program: Program, population: Population, sent: IntArray, record: Mapping[str, IntArray]) -> Entry:
    state_scale = population.scale + (0 if population.kind == "relay" else program.numerics.state_shift)
    graded = population.output.kind == "graded"
    v, u, v_before = record.get("v"), record.get("u"), record.get("v_before")
    return Entry(
        sent, graded, population.output.scale, v, u, v_before, state_scale, population.inserted, population.unit
    )
