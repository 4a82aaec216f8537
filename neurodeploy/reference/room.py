"""Whether a machine's widths can be reached at all in some steps: where not, no sum of them needs to be asked.

A state that starts at ``x0``, loses at least the share ``d`` in a step and then gains at most ``g``, is never more than
``x0 + min(T, 1 / d) * g`` in ``T`` steps. Where a step leaves no more than ``c``, because there is a ceiling or every
neuron that reaches its threshold is reset, it is never more than ``max(x0, c) + g``. Of what it may fall to the same
holds with all signs turned. A reset by a threshold of at least 1 makes no membrane larger.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import NO_WIDTH, State

SAFE = 62
"""Bits in which a membrane and its decay must find room together."""


class Room:
    """Tells of a population, whose constants it looks at once, where its machine's widths cannot be reached."""

    def __init__(self, population: Population, numerics: Numerics) -> None:
        self._population, self._numerics, n = population, numerics, numerics
        decays = [_ends(decay) for decay in (population.current_decay, population.membrane_decay)]
        self._shares = [decay.low / n.decay_one for decay in decays]
        usual = n.accumulation == "sum" and n.integration == "sum" and n.decay_rule == "product"
        smaller = all(decay.low >= 0 and decay.high <= n.decay_one for decay in decays)
        grows = population.reset == "subtract" and _ends(population.threshold).low < 1
        self._known = usual and smaller and not grows and population.kind != "relay"
        self._bias, self._left = _ends(population.bias), _left(population, n)
        self._least = 1 << (min(n.current_bits, n.membrane_bits, n.wide_bits, SAFE - n.decay_bits) - 1)
        self._wide = replace(n, current_bits=NO_WIDTH, membrane_bits=NO_WIDTH, wide_bits=NO_WIDTH)

    def numerics(self, state: State, a: NDArray[Any], steps: int = 1) -> Numerics:
        """The numerics without widths, where so many steps from ``state`` leave none of them; else as they are.

        Under both, ``step`` does the same. ``a``: the input of all those steps, in accumulator units, of any shape.
        """
        if not self._known:
            return self._numerics
        p, gained = self._population, _ends(a).times(1 << self._numerics.state_shift)
        some = 1 if p.every_step else steps
        starts = (p.initial_current, p.initial_membrane) if p.every_step else (state.u, state.v)
        flow = _reached(starts[0], self._shares[0], gained, some)
        added = _Ends(flow.low + self._bias.low, flow.high + self._bias.high)
        membrane = _reached(starts[1], self._shares[1], added, some, self._left)
        return self._wide if max(gained.size, flow.size, membrane.size) < self._least else self._numerics


class _Ends(NamedTuple):
    """The least and the greatest of some integers."""

    low: int
    high: int

    @property
    def size(self) -> int:
        """The largest magnitude."""
        return max(-self.low, self.high)

    def times(self, factor: int) -> _Ends:
        """Of so many times as much, ``factor`` positive."""
        return _Ends(self.low * factor, self.high * factor)


def _ends(values: Any) -> _Ends:
    array = np.asarray(values)
    return _Ends(int(array.min()), int(array.max())) if array.size else _Ends(0, 0)


class _Left(NamedTuple):
    """What a step leaves: from ``jump`` something else than it was, and never beyond ``most``, where that is known."""

    jump: _Ends = _Ends(0, 0)
    least: int | None = None
    most: int | None = None


def _reached(start: Any, share: float, gained: _Ends, steps: int, left: _Left = _Left()) -> _Ends:
    """The least and greatest that a state reaches before a step leaves it as ``left`` says; 0 lies between them.

    ``share``: what it loses in a step at least.
    """
    begun = _Ends(0, 0) if share == 1 else _ends(start)
    down, up = (max(0, -begun.low, -left.jump.low), max(0, begun.high, left.jump.high))
    least, most = (None if left.least is None else -left.least), left.most
    if share == 1:
        return _Ends(min(gained.low, 0), max(gained.high, 0))
    return _Ends(-_grown(down, share, -gained.low, steps, least), _grown(up, share, gained.high, steps, most))


def _grown(start: int, share: float, gained: int, steps: int, most: int | None) -> int:
    """How large a state gets; ``most``: what a step leaves at most."""
    gained = max(gained, 0)
    times = steps if share == 0 else min(steps, ceil(1 / share))
    grown = start + times * gained
    return grown if most is None else min(grown, max(start, most) + gained)


def _left(population: Population, n: Numerics) -> _Left:
    """What a step leaves of a membrane."""
    p = population
    floor, ceiling = (None if end is None else _ends(end).times(1 << n.state_shift) for end in (p.floor, p.ceiling))
    jumps = [0, *([] if floor is None else [floor.high]), *([] if ceiling is None else [ceiling.low])]
    most = [] if ceiling is None else [ceiling.high]
    if p.kind == "cuba-lif" and p.reset in ("zero", "value"):
        value = _ends(p.reset_value if p.reset == "value" else 0).times(1 << n.state_shift)
        jumps += [value.low, value.high]
        if not p.fire_once:
            most.append(max(_ends(p.threshold).high << n.state_shift, value.high))
    return _Left(_Ends(min(jumps), max(jumps)), None if floor is None else floor.low, min(most, default=None))
