"""What reaches a population in a step when every synapse is fed the float network's own messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import largest_input
from neurodeploy.losses.counterpart import Counterpart, Wiring
from neurodeploy.losses.terms import Term
from neurodeploy.program.population import Input
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import overflow
from neurodeploy.reference.synapse import accumulate

Array = NDArray[np.float64]


class Past:
    """The messages of the last steps, as the network sends them: each ``(B, *shape)``, in its own units."""

    def __init__(self, counterparts: Mapping[str, Counterpart]) -> None:
        self._last: dict[str, deque[Array]] = {}
        for counterpart in counterparts.values():
            for wiring in counterpart.wirings:
                name, steps = wiring.source.name, wiring.delay + 1
                longest = max(steps, self._last[name].maxlen or 0) if name in self._last else steps
                self._last[name] = deque(maxlen=longest)

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


class Feed:
    """The input of one population, in accumulator units, under several choices of weights and messages."""

    def __init__(self, program: Program, counterpart: Counterpart) -> None:
        self._counterpart, self._numerics = counterpart, program.numerics
        self._projections = program.into(counterpart.name)
        self._linear = _is_linear(program, counterpart)

    def messages(self, past: Past) -> list[tuple[Wiring, Array, Array]]:
        """Every wiring over which something can have arrived, with its messages as integers and as real numbers.

        Both in units of the integers: ``value * 2**scale``.
        """
        arriving = [(wiring, past.arriving(wiring.source.name, wiring.delay)) for wiring in self._counterpart.wirings]
        return [(wiring, *_both(wiring, values)) for wiring, values in arriving if values is not None]

    def exact(self, past: Past, linear: Array) -> Array:
        """The input as the machine sums it; ``linear``: the sum of integers without any width."""
        if self._linear:
            return linear
        total = np.zeros(linear.shape, np.int64)
        for projection in self._projections:
            values = past.arriving(projection.source, projection.delay)
            if values is not None:
                source = next(w.source for w in self._counterpart.wirings if w.source.name == projection.source)
                sent = quantized(values, source.output.scale, source.output.low, source.output.high)
                shape = self._counterpart.population.shape
                total = total + accumulate(projection, sent.astype(np.int64), shape, self._numerics)
        return overflow(total, self._numerics.wide_bits, self._numerics.wide_overflow).astype(np.float64)

    def total(
        self, messages: Sequence[tuple[Wiring, Array, Array]], batch: int, choice: frozenset[Term] = frozenset()
    ) -> Array:
        """Weights times messages ``(B, *shape)``; those of the terms in ``choice`` as the network has them."""
        shape = self._counterpart.population.shape
        total = np.zeros((batch, *shape))
        for wiring, integers, real in messages:
            weights = wiring.real if "weights" in choice else wiring.integers
            if weights is not None:
                total += wiring.applied(weights, real if _real(wiring, choice) else integers, shape)
        return total


def term_of(wiring: Wiring) -> Term:
    """The term under which the rounding of its messages falls."""
    return "input quantizer" if isinstance(wiring.source, Input) else "graded messages"


def _real(wiring: Wiring, choice: frozenset[Term]) -> bool:
    return term_of(wiring) in choice


def quantized(values: Array, scale: int, low: int, high: int) -> Array:
    """Real messages on the grid of the integers that stand for them."""
    return np.clip(np.rint(values * 2.0**scale), low, high)


def _both(wiring: Wiring, values: Array) -> tuple[Array, Array]:
    output = wiring.source.output
    if output.kind == "graded":
        integers = quantized(values, output.scale, output.low, output.high)
        return wiring.arrives(integers), values * 2.0**output.scale
    sent = wiring.arrives(quantized(values, 0, output.low, output.high))
    return sent, values


def _is_linear(program: Program, counterpart: Counterpart) -> bool:
    """Whether no sum into the population can leave its width, and nothing is shifted out of one."""
    narrow = 2 ** (min(program.numerics.wide_bits, program.numerics.conv_bits) - 1)
    reach = 0
    for projection in program.into(counterpart.name):
        low, high = largest_input(program, counterpart.name, [projection])
        reach += max(-low, high)
        if projection.shift < 0:
            return False
    return reach < narrow
