"""How far rounding may move a membrane in one step, cell by cell, and the cells in which it is further away.

From the float network's own membrane and current at the end of a step, and its own messages, the integers make one
step. Rounding moves the membrane that comes out, in state units, by no more than::

    bound = 2**state_shift * (sum_i |m_i| dw_i + sum_i |w_i| dm_i)      weights and messages
          + |u| dku + |v| dkv                                           decays
          + cut + 1/2 per state that is kept                            truncation, and the start on the grid
          + db + s dtheta                                               bias, and a reset by subtraction

with ``d...`` the error that rounding left in a constant, up to the limit that ``limits`` gives it. Where the machine's
width cuts a state the bound says nothing: that loss is saturation. A decision may differ only where the membrane is
nearer to the threshold than the bound.

The same step in float arithmetic, with every constant as it stands before rounding, must give the network's membrane:
else the constants were not made from the network's equations, whatever their rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.losses.counterpart import Counterpart
from neurodeploy.losses.feed import Arrival
from neurodeploy.losses.limits import Limits
from neurodeploy.numerics import Numerics
from neurodeploy.program.program import Program
from neurodeploy.reference.integer import State, initial_state, reset, step

Array = NDArray[np.float64]
ABSOLUTE, RELATIVE = 1e-3, 1e-9
"""What float arithmetic may add to the bound: state units, and a share of the largest number of the step."""
LOOSER = 1000
"""How many times as much equal equations may differ in float arithmetic."""


@dataclass(frozen=True)
class Cell:
    """A cell beyond the bound: the membranes in state units, their distance, and what rounding can make."""

    sample: int
    step: int
    neuron: tuple[int, ...]
    expected: float
    actual: float
    bound: float

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "neuron": list(self.neuron)}


@dataclass
class Checked:
    """What was found so far.

    ``share``: the largest error, as a share of its bound. ``beyond``: cells over it. ``saturated``: cells of which the
    bound says nothing. ``reach``: the network's largest membrane or current, as a multiple of its width.
    ``strange``: cells in which the equations before rounding already differ.
    """

    cells: int = 0
    share: float = 0.0
    beyond: int = 0
    saturated: int = 0
    reach: float = 0.0
    strange: int = 0
    first: Cell | None = None
    first_strange: Cell | None = None


@dataclass(frozen=True, eq=False)
class Record:
    """What the network's node did in one step: ``output`` and membrane before the comparison, ``(B, *shape)``.

    The membrane is in the network's units; None for a sum.
    """

    output: Array
    membrane: Array | None


class Bound:
    """Checks one population, step after step."""

    def __init__(self, program: Program, counterpart: Counterpart, limits: Limits) -> None:
        self.name = counterpart.name
        self._part, self._numerics = counterpart, program.numerics
        self._population = counterpart.population
        self._errors = _errors(counterpart, program.numerics, limits)
        self._current: Array | None = None
        self._last: Array | None = None
        self._spikes: Array | None = None
        self._fired: NDArray[np.bool_] | None = None
        self._step = 0
        self.checked = Checked()

    def take(self, arrival: Arrival, record: Record) -> None:
        """The next step: what arrived, and what the network's node did."""
        if self._population.kind == "relay":
            self._take_sum(arrival, record)
        else:
            self._take_neuron(arrival, record)
        self._step += 1

    def _take_sum(self, arrival: Arrival, record: Record) -> None:
        """A sum: its value before it is rounded to what it sends."""
        expected = record.output * 2.0**self._population.scale
        equations = arrival.real + self._part.neuron.bias
        empty = initial_state(self._population, len(expected))
        output = step(self._population, empty, arrival.exact.astype(np.int64), self._numerics)
        tolerance = _tolerance(expected, np.abs(arrival.real))
        bound = arrival.moved + self._errors.bias + _shifted_out(self._part) + tolerance
        self._judge(expected, output.v_before.astype(np.float64), bound, np.ones(expected.shape, np.bool_))
        self._ask(expected, equations, tolerance)

    def _take_neuron(self, arrival: Arrival, record: Record) -> None:
        n, errors = self._numerics, self._errors
        assert record.membrane is not None
        unit = self._unit()
        expected = record.membrane * unit
        before = self._float_start(len(expected))
        start = self._integer_start(len(expected), before)
        kept = before.current * self._part.neuron.keep_current
        drive = arrival.real * 2.0**n.state_shift
        current, grid = kept + drive, self._part.neuron.terms.state_grid is not None
        if grid:
            current = np.trunc(kept) + np.trunc(drive)
        result = step(self._population, start, arrival.exact.astype(np.int64), n)
        bound = 2.0**n.state_shift * arrival.moved + errors.cut
        bound += np.abs(before.current) * errors.keep_current + np.abs(before.membrane) * errors.keep_membrane
        bound += errors.bias + before.spikes * errors.threshold + errors.constants + self._first(errors.start)
        magnitude = np.abs(before.membrane) + np.abs(before.current) + np.abs(drive) + np.abs(self._part.neuron.bias)
        tolerance = _tolerance(expected, magnitude)
        bound += tolerance
        inside = self._inside(before, current, expected, bound)
        decided = self._decisions(expected, record.output, result.output.astype(np.float64), bound)
        self._judge(expected, result.v_before.astype(np.float64), bound, inside, decided)
        self._ask(expected, self._equations(before, current, grid), tolerance)
        self._current, self._last, self._spikes = current, expected, record.output
        if self._population.fire_once:
            fired = record.output > 0
            self._fired = fired if self._fired is None else self._fired | fired

    def _unit(self) -> Array:
        unit = np.asarray(self._population.unit, np.float64)
        return np.asarray(2.0 ** (self._population.scale + self._numerics.state_shift) * unit)

    def _first(self, error: float) -> float:
        return error if self._step == 0 or self._population.every_step else 0.0

    def _float_start(self, batch: int) -> _Start:
        """Current and membrane of the network at the end of the last step, in state units, after its reset."""
        shape, neuron = (batch, *self._population.shape), self._part.neuron
        state = 2.0**self._numerics.state_shift
        if self._last is None or self._current is None or self._population.every_step or self._spikes is None:
            current = np.broadcast_to(neuron.initial_current * state, shape)
            membrane = np.full(shape, neuron.terms.initial_state * state)
            return _Start(current, membrane, np.zeros(shape), fresh=True)
        spikes = self._spikes if neuron.kind == "cuba-lif" else np.zeros(shape)
        membrane = self._last
        if neuron.reset == "subtract":
            membrane = membrane - spikes * neuron.threshold * state
        elif neuron.reset != "none":
            membrane = np.where(spikes > 0, neuron.reset_value * state, membrane)
        return _Start(self._current, membrane, spikes, fresh=False)

    def _integer_start(self, batch: int, before: _Start) -> State:
        """The same in integers: the membrane before the reset on the grid, reset as the program resets it."""
        state = initial_state(self._population, batch)
        if self._fired is not None:
            state.fired = self._fired.copy()
        if before.fresh:
            return state
        assert self._last is not None
        state.u = np.rint(before.current).astype(np.int64)
        membrane = np.rint(self._last).astype(np.int64)
        state.v = reset(self._population, membrane, before.spikes.astype(np.int64), self._numerics)
        return state

    def _equations(self, before: _Start, current: Array, grid: bool) -> Array:
        """The membrane after one step of the float neuron."""
        neuron = self._part.neuron
        kept = before.membrane * neuron.keep_membrane
        membrane = (np.trunc(kept) if grid else kept) + current + neuron.bias * 2.0**self._numerics.state_shift
        if neuron.terms.v_min is not None:
            membrane = np.maximum(membrane, neuron.terms.v_min * 2.0**self._numerics.state_shift)
        return membrane

    def _inside(self, before: _Start, current: Array, expected: Array, bound: Array) -> NDArray[np.bool_]:
        """Cells in which no width of the machine is reached, before or after."""
        n = self._numerics
        membrane, flow = 2.0 ** (n.membrane_bits - 1) - 1, 2.0 ** (n.current_bits - 1) - 1
        largest = np.maximum(np.abs(before.membrane), np.abs(expected)) + bound
        start = largest if self._last is None else np.maximum(largest, np.abs(self._last))
        reached = max(np.abs(expected).max(initial=0) / membrane, np.abs(current).max(initial=0) / flow)
        self.checked.reach = max(self.checked.reach, float(reached))
        return (start < membrane) & (np.maximum(np.abs(before.current), np.abs(current)) + bound < flow)

    def _decisions(self, expected: Array, output: Array, actual: Array, bound: Array) -> NDArray[np.bool_]:
        """Cells in which the integers decide otherwise though the membrane is further from the threshold."""
        if self._population.kind != "cuba-lif":
            return np.zeros(expected.shape, np.bool_)
        threshold = self._part.neuron.threshold * 2.0**self._numerics.state_shift
        least, most = np.minimum(output, actual), np.maximum(output, actual)
        away = np.maximum((least + 1) * threshold - expected, expected - most * threshold)
        return (output != actual) & (away > bound + np.maximum(most, 1) * self._errors.threshold)

    def _judge(
        self,
        expected: Array,
        actual: Array,
        bound: Array,
        inside: NDArray[np.bool_],
        decided: NDArray[np.bool_] | None = None,
    ) -> None:
        """Compare the integers' membrane with the network's; ``decided``: cells wrong by their decision."""
        checked = self.checked
        error = np.abs(actual - expected)
        wrong = inside & (error > bound)
        if decided is not None:
            wrong |= inside & decided
        checked.cells += error.size
        checked.saturated += int(np.count_nonzero(~inside))
        checked.share = max(checked.share, float((error / bound)[inside].max(initial=0.0)))
        if wrong.any():
            checked.beyond += int(np.count_nonzero(wrong))
            checked.first = checked.first or self._cell(wrong, expected, actual, bound)

    def _ask(self, expected: Array, equations: Array, tolerance: Array) -> None:
        """Compare the float neuron's membrane with the network's."""
        strange = np.abs(equations - expected) > LOOSER * tolerance
        if strange.any():
            self.checked.strange += int(np.count_nonzero(strange))
            first = self._cell(strange, expected, equations, LOOSER * tolerance)
            self.checked.first_strange = self.checked.first_strange or first

    def _cell(self, mask: NDArray[np.bool_], expected: Array, actual: Array, bound: Array) -> Cell:
        sample, *neuron = (int(number) for number in np.argwhere(mask)[0])
        place = (sample, *neuron)
        return Cell(
            sample, self._step, tuple(neuron), float(expected[place]), float(actual[place]), float(bound[place])
        )


