"""The engine as a contestant: its compiled loop alone, with everything prepared beforehand, and its end-to-end call."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.loading import new_contexts, ports
from neurodeploy.codegen.host_loop import POINTERS
from neurodeploy.engine import run_compiled
from neurodeploy.engine.library import Compiled
from neurodeploy.program import Program

Array = NDArray[Any]
Stimulus = Mapping[str, Array]
LEAST = 0.02
"""Fewest seconds that one measurement of the loop takes."""
LEAST_OF_BATCH = 0.1
"""About the seconds that one measurement of a batch takes: threads do not begin and end together."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples ready to run: a context and a row of pointers each, and the arrays they point to.

    ``outputs``: by population, ``(B, T, neurons as stored)``, in the narrow types that are recorded.
    """

    compiled: Compiled
    contexts: tuple[Array, ...]
    table: NDArray[np.uintp]
    steps: int
    outputs: Mapping[str, Array]
    inputs: Sequence[Array]

    def run(self, sample: int = 0) -> None:
        """All steps of one sample; its states go on from the last run."""
        place, row = self.contexts[sample].ctypes.data, self.table.strides[0]
        self.compiled.run(place, self.table.ctypes.data + sample * row, self.steps)

    def reset(self) -> None:
        """Every sample back to its initial state."""
        for context in self.contexts:
            self.compiled.reset(context.ctypes.data)

    def output(self, name: str) -> Array:
        """What a population sent in the last run of the first sample, ``(T, *shape)``."""
        port = next(candidate for candidate in ports(self.compiled) if candidate.name == name)
        shape = port.layout.shape
        last = self.outputs[name][0].reshape(self.steps, *shape[1:], *shape[:1])
        return np.moveaxis(last, -1, 1) if len(shape) > 1 else last


def prepare(compiled: Compiled, stimulus: Stimulus, batch: int = 1, record: Collection[str] | None = None) -> Samples:
    """``batch`` samples that are all sent ``stimulus``, of shape ``(1, T, *shape)`` by input.

    ``record``: the populations whose outputs are kept; default all.
    """
    steps = next(iter(stimulus.values())).shape[1]
    table = np.zeros((batch, POINTERS * len(ports(compiled))), dtype=np.uintp)
    outputs: dict[str, Array] = {}
    inputs: list[Array] = []
    for number, port in enumerate(ports(compiled)):
        if port.is_input:
            values = stimulus[port.name][0]
            last = np.moveaxis(values, 1, -1) if values.ndim > 2 else values
            inputs.append(np.ascontiguousarray(last, dtype=port.dtype))
            table[:, POINTERS * number] = inputs[-1].ctypes.data
        elif record is None or port.name in record:
            recorded = outputs[port.name] = np.zeros((batch, steps, port.layout.size), dtype=port.dtype)
            table[:, POINTERS * number + 1] = [recorded[sample].ctypes.data for sample in range(batch)]
    samples = Samples(compiled, new_contexts(compiled, batch), table, steps, outputs, tuple(inputs))
    samples.reset()
    return samples


def raster(samples: Samples, steps: int) -> dict[str, Array]:
    """What every population sends from its initial state, ``(steps, *shape)``, the stimulus sent over and over."""
    samples.reset()
    parts: dict[str, list[Array]] = {name: [] for name in samples.outputs}
    for _ in range(-(-steps // samples.steps)):
        samples.run()
        for name, rows in parts.items():
            rows.append(samples.output(name).copy())
    return {name: np.concatenate(rows)[:steps] for name, rows in parts.items()}


def steady(samples: Samples) -> dict[str, Array]:
    """What every population sends on the second pass of its stimulus, when states have filled: ``(T, *shape)``."""
    return {name: rows[samples.steps :] for name, rows in raster(samples, 2 * samples.steps).items()}


def per_step(samples: Samples) -> float:
    """Seconds per step of the first sample on one thread, by the compiled loop alone, after one run to warm up."""
    total, runs = 0.0, 0
    samples.run()
    while total < LEAST or runs < 2:
        start = time.perf_counter()
        samples.run()
        total += time.perf_counter() - start
        runs += 1
    return total / (runs * samples.steps)


def per_step_and_sample(samples: Samples, threads: int) -> float:
    """Seconds per step and sample of a batch on ``threads`` threads, after one run of each sample to warm up."""
    count = len(samples.contexts)

    def work(first: int, times: int) -> None:
        for _ in range(times):
            for sample in range(first, count, threads):
                samples.run(sample)

    def all_at_once(times: int) -> float:
        start = time.perf_counter()
        list(pool.map(work, range(threads), [times] * threads))
        return time.perf_counter() - start

    with ThreadPoolExecutor(threads) as pool:
        repeats = max(2, round(LEAST_OF_BATCH / all_at_once(1)))
        return all_at_once(repeats) / (repeats * count * samples.steps)


def end_to_end(program: Program, stimulus: Stimulus) -> float:
    """Seconds per step of ``run_compiled``, with checking the stimulus and making the trace; one sample, one thread."""
    start = time.perf_counter()
    trace = run_compiled(program, stimulus, threads=1, compact=True)
    return (time.perf_counter() - start) / trace.steps


def settled(compiled: Compiled, stimulus: Stimulus) -> Samples:
    """The same network on a silent input, after the stimulus and long enough for its states to vanish."""
    samples = prepare(compiled, stimulus)
    samples.run()
    for values in samples.inputs:
        values[:] = 0
    for _ in range(8):
        samples.run()
    return samples
