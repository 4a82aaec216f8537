"""Stimuli as the bytes that a probe reads, and traces from the bytes that it writes.

Everything is in the machine's own integers, little-endian: for every sample a task of three 32-bit numbers (probe,
mode, steps) and what the steps are fed; back comes what ``codegen.c.probe`` says, step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.context import Context, context
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.probe import ENCODED, FED, MEASURES, STATES
from neurodeploy.embedded.files import deploy
from neurodeploy.engine.batch import STATES as STATE_KEYS
from neurodeploy.engine.prepare import Ranges, beyond
from neurodeploy.engine.run import recorded_entries
from neurodeploy.engine.sources import driven_messages
from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.step.plan import plan
from neurodeploy.stimulus import Stimulus
from neurodeploy.streams import stream_of
from neurodeploy.target import Artifact
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]
Bytes = NDArray[np.uint8]
PROBE = "_probe.c"


@dataclass(frozen=True)
class Field:
    """A part of one step's record: its node and key, numpy type, and layout of its neurons (None: row-major)."""

    node: str
    key: str
    dtype: str
    count: int
    layout: Layout | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """The trace of a job, and what its probe measured in every step, ``(B, T, MEASURES)``, where it ran the step."""

    trace: Trace
    measured: IntArray | None


@dataclass(frozen=True, eq=False)
class Job:
    """One artifact's samples.

    ``sent``: what its inputs send, ``fed``: what its synapses get, both ``(B, T, *shape)``; ``files``: its sources.
    ``ranges``: messages of an isolated run that no node would send itself; the sources then are made for them.
    ``samples``: what its encoder reads ``(B, T / steps, features)``, where it runs from there.
    """

    program: Program
    files: Mapping[str, bytes]
    prefix: str
    sent: Mapping[str, IntArray]
    fed: Mapping[str, IntArray]
    modes: tuple[int, ...]
    ranges: Ranges | None = None
    samples: IntArray | None = None

    @cached_property
    def context(self) -> Context:
        """Types and layouts of its nodes."""
        return context(plan(self.program, self.ranges))

    @property
    def size(self) -> tuple[int, int]:
        """Samples and steps."""
        first = next(iter(self.sent.values()))
        return first.shape[0], first.shape[1]

    def record_bytes(self) -> int:
        """How many bytes its probe gives."""
        samples, steps = self.size
        return samples * steps * sum(_bytes(self._fields(mode)) for mode in self.modes)

    def data(self, number: int) -> bytes:
        """Its tasks, as the probe of that number takes them."""
        samples, steps = self.size
        tasks: list[bytes] = []
        for mode in self.modes:
            head = np.broadcast_to(np.array([number, mode, steps], "<u4"), (samples, 3))
            tasks.append(np.concatenate([_as_bytes(head), self._body(mode)], axis=1).tobytes())
        return b"".join(tasks)

    def _body(self, mode: int) -> Bytes:
        """What the steps of each sample take ``(B, bytes)``."""
        if mode == ENCODED and self.samples is not None and self.program.host.pre is not None:
            kind = "<u1" if stream_of(self.program.host.pre).bits <= 8 else "<u2"
            return _as_bytes(self.samples.astype(kind).reshape(len(self.samples), -1))
        body = np.concatenate([self._given(name, mode) for name in self._takes(mode)], axis=2)
        return body.reshape(self.size[0], -1)

    def outcome(self, record: bytes) -> Outcome:
        """What a record says. Outputs are those of the step itself where it ran."""
        arrays: dict[tuple[str, str], IntArray] = {}
        samples, steps = self.size
        at = 0
        for mode in reversed(self.modes):  # what a later mode overwrites is the less telling record
            step = _bytes(self._fields(mode))
            at += samples * steps * step
            part = np.frombuffer(record, np.uint8)[len(record) - at :][: samples * steps * step]
            arrays |= _read(part.reshape(samples, steps, step), self._fields(mode))
        encoded = [name for name, key in arrays if name in self.program.input_by_name and key == "output"]
        records = {name: self._record(name, arrays) for name in encoded}
        records |= {name: {"output": self.sent[name]} for name in self.program.input_by_name if name not in encoded}
        records |= {name: self._record(name, arrays) for name in self.program.by_name}
        meta = {"rung": "program", "numerics": self.program.numerics.name}
        trace = Trace(recorded_entries(self.program, records), meta, encoded=tuple(encoded))
        return Outcome(trace, arrays.get(("", "measured")))

    def _record(self, name: str, arrays: Mapping[tuple[str, str], IntArray]) -> dict[str, IntArray]:
        shape = (*self.size, *self.program.node(name).shape)
        return {key: arrays[name, key].reshape(shape) for key in ("output", *STATE_KEYS) if (name, key) in arrays}

    def _takes(self, mode: int) -> Sequence[str]:
        return list(self.context.plan.senders) if mode & FED else list(self.program.input_by_name)

    def _given(self, name: str, mode: int) -> Bytes:
        """(B, T, bytes): the step takes row-major arrays, the host loop arrays as they are stored."""
        values = self.fed[name].reshape(*self.size, -1)
        order = self.context.layouts[name].order
        flat = values if mode == 0 else values[:, :, order]
        return _as_bytes(np.ascontiguousarray(flat, dtype=f"<{self._dtype(name)}"))

    def _dtype(self, name: str) -> str:
        return np.dtype(self.context.message(name).dtype).str[1:]

    def _fields(self, mode: int) -> list[Field]:
        fields = [Field("", "measured", "<u4", MEASURES)] if mode in (0, ENCODED) else []
        if mode == ENCODED and self.program.host.pre is not None:
            node = self.program.host.pre.node
            fields.append(Field(node, "output", f"<{self._dtype(node)}", self.context.layouts[node].size))
        for name, p in self.program.by_name.items():
            layout = self.context.layouts[name]
            stored = None if mode in (0, ENCODED) and name in self.program.outputs else layout
            fields.append(Field(name, "output", f"<{self._dtype(name)}", layout.size, stored))
            if mode & STATES and p.kind != "relay":
                fields += [Field(name, key, "<i8", layout.size, layout) for key in STATE_KEYS]
        return fields


