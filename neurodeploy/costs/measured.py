"""What was measured while the network ran: time on this machine, instructions on an emulated processor."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from neurodeploy.engine import open_stream
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.processor import this_machine
from neurodeploy.program.program import Program
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace

RUNS = 5
CELLS = 1 << 26
"""Neurons times steps of the run that is timed."""


@dataclass(frozen=True)
class Measured:
    """One measured quantity: ``value`` in ``unit``, of ``quantity``, on ``machine``, and ``how`` it was measured."""

    quantity: str
    value: float
    unit: str
    machine: str
    how: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def engine_time(program: Program, stimulus: Stimulus) -> Measured | None:
    """The median time of one step of one sample on the compiled engine; None without a C compiler.

    One thread runs the first sample, or as much of it as takes about a second; compilation is not timed.
    """
    if find_compiler() is None:
        return None
    neurons = max(1, sum(population.size for population in program.populations))
    steps = max(1, min(stimulus.steps, CELLS // neurons))
    part = stimulus.part(slice(0, 1), slice(0, steps))
    last = program.order[-1]
    stream = open_stream(program, 1, record=[last], threads=1)
    times: list[float] = []
    for _ in range(RUNS):
        stream.reset()
        start = time.perf_counter()
        stream.feed(part)
        times.append(time.perf_counter() - start)
    how = f"median of {RUNS} runs of {steps} steps, 1 thread, recording of {last!r} included"
    machine = f"{platform.machine()}, code for {this_machine().name}"
    return Measured("engine, one step", median(times) / steps * 1e6, "us", machine, how)


def instructions(trace: Trace) -> Measured | None:
    """Instructions of one step as an emulated processor counted them, where the target tells them."""
    counted = trace.meta.get("instructions_per_step")
    if counted is None:
        return None
    how = f"counted by the emulator, exact to {counted['exact_to']}; {counted['least']} to {counted['most']}"
    machine = str(trace.meta.get("machine", "emulated processor"))
    return Measured("firmware, one step", counted["mean"], "instructions", machine, how)
