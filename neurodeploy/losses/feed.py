"""What reaches a population when every synapse is fed the float network's own messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
from neurodeploy.trace import Trace

Array = NDArray[np.float64]
Side = Literal["integers", "real", "left", "size"]
ARRIVING: frozenset[Term] = frozenset({"weights", "input quantizer", "graded messages"})
"""Terms that change what arrives."""


class Messages:
    """What the nodes of the float network sent, in its own units: of the first ``samples`` of its trace."""

    def __init__(self, trace: Trace, samples: int) -> None:
        self._trace, self._samples = trace, samples

    def sent(self, name: str, steps: slice) -> Array:
        """What a node sent in some steps, ``(T, B, *shape)``."""
        entry = self._trace[name]
        return by_steps(entry.output, self._samples, steps) / 2.0**entry.scale

    def arriving(self, source: str, delay: int, steps: slice) -> Array | None:
        """What a source sent ``delay`` steps before each of some steps, nothing before the first; None: nothing yet."""
        start, stop = steps.start - delay, steps.stop - delay
        if stop <= 0:
            return None
        sent = self.sent(source, slice(max(start, 0), stop))
        missing = -min(start, 0)
        return np.concatenate([np.zeros((missing, *sent.shape[1:])), sent]) if missing else sent


def by_steps(record: NDArray[Any], samples: int, steps: slice) -> Array:
    """The first samples of a record ``(B, T, *shape)`` in some steps, ``(T, B, *shape)``."""
    return np.ascontiguousarray(np.moveaxis(record[:samples, steps], 1, 0), np.float64)


@dataclass(frozen=True, eq=False)
class Arrival:
    """The input of a population in some steps, ``(T, B, *shape)`` each, in accumulator units.

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

    def take(self, messages: Messages, steps: slice, batch: int) -> Arrival:
        """What arrives in some steps of so many samples."""
        lead, shape = (steps.stop - steps.start, batch), self._part.population.shape
        count = lead[0] * lead[1]
        sums: dict[frozenset[Term], list[Array]] = {choice: [] for choice in self._choices}
        moved: list[Array] = []
        for sides in self._sides:
            wiring = sides.wiring
            values = messages.arriving(wiring.source.name, wiring.delay, steps)
            if values is None:
                continue
            integers, real = _both(wiring, values.reshape(count, *values.shape[2:]))
            rounded = not np.array_equal(integers, real)
            from_integers = sides.applied(("integers", "real", "left"), integers, shape)
            from_real = sides.applied(("integers", "real"), real, shape) if rounded else from_integers
            for choice, parts in sums.items():
                taken = from_real if term_of(wiring) in choice else from_integers
                parts.append(taken["real" if "weights" in choice else "integers"])
            signed = integers.min(initial=0.0) < 0
            moved.append(sides.applied(("left",), np.abs(integers), shape)["left"] if signed else from_integers["left"])
            if rounded:
                moved.append(sides.applied(("size",), np.abs(integers - real), shape)["size"])
        by_step = {choice: _total(parts, count, shape).reshape(*lead, *shape) for choice, parts in sums.items()}
        linear = by_step[frozenset()]
        exact = linear if self._linear else self._summed(messages, steps, (count, *shape)).reshape(linear.shape)
        return Arrival(by_step, by_step[ARRIVING], exact, _total(moved, count, shape).reshape(linear.shape))

    def real(self, messages: Messages, steps: slice, batch: int) -> Array:
        """``Arrival.real`` of some steps alone."""
        lead, shape = (steps.stop - steps.start, batch), self._part.population.shape
        parts: list[Array] = []
        for sides in self._sides:
            values = messages.arriving(sides.wiring.source.name, sides.wiring.delay, steps)
            if values is not None:
                sent = values.reshape(-1, *values.shape[2:]) * 2.0**sides.wiring.scale
                parts.append(sides.applied(("real",), sent, shape)["real"])
        return _total(parts, lead[0] * lead[1], shape).reshape(*lead, *shape)

    def _summed(self, messages: Messages, steps: slice, shape: tuple[int, ...]) -> Array:
        """The input as the machine sums it."""
        total = np.zeros(shape, np.int64)
        sources = {wiring.source.name: wiring for wiring in self._part.wirings}
        for projection in self._projections:
            values = messages.arriving(projection.source, projection.delay, steps)
            if values is not None:
                sent = _quantized(sources[projection.source], values).astype(np.int64)
                sent = sent.reshape(len(total), *values.shape[2:])
                total = total + accumulate(projection, sent, shape[1:], self._numerics)
        return overflow(total, self._numerics.wide_bits, self._numerics.wide_overflow).astype(np.float64)


def term_of(wiring: Wiring) -> Term:
    """The term under which the rounding of its messages falls."""
    return "input quantizer" if isinstance(wiring.source, Input) else "graded messages"


@dataclass(frozen=True, eq=False)
class _Sides:
    """Weights of a wiring: ``integers``, ``real``, what rounding ``left`` between them, and the ``size`` of the real.

    Equal sets stand in ``distinct`` once, and sets of zeros not at all; ``places``: where each set stands there.
    """

    wiring: Wiring
    distinct: Array
    places: Mapping[Side, int | None]

    def applied(self, sides: Sequence[Side], messages: Array, shape: tuple[int, ...]) -> dict[Side, Array]:
        """Sums of some sets times messages ``(B, *source shape)``: ``(B, *shape)`` each."""
        used = sorted({place for side in sides if (place := self.places[side]) is not None})
        sums = self.wiring.applied(self.distinct[used], messages, shape) if used else ()
        by_place = dict(zip(used, sums, strict=True))
        nothing = np.broadcast_to(0.0, (len(messages), *shape))
        return {side: nothing if (place := self.places[side]) is None else by_place[place] for side in sides}


def _sides(wiring: Wiring, limit: Array) -> _Sides:
    """The sets of weights of a wiring; 0 where the integers or the network have none."""
    nothing = np.zeros(wiring.form.weights.shape)
    integers = nothing if wiring.integers is None else wiring.integers
    real = nothing if wiring.real is None else wiring.real
    sets: dict[Side, Array] = {"integers": integers, "real": real, "size": np.abs(real)}
    sets["left"] = np.minimum(np.abs(integers - real), limit)
    distinct: list[Array] = []
    places: dict[Side, int | None] = {}
    for side, weights in sets.items():
        equal = (place for place, known in enumerate(distinct) if np.array_equal(known, weights))
        places[side] = next(equal, len(distinct)) if weights.any() else None
        if places[side] == len(distinct):
            distinct.append(weights)
    return _Sides(wiring, np.stack(distinct) if distinct else nothing[None], places)


def _total(parts: Sequence[Array], count: int, shape: tuple[int, ...]) -> Array:
    """The sum of arrays ``(count, *shape)``; zeros where there are none."""
    return sum(parts[1:], start=parts[0]) if parts else np.zeros((count, *shape))


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
