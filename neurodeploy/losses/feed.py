"""What reaches a population in a step when every synapse is fed the float network's own messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import largest_input
from neurodeploy.losses.counterpart import Counterpart, Wiring
from neurodeploy.losses.limits import Limits
from neurodeploy.losses.terms import Term
from neurodeploy.program.population import Input
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import overflow
from neurodeploy.reference.synapse import accumulate

Array = NDArray[np.float64]
ARRIVING: frozenset[Term] = frozenset({"weights", "input quantizer", "graded messages"})
"""Terms that change what arrives."""


class Past:
    """The messages of the last steps, as the network sends them: each ``(B, *shape)``, in its own units."""

    def __init__(self, counterparts: Mapping[str, Counterpart]) -> None:
        longest: dict[str, int] = {}
        for wiring in (wiring for part in counterparts.values() for wiring in part.wirings):
            longest[wiring.source.name] = max(longest.get(wiring.source.name, 0), wiring.delay + 1)
        self._last: dict[str, deque[Array]] = {name: deque(maxlen=steps) for name, steps in longest.items()}

    @property
    def sources(self) -> list[str]:
        """The nodes whose messages are kept."""
        return list(self._last)

    def add(self, messages: Mapping[str, Array]) -> None:
        """The messages of the next step."""
        for name, last in self._last.items():
            last.append(messages[name])

    def arriving(self, source: str, delay: int) -> Array | None:
        """What was sent ``delay`` steps ago; None before there was anything."""
        last = self._last[source]
        return last[-1 - delay] if len(last) > delay else None


@dataclass(frozen=True, eq=False)
class Arrival:
    """The input of a population in one step, ``(B, *shape)`` each, in accumulator units.

    - ``sums`` by the terms of ``ARRIVING`` that are as in the network; ``real``: with all of them.
    - ``exact``: as the machine sums integers, its widths included.
    - ``moved``: by how much rounding of weights and messages may move it.
    """

    sums: Mapping[frozenset[Term], Array]
    real: Array
    exact: Array
    moved: Array


class Feed:
    """Computes what arrives at one population. ``choices``: sets of terms whose sums are asked for."""

    def __init__(
        self, program: Program, counterpart: Counterpart, limits: Limits, choices: set[frozenset[Term]]
    ) -> None:
        self._part, self._numerics = counterpart, program.numerics
        self._projections = program.into(counterpart.name)
        self._linear = _is_linear(program, counterpart)
        self._choices = choices | {frozenset[Term](), ARRIVING}
        self._sides = [_sides(wiring, limit) for wiring, limit in zip(counterpart.wirings, limits.weights, strict=True)]

    def take(self, past: Past, batch: int) -> Arrival:
        """What arrives after the sources sent what ``past`` ends with."""
        shape = self._part.population.shape
        sums = {choice: np.zeros((batch, *shape)) for choice in self._choices}
        moved = np.zeros((batch, *shape))
        for wiring, sides in zip(self._part.wirings, self._sides, strict=True):
            values = past.arriving(wiring.source.name, wiring.delay)
            if values is None:
                continue
            integers, real = _both(wiring, values)
            rounded = not np.array_equal(integers, real)
            from_integers = wiring.applied(sides[:2], integers, shape)
            from_real = wiring.applied(sides[:2], real, shape) if rounded else from_integers
            for choice, total in sums.items():
                total += (from_real if term_of(wiring) in choice else from_integers)[int("weights" in choice)]
            moved += wiring.applied(sides[2:3], np.abs(integers), shape)[0]
            if rounded:
                moved += wiring.applied(np.abs(sides[1:2]), np.abs(integers - real), shape)[0]
        linear = sums[frozenset()]
        return Arrival(sums, sums[ARRIVING], linear if self._linear else self._summed(past, linear.shape), moved)

    def _summed(self, past: Past, shape: tuple[int, ...]) -> Array:
        """The input as the machine sums it."""
        total = np.zeros(shape, np.int64)
        sources = {wiring.source.name: wiring for wiring in self._part.wirings}
        for projection in self._projections:
            values = past.arriving(projection.source, projection.delay)
            if values is not None:
                sent = _quantized(sources[projection.source], values).astype(np.int64)
                total = total + accumulate(projection, sent, shape[1:], self._numerics)
        return overflow(total, self._numerics.wide_bits, self._numerics.wide_overflow).astype(np.float64)


def term_of(wiring: Wiring) -> Term:
    """The term under which the rounding of its messages falls."""
    return "input quantizer" if isinstance(wiring.source, Input) else "graded messages"


def _sides(wiring: Wiring, limit: Array) -> Array:
    """Integers, the network's weights, and what rounding left between them: ``(3, ...)``; 0 where there is none."""
    nothing = np.zeros(wiring.form.weights.shape)
    integers = nothing if wiring.integers is None else wiring.integers
    real = nothing if wiring.real is None else wiring.real
    return np.stack([integers, real, np.minimum(np.abs(integers - real), limit)])


def _quantized(wiring: Wiring, values: Array) -> Array:
    """Real messages as the integers that stand for them."""
    output = wiring.source.output
    return np.clip(np.rint(values * 2.0**output.scale), output.low, output.high)


def _both(wiring: Wiring, values: Array) -> tuple[Array, Array]:
    """Messages as the synapses take them, and as the network sends them, in units of the integers."""
    sent = _quantized(wiring, values)
    if wiring.projections and all(projection.message_bits == 1 for projection in wiring.projections):
        sent = (sent != 0).astype(np.float64)
    return sent, values * 2.0**wiring.scale


def _is_linear(program: Program, counterpart: Counterpart) -> bool:
    """Whether no sum into the population can leave its width, and nothing is shifted out of one."""
    narrow = 2 ** (min(program.numerics.wide_bits, program.numerics.conv_bits) - 1)
    entering = program.into(counterpart.name)
    ranges = [largest_input(program, counterpart.name, [projection]) for projection in entering]
    reach = sum(max(-low, high) for low, high in ranges)
    return reach < narrow and all(projection.shift >= 0 for projection in entering)