def job(artifact: Artifact, stimulus: Stimulus, states: bool = False, drive: Trace | None = None) -> Job:
    """What an artifact's probe is to do. Raises InputError for a stimulus or trace that does not fit."""
    program, prefix = artifact.program, _prefix(artifact)
    sent = quantize_inputs(program, stimulus)
    if drive is None:
        signal = None if program.host.pre is None else stimulus.signals.get(program.host.pre.node)
        first = 0 if signal is None else ENCODED
        modes = (first, STATES) if states else (first,)
        read = None if signal is None else signal.samples
        return Job(program, artifact.files, prefix, sent, sent, modes, samples=read)
    samples, steps = next(iter(sent.values())).shape[:2]
    fed = driven_messages(program, drive, samples, steps)
    ranges = beyond(program, fed)
    files = artifact.files if ranges is None else {**artifact.files, **deploy(program, prefix, ranges).files}
    return Job(program, files, prefix, sent, fed, (FED | (STATES if states else 0),), ranges)


def _prefix(artifact: Artifact) -> str:
    prefixes = [name.removesuffix(PROBE) for name in artifact.files if name.endswith(PROBE)]
    if len(prefixes) != 1:
        raise InputError("does not hold the source of one network", "target/", "export the network again")
    return prefixes[0]


def _bytes(fields: Sequence[Field]) -> int:
    return sum(np.dtype(field.dtype).itemsize * field.count for field in fields)


def _as_bytes(values: NDArray[Any]) -> Bytes:
    return np.ascontiguousarray(values).view(np.uint8)


def _read(steps: Bytes, fields: Sequence[Field]) -> dict[tuple[str, str], IntArray]:
    """(B, T, neurons) of every field, row-major, of records (B, T, bytes)."""
    arrays: dict[tuple[str, str], IntArray] = {}
    at = 0
    for field in fields:
        size = np.dtype(field.dtype).itemsize * field.count
        values = np.ascontiguousarray(steps[:, :, at : at + size]).view(field.dtype).astype(np.int64)
        arrays[field.node, field.key] = values if field.layout is None else values[:, :, field.layout.place]
        at += size
    return arrays
