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
from neurodeploy.reference.room import Room

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
    """What the network's node did in some steps: ``output`` and membrane before the comparison, ``(T, B, *shape)``.

    The membrane is in the network's units; None for a sum.
    """

    output: Array
    membrane: Array | None


class Bound:
    """Checks one population, some steps after others. No step waits for another: each starts from the network's own."""

    def __init__(self, program: Program, counterpart: Counterpart, limits: Limits) -> None:
        self.name = counterpart.name
        self._part, self._numerics = counterpart, program.numerics
        self._population = counterpart.population
        self._room = Room(counterpart.population, program.numerics)
        self._errors = _errors(counterpart, program.numerics, limits)
        self._last: _Ended | None = None
        self._fired: NDArray[np.bool_] | None = None
        self._step = 0
        self.checked = Checked()

    @property
    def carries(self) -> bool:
        """Whether a step depends on more of the network's earlier ones than the membrane and spikes of the last."""
        return bool(self._part.neuron.keep_current.any()) or self._population.fire_once

    def pass_over(self, real: Array, record: Record) -> None:
        """Steps that are not looked at: all since the last ones where it ``carries``, else one. ``real``: the input."""
        assert record.membrane is not None
        currents = self._currents(real * 2.0**self._numerics.state_shift)
        if self._population.fire_once:
            fired = np.logical_or.reduce(record.output > 0, axis=0)
            self._fired = fired if self._fired is None else fired | self._fired
        self._last = _Ended(currents[-1], record.membrane[-1] * self._unit(), record.output[-1])

    def take(self, arrival: Arrival, record: Record, step: int) -> None:
        """Steps from ``step`` on: what arrived, and what the network's node did."""
        self._step = step
        if self._population.kind == "relay":
            self._take_sum(arrival, record)
        else:
            self._take_neuron(arrival, record)

    def _take_sum(self, arrival: Arrival, record: Record) -> None:
        """A sum: its value before it is rounded to what it sends."""
        expected = record.output * 2.0**self._population.scale
        equations = arrival.real + self._part.neuron.bias
        actual = self._stepped(initial_state(self._population, _cells(expected)), arrival)[1]
        tolerance = _tolerance(expected, np.abs(arrival.real))
        bound = arrival.moved + self._errors.bias + _shifted_out(self._part) + tolerance
        self._judge(expected, actual, bound, np.ones(expected.shape, np.bool_))
        self._ask(expected, equations, tolerance)

    def _take_neuron(self, arrival: Arrival, record: Record) -> None:
        n, errors = self._numerics, self._errors
        assert record.membrane is not None
        expected = record.membrane * self._unit()
        drive = arrival.real * 2.0**n.state_shift
        currents = self._currents(drive)
        current = currents[1:]
        before = self._float_start(currents[:-1], expected, record.output)
        output, actual = self._stepped(self._integer_start(before, record.output), arrival)
        flow, membrane = np.abs(before.current), np.abs(before.membrane)
        bound = 2.0**n.state_shift * arrival.moved
        bound += errors.cut + errors.bias + errors.constants
        moving = (flow, errors.keep_current), (membrane, errors.keep_membrane), (before.spikes, errors.threshold)
        for amount, error in moving:
            if error.any():
                bound += amount * error
        bound[before.fresh] += errors.start
        magnitude = membrane + flow
        magnitude += np.abs(drive, out=drive)
        magnitude += np.abs(self._part.neuron.bias)
        tolerance = _tolerance(expected, magnitude)
        bound += tolerance
        inside = self._inside(before, current, expected, bound)
        decided = self._decisions(expected, record.output, output, bound)
        self._judge(expected, actual, bound, inside, decided)
        self._ask(expected, self._equations(before, current), tolerance)
        self._last = _Ended(current[-1], expected[-1], record.output[-1])

    def _unit(self) -> Array:
        unit = np.asarray(self._population.unit, np.float64)
        return np.asarray(2.0 ** (self._population.scale + self._numerics.state_shift) * unit)

    @property
    def _grid(self) -> bool:
        return self._part.neuron.terms.state_grid is not None

    def _stepped(self, start: State, arrival: Arrival) -> tuple[Array, Array]:
        """Outputs and membranes of one step of the integers from every cell of ``start``, ``(T, B, *shape)``."""
        shape = arrival.exact.shape
        arrived = arrival.exact.astype(np.int64).reshape(-1, *shape[2:])
        result = step(self._population, start, arrived, self._room.numerics(start, arrived))
        return result.output.reshape(shape).astype(np.float64), result.v_before.reshape(shape).astype(np.float64)

    def _currents(self, drive: Array) -> Array:
        """The network's currents before these steps and at the end of each, in state units, ``(1 + T, B, *shape)``."""
        keep, (initial, _) = self._part.neuron.keep_current, self._initial()
        currents = np.empty((1 + len(drive), *drive.shape[1:]))
        currents[0] = initial if self._last is None else self._last.current
        currents[1:] = np.trunc(drive) if self._grid else drive
        for t in range(len(drive) if keep.any() else 0):
            kept = (initial if self._population.every_step else currents[t]) * keep
            currents[t + 1] += np.trunc(kept) if self._grid else kept
        return currents

    def _initial(self) -> tuple[Array, float]:
        """Current and membrane before the first step."""
        neuron, state = self._part.neuron, 2.0**self._numerics.state_shift
        return np.broadcast_to(neuron.initial_current * state, self._population.shape), (
            neuron.terms.initial_state * state
        )

    def _float_start(self, flows: Array, expected: Array, output: Array) -> _Start:
        """Current and membrane of the network at the end of the steps before, in state units, after its reset.

        ``flows``: the currents at the end of the steps before.
        """
        neuron, population = self._part.neuron, self._population
        state, (flow, rest) = 2.0**self._numerics.state_shift, self._initial()
        last = self._last or _Ended(flow, np.zeros(1), np.zeros(1))
        first = (np.broadcast_to(part, expected.shape[1:])[None] for part in (last.membrane, last.spikes))
        pairs = zip(first, (expected, output), strict=True)
        before, spikes = (np.concatenate([line, record[:-1]]) for line, record in pairs)
        fresh = np.full(len(expected), population.every_step)
        fresh[0] |= self._last is None
        if neuron.kind != "cuba-lif":
            spikes = np.zeros_like(spikes)
        membrane = before
        if neuron.reset == "subtract":
            membrane = before - spikes * (neuron.threshold * state)
        elif neuron.reset != "none":
            membrane = np.where(spikes > 0, neuron.reset_value * state, before)
        spikes[fresh] = 0.0
        if population.every_step:
            flows = np.broadcast_to(flow, expected.shape)
        if fresh.any():
            membrane = np.where(fresh.reshape(-1, *[1] * (before.ndim - 1)), rest, membrane)
        return _Start(flows, membrane, spikes, before, fresh)

    def _integer_start(self, before: _Start, output: Array) -> State:
        """The same in integers: the membrane before the reset on the grid, reset as the program resets it."""
        shape, fresh = (-1, *self._population.shape), np.repeat(before.fresh, output.shape[1])
        current = np.rint(before.current).astype(np.int64).reshape(shape)
        membrane = np.rint(before.unreset).astype(np.int64)
        membrane = reset(self._population, membrane, before.spikes.astype(np.int64), self._numerics).reshape(shape)
        if fresh.any():
            start = initial_state(self._population, int(np.count_nonzero(fresh)))
            current[fresh], membrane[fresh] = start.u, start.v
        state = State(current, membrane, np.zeros(current.shape, np.bool_))
        if self._population.fire_once:
            fired = np.logical_or.accumulate(output > 0, axis=0)
            earlier = np.zeros(output.shape[1:], np.bool_) if self._fired is None else self._fired
            state.fired = (np.concatenate([earlier[None], fired[:-1] | earlier])).reshape(shape)
            self._fired = fired[-1] | earlier
        return state

    def _equations(self, before: _Start, current: Array) -> Array:
        """The membrane after one step of the float neuron."""
        neuron = self._part.neuron
        membrane = before.membrane * neuron.keep_membrane
        if self._grid:
            np.trunc(membrane, out=membrane)
        membrane += current
        membrane += neuron.bias * 2.0**self._numerics.state_shift
        if neuron.terms.v_min is not None:
            membrane = np.maximum(membrane, neuron.terms.v_min * 2.0**self._numerics.state_shift)
        return membrane

    def _inside(self, before: _Start, current: Array, expected: Array, bound: Array) -> NDArray[np.bool_]:
        """Cells in which no width of the machine is reached, before or after."""
        n = self._numerics
        membrane, flow = 2.0 ** (n.membrane_bits - 1) - 1, 2.0 ** (n.current_bits - 1) - 1
        widest, membranes, flows = _largest(bound), _largest(expected), _largest(current)
        self.checked.reach = max(self.checked.reach, membranes / membrane, flows / flow)
        start = membranes + widest, _largest(before.membrane) + widest, _largest(before.unreset)
        if all(end < membrane for end in start) and all(x + widest < flow for x in (flows, _largest(before.current))):
            return np.broadcast_to(np.True_, expected.shape)
        largest = np.maximum(np.abs(before.membrane), np.abs(expected)) + bound
        start = np.maximum(largest, np.abs(before.unreset))
        return (start < membrane) & (np.maximum(np.abs(before.current), np.abs(current)) + bound < flow)

    def _decisions(self, expected: Array, output: Array, actual: Array, bound: Array) -> NDArray[np.bool_]:
        """Cells in which the integers decide otherwise though the membrane is further from the threshold."""
        if self._population.kind != "cuba-lif":
            return np.zeros(expected.shape, np.bool_)
        decided = output != actual
        if decided.any():
            constants = self._part.neuron.threshold * 2.0**self._numerics.state_shift, self._errors.threshold
            threshold, error = (np.broadcast_to(constant, expected.shape)[decided] for constant in constants)
            output, actual, expected, bound = (array[decided] for array in (output, actual, expected, bound))
            least, most = np.minimum(output, actual), np.maximum(output, actual)
            away = np.maximum((least + 1) * threshold - expected, expected - most * threshold)
            decided[decided] = away > bound + np.maximum(most, 1) * error
        return decided

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
        wrong = error > bound
        if decided is not None:
            wrong |= decided
        wrong &= inside
        saturated = error.size - int(np.count_nonzero(inside))
        error /= bound
        checked.cells += error.size
        checked.saturated += saturated
        checked.share = max(checked.share, float((error[inside] if saturated else error).max(initial=0.0)))
        if wrong.any():
            checked.beyond += int(np.count_nonzero(wrong))
            checked.first = checked.first or self._cell(wrong, expected, actual, bound)

    def _ask(self, expected: Array, equations: Array, tolerance: Array) -> None:
        """Compare the float neuron's membrane with the network's."""
        away, most = np.abs(equations - expected), LOOSER * tolerance
        strange = away > most
        if strange.any():
            self.checked.strange += int(np.count_nonzero(strange))
            first = self._cell(strange, expected, equations, most)
            self.checked.first_strange = self.checked.first_strange or first

    def _cell(self, mask: NDArray[np.bool_], expected: Array, actual: Array, bound: Array) -> Cell:
        place = tuple(int(number) for number in np.unravel_index(int(mask.argmax()), mask.shape))
        step, sample, *neuron = place
        numbers = (float(array[place]) for array in (expected, actual, bound))
        return Cell(sample, self._step + step, tuple(neuron), *numbers)


def _tolerance(expected: Array, magnitude: Array) -> Array:
    tolerance = np.abs(expected)
    tolerance += magnitude
    tolerance *= RELATIVE
    tolerance += ABSOLUTE
    return tolerance


def _largest(values: Array) -> float:
    """The largest magnitude; no number where one of them is none."""
    return float(np.maximum(values.max(initial=0.0), -values.min(initial=0.0)))


def _cells(steps: Array) -> int:
    """Steps times samples."""
    return steps.shape[0] * steps.shape[1]


@dataclass(frozen=True, eq=False)
class _Ended:
    """How a step ended, ``(B, *shape)`` each: current, and membrane before its reset, in state units, and spikes."""

    current: Array
    membrane: Array
    spikes: Array


@dataclass(frozen=True, eq=False)
class _Start:
    """Where steps start from, ``(T, B, *shape)`` each, in state units; ``spikes`` of the steps before.

    ``unreset``: the membrane before the reset of those; ``fresh``: which steps start anew.
    """

    current: Array
    membrane: Array
    spikes: Array
    unreset: Array
    fresh: NDArray[np.bool_]


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
