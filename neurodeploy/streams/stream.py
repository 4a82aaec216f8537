"""What an encoder does in one step, as values of integers with proven ranges.

An encoder has *lanes*, all alike: one per signal, or one per channel. A lane reads a sample and its own states and
writes outputs and new states; before that it may sum a term over the *places* of a table or of a delay line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.deployed import DeployedEncoder
from neurodeploy.step.value import Value, read

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class State:
    """An integer that every lane (or every place of its line) keeps."""

    name: str
    low: int
    high: int
    start: int = 0

    def read(self) -> Value:
        """It, as the step finds it."""
        return read("state", self.name, self.low, self.high)


@dataclass(frozen=True, eq=False)
class Places:
    """The sum of ``term`` over ``count`` places, read by the lane as ``total``; partial sums are in ``low .. high``.

    ``operand`` belongs to the lane; terms read it as the message ``given``. With a ``line`` it enters at the last place
    of a delay line, after all others have moved up; ``after`` is the line once the lane has ``fired`` or not.
    """

    count: int
    operand: Value
    term: Value
    low: int
    high: int
    line: State | None = None
    after: Value | None = None

    @property
    def total(self) -> Value:
        """The sum, as the lane reads it."""
        return read("accumulator", "sum", self.low, self.high)


@dataclass(frozen=True, eq=False)
class Step:
    """New states by name, and the outputs, each 0 or 1."""

    after: Mapping[str, Value]
    outputs: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Stream:
    """A deployed encoder in integers: it takes samples as whole numbers and sends spikes on unsigned channels.

    - ``encoder``: the deployed encoder that it states in integers. ``features``: number of signals.
    - ``source``: which signal each lane reads. Channels are numbered output by output, then lane by lane.
    - A sample is taken (``take``) every ``steps`` steps; without ``tick`` that gives the outputs, else ``tick`` gives
      them in every step.
    - ``latency``: the outputs of a step belong to the sample of that many steps ago.
    - ``formats``: what its integers stand for, in words.
    """

    encoder: DeployedEncoder
    features: int
    source: tuple[int, ...]
    states: tuple[State, ...]
    take: Step
    tick: Step | None = None
    places: Places | None = None
    steps: int = 1
    latency: int = 0
    formats: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def kind(self) -> str:
        """The kind of its coder."""
        return self.encoder.coder.kind

    @property
    def bits(self) -> int:
        """Width of a sample, which has no sign."""
        return self.encoder.bits

    def to_json(self) -> dict[str, Any]:
        """What a manifest says of it."""
        sizes = {name: getattr(self, name) for name in ("features", "channels", "steps", "latency")}
        return {**self.encoder.to_json(), **sizes, "integers": dict(self.formats)}

    def __repr__(self) -> str:
        return f"Stream({self.kind}, {self.features} signals of {self.bits} bits, {self.channels} channels)"

    @property
    def outputs(self) -> tuple[Value, ...]:
        """What every lane sends."""
        return self.take.outputs if self.tick is None else self.tick.outputs

    @property
    def channels(self) -> int:
        """Number of unsigned channels."""
        return len(self.outputs) * len(self.source)


def sample(top: int) -> Value:
    """The sample of a lane's signal."""
    return read("message", "sample", 0, top)


def per_lane(values: IntArray) -> Value:
    """One integer per lane."""
    return _table("lane", values)


def per_place(values: IntArray) -> Value:
    """One integer per place ``(rows, places)``; lane i reads row ``i % rows``."""
    same = len(values) > 1 and bool((values == values[0]).all())
    return _table("place", values[:1] if same else values)


def _table(name: str, values: IntArray) -> Value:
    low, high = int(values.min()), int(values.max())
    return (
        Value("constant", low, low) if low == high else Value("table", low, high, name=name, table=values.reshape(-1))
    )


def fixed(values: NDArray[np.float64], scale: float, low: int, high: int) -> IntArray:
    """Real numbers times a scale, rounded to the nearest, and cut off at both ends."""
    return np.clip(np.rint(values * scale), low, high).astype(np.int64)
