"""Messages changed so that a membrane comes to lie on its threshold, just beside it, or at an end of its width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import fan_in
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]
AIMS = ("on the threshold", "below it", "above it", "upper end", "lower end")
TRIES = 8
"""Neurons of a population that are tried for an aim, and ways to change the messages of one."""


@dataclass(frozen=True)
class Span:
    """Least and greatest message of a node."""

    low: int
    high: int

    def values(self, rng: np.random.Generator, size: tuple[int, ...]) -> IntArray:
        """Messages other than silence: of all sizes, small ones, or the two ends."""
        kind = int(rng.integers(3))
        low, high = (max(self.low, -2), min(self.high, 2)) if kind == 1 else (self.low, self.high)
        if kind == 2:
            return rng.choice(np.array([low, high], np.int64), size)
        return rng.integers(low, high, size, np.int64, endpoint=True)


@dataclass(frozen=True, eq=False)
class _Line:
    """What one source brings to one neuron: ``lines`` of it, flat, and their ``weights``."""

    projection: Projection
    lines: IntArray
    weights: IntArray


def aimed_at(
    program: Program, messages: Mapping[str, IntArray], ran: Trace, spans: Mapping[str, Span], rng: np.random.Generator
) -> dict[str, IntArray]:
    """As many samples more, each changed for one aim at as many populations as do not share a source.

    - ``messages``: by node, ``(B, T, *shape)``; ``ran``: what the program did on them, with states.
    - ``spans``: what every node can send.
    """
    aimed = {name: sent.copy() for name, sent in messages.items()}
    if program.numerics.accumulation != "sum" or program.numerics.integration != "sum":
        return aimed
    for sample in range(ran.batch):
        free = set(aimed)
        for index in rng.permutation(len(program.populations)):
            population = program.populations[index]
            sources = {projection.source for projection in program.into(population.name)}
            if sources and sources <= free and population.kind != "li":
                part, aim = {name: aimed[name][sample] for name in sources}, AIMS[int(rng.integers(len(AIMS)))]
                if _aim(program, population, aim, part, ran.part(slice(sample, sample + 1), slice(None)), spans, rng):
                    free -= sources
    return aimed


def _aim(
    program: Program,
    population: Population,
    aim: str,
    sent: Mapping[str, IntArray],
    ran: Trace,
    spans: Mapping[str, Span],
    rng: np.random.Generator,
) -> bool:
    """Change what the sources of a population sent in one sample, ``(T, *shape)`` each; False where it did not work."""
    if aim.endswith("end"):
        neuron = int(rng.integers(population.size))
        for line in _lines(program, population, neuron):
            _push(sent[line.projection.source], line, spans[line.projection.source], 1 if aim == AIMS[3] else -1)
        return True
    before = ran[population.name].v_before
    if before is None or population.kind != "cuba-lif":
        return False
    n = program.numerics
    threshold = np.broadcast_to(np.asarray(population.threshold, np.int64) << n.state_shift, population.shape)
    distance = (before[0].astype(np.int64) - threshold).reshape(len(before[0]), -1)
    missing, possible = _missing(distance, aim, n)
    for step, neuron in _nearest(distance, possible, rng):
        if _change(program, population, neuron, step, int(missing[step, neuron]), sent, spans, rng):
            return True
    return False


def _nearest(distance: IntArray, possible: NDArray[np.bool_], rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Steps and neurons, the membranes nearest to their threshold first, of some that are drawn."""
    cells = np.flatnonzero(possible)
    cells = rng.choice(cells, min(cells.size, 64 * TRIES), replace=False)
    for cell in cells[np.argsort(np.abs(distance.ravel()[cells]), kind="stable")][:TRIES]:
        step, neuron = divmod(int(cell), distance.shape[1])
        yield step, neuron


def _missing(distance: IntArray, aim: str, numerics: Numerics) -> tuple[IntArray, NDArray[np.bool_]]:
    """What has to arrive more, in accumulator units, and where a whole number of them leads there."""
    unit = 1 << numerics.state_shift
    rest = distance % unit
    if aim == AIMS[0]:
        return -distance // unit, rest == 0
    goal = rest - unit if aim == AIMS[1] else np.where(rest == 0, unit, rest)
    return (goal - distance) // unit, np.ones(distance.shape, np.bool_)