def _tolerance(expected: Array, magnitude: Array) -> Array:
    return ABSOLUTE + RELATIVE * (np.abs(expected) + magnitude)


@dataclass(frozen=True, eq=False)
class _Start:
    """Where a step starts from, ``(B, *shape)`` each, in state units; ``spikes`` of the step before."""

    current: Array
    membrane: Array
    spikes: Array
    fresh: bool


@dataclass(frozen=True, eq=False)
class _Errors:
    """What rounding left in every constant but the weights, up to its limit; in state units, or factors of a decay."""

    keep_current: Array
    keep_membrane: Array
    threshold: Array
    bias: Array
    constants: float
    start: float
    cut: Array


def _shifted_out(part: Counterpart) -> int:
    """How many units a step may lose in sums whose shift cuts something off."""
    projections = (projection for wiring in part.wirings for projection in wiring.projections)
    return sum(p.shift < 0 and bool(np.any(p.weights % (1 << -p.shift))) for p in projections)


def _errors(part: Counterpart, numerics: Numerics, limits: Limits) -> _Errors:
    population, neuron = part.population, part.neuron
    one, state = float(numerics.decay_one), 2.0**numerics.state_shift
    relay = population.kind == "relay"

    def left(integers: Any, real: Any, limit: Any) -> Array:
        away = np.abs(np.asarray(integers, np.float64) - np.asarray(real, np.float64))
        return np.broadcast_to(np.minimum(away, limit), population.shape)

    keeps = [1 - np.asarray(decay) / one for decay in (population.current_decay, population.membrane_decay)]
    cut = sum(np.where(np.broadcast_to(keep > 0, population.shape), 1.5, 0.0) for keep in keeps)
    cut = cut + 3.0 * (neuron.terms.state_grid is not None) + state * _shifted_out(part)
    clamps = 0.0 if neuron.terms.v_min is None else limits.constants * state
    value = limits.constants * state if population.reset == "value" else 0.0
    return _Errors(
        left(keeps[0], neuron.keep_current, limits.decay),
        left(keeps[1], neuron.keep_membrane, limits.decay),
        left(population.threshold, neuron.threshold, limits.threshold) * state,
        left(population.bias, neuron.bias * (1 if relay else state), limits.bias),
        clamps + value,
        2 * limits.constants * max(1.0, state),
        np.asarray(cut, np.float64),
    )
