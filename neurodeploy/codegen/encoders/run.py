"""Streams run by numpy, step by step: the meaning of the C that is printed of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from neurodeploy.codegen.encoders.stream import IntArray, Places, Step, Stream
from neurodeploy.codegen.value import Op, Value, reachable
from neurodeploy.errors import InputError

Arrays = Mapping[str, IntArray]


def encode(stream: Stream, samples: IntArray) -> IntArray:
    """Spikes ``(B, T * steps, channels)`` of samples ``(B, T, features)``. Raises InputError for what are none."""
    _check(stream, samples)
    run = _Run(stream, samples.shape[0])
    count, outputs, lanes = samples.shape[1], len(stream.outputs), len(stream.source)
    sent = np.zeros((samples.shape[0], count, stream.steps, outputs, lanes), np.int64)
    source = list(stream.source)
    for t in range(count):
        taken = run.take(samples[:, t, source])
        if stream.tick is None:
            sent[:, t, 0] = taken
        for j in range(stream.steps if stream.tick is not None else 0):
            sent[:, t, j] = run.tick()
    return sent.reshape(samples.shape[0], count * stream.steps, -1)


def _check(stream: Stream, samples: IntArray) -> None:
    if samples.ndim != 3 or samples.shape[2] != stream.features:
        wanted = f"(B, T, {stream.features})"
        raise InputError(f"have shape {samples.shape}", "samples", f"give whole numbers {wanted}")
    if samples.dtype.kind not in "iu" or (samples.size and not 0 <= samples.min() <= samples.max() < 1 << stream.bits):
        what = f"are no whole numbers of {stream.bits} bits"
        raise InputError(what, "samples", "give them as Deployment.samples does")


@dataclass(frozen=True, eq=False)
class _Block:
    """Values that are computed together, arguments first, and their tables with one entry per lane (and place)."""

    roots: Sequence[Value]
    lanes: int
    places: int = 0

    @cached_property
    def _order(self) -> list[Value]:
        return reachable(self.roots)

    @cached_property
    def _known(self) -> dict[int, IntArray]:
        known: dict[int, IntArray] = {}
        for value in self._order:
            if value.op == "constant":
                known[id(value)] = np.full((), value.low, np.int64)
            elif value.table is not None:
                rows = value.table.reshape(-1, self.places) if self.places else value.table
                known[id(value)] = rows[np.arange(self.lanes) % len(rows)]
        return known

    def __call__(self, states: Arrays, read: Arrays) -> list[IntArray]:
        """What the roots are, in numpy's int64."""
        known = dict(self._known)
        for value in self._order:
            if id(value) in known:
                continue
            if value.args:
                known[id(value)] = OPERATIONS[value.op](value.number, [known[id(each)] for each in value.args])
            else:
                known[id(value)] = states[value.name] if value.op == "state" else read[value.name]
        return [known[id(root)] for root in self.roots]


@dataclass(eq=False)
class _Run:
    """A stream with the memory of a batch."""

    stream: Stream
    batch: int
    memory: dict[str, IntArray] = field(init=False)

    def __post_init__(self) -> None:
        stream, shape = self.stream, (self.batch, len(self.stream.source))
        self.memory = {each.name: np.full(shape, each.start, np.int64) for each in stream.states}
        if stream.places is not None and stream.places.line is not None:
            line = stream.places.line
            self.memory[line.name] = np.full((*shape, stream.places.count), line.start, np.int64)
        lanes = shape[1]
        self._take = _Block([*stream.take.after.values(), *stream.take.outputs], lanes)
        ticks = () if stream.tick is None else (*stream.tick.after.values(), *stream.tick.outputs)
        self._tick = _Block(ticks, lanes)
        if stream.places is not None:
            self._given = _Block([stream.places.given], lanes)
            self._term = _Block([stream.places.term], lanes, stream.places.count)
            after = () if stream.places.after is None else (stream.places.after,)
            self._after = _Block(after, lanes, stream.places.count)

    def take(self, x: IntArray) -> IntArray:
        """One sample of every lane ``(B, lanes)``: the outputs ``(B, outputs, lanes)``."""
        places, read = self.stream.places, {"sample": x}
        if places is None:
            return self._step(self.stream.take, self._take, read)
        inner = {"given": np.broadcast_to(self._given(self.memory, read)[0], x.shape)[..., None]}
        if places.line is not None:
            moved = (self.memory[places.line.name][..., 1:], inner["given"])
            self.memory[places.line.name] = np.concatenate(moved, axis=2)
        terms = np.broadcast_to(self._term(self.memory, inner)[0], (*x.shape, places.count))
        outputs = self._step(self.stream.take, self._take, {**read, "sum": terms.sum(axis=2)})
        self._line_after(places, {**inner, "fired": outputs[:, 0, :, None]} if places.line is not None else inner)
        return outputs

    def _line_after(self, places: Places, inner: Arrays) -> None:
        if places.line is not None and places.after is not None:
            self.memory[places.line.name] = self._after(self.memory, inner)[0]

    def tick(self) -> IntArray:
        """One step of every lane."""
        assert self.stream.tick is not None
        return self._step(self.stream.tick, self._tick, {})

    def _step(self, step: Step, block: _Block, read: Arrays) -> IntArray:
        shape = (self.batch, len(self.stream.source))
        whole = [np.broadcast_to(each, shape) for each in block(self.memory, read)]
        self.memory.update(zip(step.after, whole, strict=False))
        outputs = whole[len(step.after) :]
        return np.stack(outputs, axis=1) if outputs else np.zeros((shape[0], 0, shape[1]), np.int64)


def _decay(bits: int, args: Sequence[IntArray]) -> IntArray:
    part = (np.abs(args[0]) * args[1]) >> bits
    return np.where(args[0] < 0, -part, part)


OPERATIONS: Mapping[Op, Callable[[int, Sequence[IntArray]], IntArray]] = {
    "add": lambda _, args: args[0] + args[1],
    "subtract": lambda _, args: args[0] - args[1],
    "multiply": lambda _, args: args[0] * args[1],
    "shift-left": lambda by, args: args[0] << by,
    "shift-right": lambda by, args: args[0] >> by,
    "decay": _decay,
    "maximum": lambda _, args: np.maximum(args[0], args[1]),
    "minimum": lambda _, args: np.minimum(args[0], args[1]),
    "greater": lambda _, args: (args[0] > args[1]).astype(np.int64),
    "at-least": lambda _, args: (args[0] >= args[1]).astype(np.int64),
    "select": lambda _, args: np.where(args[0] != 0, args[1], args[2]),
}
"""The operations that encoders are made of."""
