"""The states of a stream that depend on their own past, stepped through sample by sample.

Everything else is computed for all samples at once, before or after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodeploy.step.value import Value
from neurodeploy.streams.block import Block, leaves
from neurodeploy.streams.stream import IntArray, Stream


class Loop:
    """States that read themselves. ``run`` adds what every sample finds in them to what is known."""

    def __init__(self, stream: Stream, states: Sequence[str]) -> None:
        self.states, lanes = tuple(states), len(stream.source)
        roots = [stream.take.after[name] for name in self.states]
        self.ahead = _ahead(roots, set(self.states))
        self._before, self._step = Block(self.ahead, lanes), Block(roots, lanes, known=self.ahead)

    def run(self, known: dict[str, IntArray], memory: dict[str, IntArray]) -> None:
        """Step through the samples ``known`` holds, from the memory and back into it."""
        shape = known["sample"].shape
        ahead = [np.broadcast_to(part, shape) for part in self._before(known)]
        read = {name: np.empty(shape, np.int64) for name in self.states}
        for t in range(shape[0]):
            for name in self.states:
                read[name][t] = memory[name]
            memory.update(zip(self.states, self._step(memory, [part[t] for part in ahead]), strict=True))
        _widen(memory, self.states, shape[1:])
        known |= read


class LineLoop:
    """A delay line, the states that read what is summed over it, and themselves: ``run`` makes the sum known too."""

    def __init__(self, stream: Stream, states: Sequence[str]) -> None:
        assert stream.places is not None and stream.places.line is not None and stream.places.after is not None
        self.states, lanes = tuple(states), len(stream.source)
        self.count, self.name = stream.places.count, stream.places.line.name
        roots = [stream.take.outputs[0], *(stream.take.after[name] for name in self.states)]
        self.ahead = _ahead(roots, {*self.states, "sum"})
        self._before, self._step = Block(self.ahead, lanes), Block(roots, lanes, known=self.ahead)
        self._given = Block([stream.places.operand], lanes)
        self._term = Block([stream.places.term], lanes, self.count)
        self._after = Block([stream.places.after], lanes, self.count)

    def run(self, known: dict[str, IntArray], memory: dict[str, IntArray]) -> None:
        """As ``Loop.run``. The line lies in an array that holds all that will enter it; each sample sees a window."""
        shape = known["sample"].shape
        ahead = [np.broadcast_to(part, shape) for part in self._before(known)]
        entering = np.moveaxis(np.broadcast_to(self._given(known)[0], shape), 0, -1)
        lines = np.concatenate((memory[self.name], entering), axis=-1)
        read = {name: np.empty(shape, np.int64) for name in (*self.states, "sum")}
        for t in range(shape[0]):
            line = lines[..., t + 1 : t + 1 + self.count]
            terms = self._term({self.name: line})[0]
            memory["sum"] = read["sum"][t] = terms.sum(axis=-1)
            for name in self.states:
                read[name][t] = memory[name]
            fired, *after = self._step(memory, [part[t] for part in ahead])
            memory.update(zip(self.states, after, strict=True))
            line[:] = self._after({self.name: line, "fired": fired[..., None]})[0]
        memory[self.name] = lines[..., shape[0] :]
        _widen(memory, self.states, shape[1:])
        known |= read


def _ahead(roots: Sequence[Value], changing: set[str]) -> list[Value]:
    """The largest parts of values that read nothing of ``own``, and so can be had before the loop."""
    parts: dict[int, Value] = {}

    def visit(value: Value) -> None:
        if value.op == "constant" or value.table is not None:
            return
        if not leaves([value]) & changing:
            parts[id(value)] = value
            return
        for argument in value.args:
            visit(argument)

    for root in roots:
        visit(root)
    return list(parts.values())


def _widen(memory: dict[str, IntArray], names: Sequence[str], shape: tuple[int, ...]) -> None:
    """Memories of the shape of a sample, whatever encoder them."""
    memory |= {name: np.array(np.broadcast_to(memory[name], shape)) for name in names}
