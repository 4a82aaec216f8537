"""Streams run by numpy: the meaning of the C that is printed of them.

Everything that does not depend on its own past is computed for many samples at once; what does is stepped through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from neurodeploy.errors import InputError
from neurodeploy.streams.block import Block, leaves
from neurodeploy.streams.loop import LineLoop, Loop
from neurodeploy.streams.order import stages
from neurodeploy.streams.stream import IntArray, Stream

ROOM = 1 << 17
"""Integers in one array while many samples are computed at once: 1 MiB."""


def encode(stream: Stream, samples: IntArray) -> IntArray:
    """Spikes ``(B, T * steps, channels)`` of samples ``(B, T, features)``. Raises InputError for what are none."""
    _check(stream, samples)
    batch, count, lanes = samples.shape[0], samples.shape[1], len(stream.source)
    run = _Run(stream, batch)
    places = 1 if stream.places is None else stream.places.count
    some = max(1, ROOM // max(batch * lanes * places, 1))
    lined = np.moveaxis(samples, 1, 0)[..., list(stream.source)].astype(np.int64)
    sent = np.zeros((batch, count, stream.steps, len(stream.outputs), lanes), np.int64)
    for start in range(0, count, some):
        run.many(lined[start : start + some], sent[:, start : start + some])
    return sent.reshape(batch, count * stream.steps, -1)


def _check(stream: Stream, samples: IntArray) -> None:
    if samples.ndim != 3 or samples.shape[2] != stream.features:
        shape = f"(B, T, {stream.features})"
        raise InputError(f"have shape {samples.shape}", "samples", f"give whole numbers {shape}")
    if samples.dtype.kind not in "iu" or (samples.size and not 0 <= samples.min() <= samples.max() < 1 << stream.bits):
        reason = f"are no whole numbers of {stream.bits} bits"
        raise InputError(reason, "samples", "give them as DeployedEncoder.samples does")


@dataclass(eq=False)
class _Run:
    """A stream with the memory of a batch; arrays are ``(samples, B, lanes)``."""

    stream: Stream
    batch: int
    memory: dict[str, IntArray] = field(init=False)

    def __post_init__(self) -> None:
        stream, lanes = self.stream, len(self.stream.source)
        shape = (self.batch, lanes)
        self.memory = {state.name: np.full(shape, state.start, np.int64) for state in stream.states}
        places = stream.places
        if places is not None and places.line is not None:
            self.memory[places.line.name] = np.full((*shape, places.count), places.line.start, np.int64)
        self._stages = [(stage, self._loop(stage.states) if stage.recurrent else None) for stage in stages(stream)]
        self._after = {name: Block([value], lanes) for name, value in stream.take.after.items()}
        self._outputs = Block(stream.take.outputs, lanes)
        if stream.tick is not None:
            self._ticked = sorted(
                leaves([*stream.tick.after.values(), *stream.tick.outputs]) | stream.tick.after.keys()
            )
            self._tick = Block([*stream.tick.after.values(), *stream.tick.outputs], lanes)
        if places is not None:
            self._given = Block([places.operand], lanes)
            self._term = Block([places.term], lanes, places.count)

    def _loop(self, states: Sequence[str]) -> Loop | LineLoop:
        places = self.stream.places
        if places is not None and places.line is not None:
            return LineLoop(self.stream, states)
        return Loop(self.stream, states)

    def many(self, x: IntArray, sent: IntArray) -> None:
        """Take samples ``(n, B, lanes)`` and write what is sent into ``(B, n, steps, outputs, lanes)``."""
        known, taken = {"sample": x}, dict[str, IntArray]()
        for stage, loop in self._stages:
            if loop is not None:
                loop.run(known, self.memory)
            elif stage.states:
                self._shift(stage.states[0], known, taken)
            else:
                known["sum"] = self._sum(known)
        if self.stream.tick is None:
            for number, output in enumerate(self._outputs(known)):
                sent[:, :, 0, number] = np.moveaxis(np.broadcast_to(output, x.shape), 0, 1)
        else:
            self._ticks(taken, sent)

    def _shift(self, name: str, known: dict[str, IntArray], taken: dict[str, IntArray]) -> None:
        """A state as every sample finds it: what the one before left."""
        shape = known["sample"].shape
        after = taken[name] = np.broadcast_to(self._after[name](known)[0], shape)
        known[name] = np.concatenate((self.memory[name][None], after[:-1]))
        self.memory[name] = after[-1]

    def _sum(self, known: dict[str, IntArray]) -> IntArray:
        assert self.stream.places is not None
        shape = known["sample"].shape
        operand = np.broadcast_to(self._given(known)[0], shape)[..., None]
        terms = self._term({**known, "given": operand})[0]
        return np.broadcast_to(terms, (*shape, self.stream.places.count)).sum(axis=-1)

    def _ticks(self, taken: dict[str, IntArray], sent: IntArray) -> None:
        """All steps between one sample and the next, of all samples side by side."""
        assert self.stream.tick is not None
        states = {name: taken[name] for name in self._ticked}
        for j in range(self.stream.steps):
            values = self._tick(states)
            states.update(zip(self.stream.tick.after, values, strict=False))
            for number, output in enumerate(values[len(self.stream.tick.after) :]):
                sent[:, :, j, number] = np.moveaxis(np.broadcast_to(output, next(iter(taken.values())).shape), 0, 1)
