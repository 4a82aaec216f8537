"""Some neurons of one node, with what arrived at them and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.fan_in import Border, FanIn, fan_in
from neurodeploy.causes.hypothesis import Synapses
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import overflow, shift_sum
from neurodeploy.reference.synapse import delivered, integer_matmul, messages
from neurodeploy.trace import Entry

IntArray = NDArray[np.int64]
SIZED = ("threshold", "bias", "current_decay", "membrane_decay", "initial_membrane", "initial_current")
"""Constants of a population that may differ from neuron to neuron."""


@dataclass(frozen=True, eq=False)
class View:
    """``neurons`` of a population, flat, in ``B`` samples and ``T`` steps.

    - ``sent``: what every source really sent, ``(B, T, size)``; ``output``: what the neurons did, ``(B, T, n)``.
    - ``v``, ``u``: their states at the end of every step, where the target recorded them.
    - ``skip``: steps at the beginning that are not judged, for what was before them is not known.
    """

    program: Program
    name: str
    neurons: IntArray
    sent: Mapping[str, IntArray]
    output: IntArray
    v: IntArray | None = None
    u: IntArray | None = None
    skip: int = 0
    _known: dict[int, IntArray] = field(default_factory=dict[int, IntArray])
    _reached: dict[int, FanIn] = field(default_factory=dict[int, FanIn])

    @staticmethod
    def of(
        program: Program, name: str, neurons: IntArray, sent: Mapping[str, IntArray], entry: Entry, skip: int
    ) -> View:
        """The view of a record, whose arrays are ``(B, T, *shape)``."""
        lead = entry.output.shape[:2]

        def some(array: NDArray[np.int64] | None) -> IntArray | None:
            return None if array is None else array.reshape(*lead, -1)[:, :, neurons].astype(np.int64)

        output = entry.output.reshape(*lead, -1)[:, :, neurons].astype(np.int64)
        return View(program, name, neurons, sent, output, some(entry.v), some(entry.u), skip)

    def only(self, columns: IntArray) -> View:
        """The same of some of its neurons, given by their place among them."""
        v, u = (None if a is None else a[:, :, columns] for a in (self.v, self.u))
        return replace(
            self, neurons=self.neurons[columns], output=self.output[:, :, columns], v=v, u=u, _known={}, _reached={}
        )

    @property
    def states(self) -> bool:
        """Whether every state that the population has is known after every step."""
        return self.whole.kind == "relay" or (self.v is not None and self.u is not None)

    @property
    def whole(self) -> Population:
        """The population with all its neurons."""
        return self.program.by_name[self.name]

    @cached_property
    def population(self) -> Population:
        """The population with these neurons only."""
        fields = {key: self.cut(getattr(self.whole, key)) for key in SIZED}
        return replace(self.whole, shape=(len(self.neurons),), unit=1.0, **fields)

    def cut(self, value: int | IntArray) -> IntArray:
        """A constant of the whole population for these neurons, ``(n,)``."""
        return np.broadcast_to(np.asarray(value, np.int64), self.whole.shape).reshape(-1)[self.neurons]

    @cached_property
    def projections(self) -> tuple[Projection, ...]:
        """What enters the population."""
        return self.program.into(self.name)

    def received(self, synapses: Synapses | None = None) -> IntArray:
        """What arrives in every step, ``(B, T, n)``, in accumulator units, one projection perhaps being otherwise.

        On a machine that adds event by event it is the sum of the events.
        """
        numerics = self.program.numerics
        total = np.zeros(self.output.shape, np.int64)
        otherwise = {} if synapses is None else {s.number: s for s in (synapses, *synapses.beside)}
        for number, projection in enumerate(self.projections):
            if number in otherwise:
                total = total + self.over(otherwise[number])
            else:
                if number not in self._known:
                    self._known[number] = self.over(Synapses(number, projection))
                total = total + self._known[number]
        return overflow(total, numerics.wide_bits, numerics.wide_overflow)

    def over(self, synapses: Synapses) -> IntArray:
        """What arrives over one projection, ``(B, T, n)``."""
        projection = synapses.projection
        reached = self.fan_in(projection, synapses.moved, synapses.border)
        sums = integer_matmul(self.messages(synapses, reached.lines), reached.matrix.T).reshape(self.output.shape)
        return self.delivered(projection, sums if synapses.total is None else synapses.total(sums))

    def delivered(self, projection: Projection, sums: IntArray) -> IntArray:
        """What weighted sums become at the neurons."""
        if self.program.numerics.accumulation == "events":
            return shift_sum(sums, projection.shift)
        return delivered(projection, sums, self.program.numerics)

    def fan_in(self, projection: Projection, moved: tuple[int, ...] = (), border: Border = "zero") -> FanIn:
        """The synapses of these neurons."""
        source = self.program.node(projection.source).shape
        sound = not moved and border == "zero" and any(projection is own for own in self.projections)
        if sound and id(projection) in self._reached:
            return self._reached[id(projection)]
        reached = fan_in(projection, source, self.whole.shape, self.neurons, moved, border)
        if sound:
            self._reached[id(projection)] = reached
        return reached

    def messages(self, synapses: Synapses, lines: IntArray) -> IntArray:
        """The messages of some source lines as the synapses take them, ``(B * T, lines)``, delayed."""
        projection = synapses.projection
        sent = self._sent(synapses, lines)
        if projection.delay:
            late, rest = np.zeros_like(sent), max(sent.shape[1] - projection.delay, 0)
            late[:, projection.delay :] = sent[:, :rest]
            if synapses.keeps and rest:
                late[1:, : projection.delay] = sent[:-1, rest:]
            sent = late
        if synapses.gain is not None:
            line, times = synapses.gain
            sent[:, :, lines == line] *= times
        batch, steps = self.output.shape[:2]
        heard = messages(projection, sent.reshape(batch * steps, len(lines)))
        if synapses.read is not None:
            heard = synapses.read(heard.reshape(batch, steps, len(lines))).reshape(batch * steps, len(lines))
        return heard

    def _sent(self, synapses: Synapses, lines: IntArray) -> IntArray:
        """What comes in on some lines of the projection's source, ``(B, T, lines)``."""
        sent = self.sent[synapses.source or synapses.projection.source]
        sent = sent if synapses.heard is None else synapses.heard(sent)
        if synapses.wires is None or not len(lines):
            return sent[:, :, lines].astype(np.int64)
        read, to = synapses.wires
        place = np.searchsorted(lines, to)
        arrives = (place < len(lines)) & (lines[np.minimum(place, len(lines) - 1)] == to)
        heard = np.zeros((len(lines), *sent.shape[:2]), np.int64)
        np.add.at(heard, place[arrives], np.moveaxis(sent[:, :, read[arrives]], 2, 0).astype(np.int64))
        return np.ascontiguousarray(np.moveaxis(heard, 0, 2))