def _lines(program: Program, population: Population, neuron: int) -> list[_Line]:
    lines: list[_Line] = []
    for projection in program.into(population.name):
        shape = program.node(projection.source).shape
        fan = fan_in(projection, shape, population.shape, np.array([neuron]))
        lines.append(_Line(projection, fan.lines, fan.matrix.reshape(-1).astype(np.int64)))
    return lines


def _push(sent: IntArray, line: _Line, span: Span, direction: int) -> None:
    """In every step the message that moves the neuron most."""
    flat = sent.reshape(len(sent), -1)
    flat[:, line.lines] = np.where(line.weights * direction > 0, span.high, np.minimum(span.low, 0))


def _change(
    program: Program,
    population: Population,
    neuron: int,
    step: int,
    missing: int,
    sent: Mapping[str, IntArray],
    spans: Mapping[str, Span],
    rng: np.random.Generator,
) -> bool:
    """Change the messages that reach a neuron in a step so that ``missing`` more arrives; False where none do."""
    usable = [x for x in _lines(program, population, neuron) if x.projection.shift >= 0 and x.projection.delay <= step]
    if not usable or not all(line.lines.size for line in usable):
        return False
    views = [sent[x.projection.source][step - x.projection.delay].reshape(-1) for x in usable]
    spikes = [x.projection.message_bits == 1 for x in usable]
    now = np.concatenate([view[x.lines] for view, x in zip(views, usable, strict=True)])
    binary = np.concatenate([np.full(x.lines.size, spike) for spike, x in zip(spikes, usable, strict=True)])
    low = np.concatenate([np.full(x.lines.size, min(0, spans[x.projection.source].low)) for x in usable])
    high = np.concatenate([np.full(x.lines.size, spans[x.projection.source].high) for x in usable])
    now, low, high = np.where(binary, now != 0, now), np.where(binary, 0, low), np.where(binary, 1, high)
    weights = np.concatenate([x.weights << x.projection.shift for x in usable])
    added = _composed(weights, low - now, high - now, missing, rng)
    if added is None:
        return False
    ends = np.cumsum([x.lines.size for x in usable])[:-1]
    for view, x, values in zip(views, usable, np.split(now + added, ends), strict=True):
        view[x.lines] = values
    return True


def _composed(
    weights: IntArray, low: IntArray, high: IntArray, total: int, rng: np.random.Generator
) -> IntArray | None:
    """Whole numbers from ``low`` to ``high`` whose products with the weights add up to a total, or None."""
    near = 2 * int(np.abs(weights).max(initial=0))
    for others in range(TRIES):
        added, missing = np.zeros(len(weights), np.int64), total
        order = rng.permutation(np.flatnonzero(weights))
        for place in order[:others]:
            added[place] = rng.integers(low[place], high[place], endpoint=True)
            missing -= int(added[place]) * int(weights[place])
        for place in order[others:]:
            if abs(missing) <= near:
                break
            added[place] = np.clip(round(missing / int(weights[place])), low[place], high[place])
            missing -= int(added[place]) * int(weights[place])
        for place, units in _last(weights, low - added, high - added, missing):
            added[place] += units
            missing -= units * int(weights[place])
        if missing == 0:
            return added
    return None


def _last(weights: IntArray, low: IntArray, high: IntArray, total: int) -> tuple[tuple[int, int], ...]:
    """One or two changes by a unit that make up a total, if there are any."""
    if total == 0:
        return ()
    places = np.concatenate([np.flatnonzero(high > 0), np.flatnonzero(low < 0)])
    units = np.concatenate(
        [np.ones(np.count_nonzero(high > 0), np.int64), -np.ones(np.count_nonzero(low < 0), np.int64)]
    )
    steps = weights[places] * units
    single = np.flatnonzero(steps == total)
    if single.size:
        return ((int(places[single[0]]), int(units[single[0]])),)
    order = np.argsort(steps, kind="stable")
    at = np.minimum(np.searchsorted(steps[order], total - steps), len(order) - 1) if len(order) else order
    pairs = np.flatnonzero((steps[order][at] + steps == total) & (places[order][at] != places)) if len(order) else order
    if not pairs.size:
        return ()
    first, second = int(pairs[0]), int(order[at[pairs[0]]])
    return (int(places[first]), int(units[first])), (int(places[second]), int(units[second]))
