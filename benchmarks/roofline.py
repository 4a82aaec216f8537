"""The machine's limits, measured by small C programs in the same run, and the roof they put over a network."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.loading import compiler
from benchmarks.operations import Operations
from neurodeploy.engine.build import compile_library

SOURCE = Path(__file__).with_name("roofline.c")
FLAGS = ("-std=gnu99", "-O3", "-march=native", "-fPIC", "-shared")
LEAST = 0.02
"""Fewest seconds that one measurement takes."""
REPEATS = 3
"""Measurements of a limit after the first; the best counts."""
WEIGHTS = 16 << 10
"""Bytes of weights that additions are measured on."""
NEURONS, ROW = 16 << 10, 8 << 10
"""Neurons that the table of limits is measured on, and those whose sums share the first cache."""
SHARED = 30_000_000
"""Rounds of products that threads share out."""
MEMORY = {"L1": 16 << 10, "L2": 256 << 10, "L3": 6 << 20, "DRAM": 192 << 20}
"""Bytes that are read over and over to reach each level."""


@dataclass(frozen=True)
class Limits:
    """Per second, on one core: int16 additions, dense products, neuron updates; bytes read by level of memory."""

    vector_bytes: int
    instruction: str
    additions: float
    products: float
    updates: float
    update_form: str
    reads: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def roof(operations: Operations, limits: Limits) -> float:
    """Seconds per step that no engine beats: all updates, and the cheaper of adding per event and multiplying all."""
    arrive = min(operations.synaptic / limits.additions, operations.dense / limits.products)
    return operations.neurons / limits.updates + arrive


def higher(first: Limits, second: Limits) -> Limits:
    """The higher figures of two measurements: a limit is what the machine can do when left alone."""
    forms = {first.updates: first.update_form, second.updates: second.update_form}
    updates = max(first.updates, second.updates)
    return Limits(
        first.vector_bytes,
        first.instruction,
        max(first.additions, second.additions),
        max(first.products, second.products),
        updates,
        forms[updates],
        {level: max(first.reads[level], second.reads[level]) for level in first.reads},
    )


class Microbenchmarks:
    """The small programs, compiled for this machine. Raises UnavailableError where there is no C compiler."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory(prefix="neurodeploy-bench-") as folder:
            path = Path(folder) / "roofline.so"
            path.write_bytes(compile_library(SOURCE.read_text(), compiler(), FLAGS))
            self._library = ctypes.CDLL(str(path))
        self._library.dense_instruction.restype = ctypes.c_char_p
        self._library.width.restype = self._library.dense_products.restype = ctypes.c_int64
        self._each = int(self._library.dense_products(ctypes.c_int64(1)))

    def limits(self, repeats: int = REPEATS, levels: Mapping[str, int] = MEMORY, neurons: int = NEURONS) -> Limits:
        """The limits of one core of this machine: of each the best of ``repeats`` measurements and one more.

        ``neurons``: how many are updated, whose states are read from, and written to, the memory that holds them all.
        """
        forms = {"split in integers": self._library.lif_split_rows, "float toward zero": self._library.lif_float_rows}
        updates = {name: _updates(function, neurons, repeats) for name, function in forms.items()}
        form = max(updates, key=lambda name: updates[name])
        reads = {level: _streamed(self._library.read_bytes, size, repeats) for level, size in levels.items()}
        return Limits(
            int(self._library.width()),
            self._library.dense_instruction().decode(),
            _streamed(self._library.add_int16, WEIGHTS, repeats) / 2,
            self._each * _rate(self.multiply, repeats),
            updates[form],
            form,
            reads,
        )

    def roof(self, operations: Operations) -> float:
        """The roof at this moment, whatever else the machine does meanwhile, in seconds per step."""
        return roof(operations, self.limits(0, {}, max(NEURONS, operations.neurons)))

    def shared(self, threads: int) -> float:
        """Seconds for a fixed number of products in registers, split among threads."""
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self.multiply, [1] * threads))
            start = time.perf_counter()
            list(pool.map(self.multiply, [SHARED // threads] * threads))
            return time.perf_counter() - start

    def multiply(self, rounds: int) -> None:
        """So many rounds of products in registers, without the interpreter's lock."""
        self._library.dense_products(ctypes.c_int64(rounds))


def _streamed(function: Any, size: int, repeats: int) -> float:
    """Bytes per second."""
    memory = np.ones(size + 64, dtype=np.uint8)
    start = memory.ctypes.data + -memory.ctypes.data % 64
    memory_area = ctypes.c_void_p(start), ctypes.c_int64(size)
    return size * _rate(lambda rounds: function(*memory_area, ctypes.c_int64(rounds)), repeats)


def _updates(function: Any, neurons: int, repeats: int) -> float:
    sums = np.random.default_rng(0).integers(-300, 300, ROW).astype(np.int16)
    u, v, spikes = (np.zeros(neurons, dtype=kind) for kind in (np.int32, np.int32, np.uint8))
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (u, v, sums, spikes)]

    sizes = ctypes.c_int64(neurons), ctypes.c_int64(ROW)
    return neurons * _rate(lambda steps: function(*pointers, *sizes, 3072, 3584, 40000, ctypes.c_int64(steps)), repeats)


def _rate(run: Callable[[int], object], repeats: int) -> float:
    """Rounds per second: the best of a measurement and ``repeats`` more, each long enough for the clock."""
    rounds = 1
    while (taken := _seconds(run, rounds)) < LEAST:
        rounds = max(2 * rounds, int(rounds * LEAST / max(taken, 1e-6)))
    return rounds / min([taken, *(_seconds(run, rounds) for _ in range(repeats))])


def _seconds(run: Callable[[int], object], rounds: int) -> float:
    start = time.perf_counter()
    run(rounds)
    return time.perf_counter() - start
