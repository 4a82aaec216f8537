"""A compiled program over a batch: one context per thread, samples shared out among threads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.c.module import Port
from neurodeploy.engine.library import Compiled
from neurodeploy.errors import InputError

Array = NDArray[Any]
STATES = ("u", "v", "v_before")
"""In the order in which the compiled code takes their pointers, after the messages fed and the outputs."""
Records = dict[str, dict[str, Array]]


def thread_count(asked: int | None = None) -> int:
    """Threads to use: as asked, else ``$NEURODEPLOY_THREADS``, else the cores this process may use."""
    given = str(asked) if asked is not None else os.environ.get("NEURODEPLOY_THREADS", "")
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise InputError(f"{given!r} is no number of threads", "NEURODEPLOY_THREADS", "give 1 or more")
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_batch(
    compiled: Compiled, fed: Mapping[str, Array], batch: int, steps: int, states: bool, threads: int, compact: bool
) -> Records:
    """Outputs (and states) of every population, ``(B, T, *shape)``, for messages ``fed`` of some nodes.

    In int64 and row-major order; ``compact``: as they were recorded, narrow and channels last in memory.
    """
    ports = compiled.rendering.ports
    given = {port.name: _stored(fed[port.name], port) for port in ports if port.name in fed}
    made = {port.name: _empty(port, batch, steps, states) for port in ports if not port.is_input}
    table = _pointers(ports, given, made, batch)
    start, row = table.ctypes.data, table.strides[0]
    samples = count()

    def work() -> None:
        context = compiled.new_context()
        place = context.ctypes.data
        while (sample := next(samples)) < batch:
            compiled.reset(place)
            compiled.run(place, start + sample * row, steps)

    workers = max(1, min(threads, batch))
    if workers == 1:
        work()
    else:
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(work) for _ in range(workers)]:
                done.result()
    shown = {port.name: port for port in ports}
    kind = None if compact else np.int64
    return {name: {key: _restored(a, shown[name], kind) for key, a in arrays.items()} for name, arrays in made.items()}


def _empty(port: Port, batch: int, steps: int, states: bool) -> dict[str, Array]:
    shape = batch, steps, port.layout.size
    keys = STATES if states and port.has_states else ()
    return {"output": np.empty(shape, dtype=port.dtype), **{key: np.empty(shape, dtype=np.int64) for key in keys}}


def _pointers(ports: Sequence[Port], given: Mapping[str, Array], made: Records, batch: int) -> NDArray[np.uintp]:
    """For every sample a row of pointers, as the loop of the compiled code takes them; null where there is no array."""
    columns: list[NDArray[np.uintp]] = []
    for port in ports:
        own = made.get(port.name, {})
        arrays = given.get(port.name), own.get("output"), *(own.get(key) for key in STATES)
        for array in arrays:
            first, step = (0, 0) if array is None else (array.ctypes.data, array.strides[0])
            columns.append(first + step * np.arange(batch, dtype=np.uintp))
    return np.stack(columns, axis=1).astype(np.uintp).copy()


def _stored(values: Array, port: Port) -> Array:
    """``(B, T, *shape)`` as stored: channels last, in the type of the node's messages."""
    last = np.moveaxis(values, 2, -1) if values.ndim > 3 else values
    return np.ascontiguousarray(last, dtype=port.dtype)


def _restored(values: Array, port: Port, kind: type[np.int64] | None) -> Array:
    """``(B, T, *shape)``, copied where another type than the recorded one is asked for."""
    shape, lead = port.layout.shape, values.shape[:2]
    last = values.reshape(*lead, *shape[1:], *shape[:1])
    first = np.moveaxis(last, -1, 2) if len(shape) > 1 else last
    return first if kind is None else np.ascontiguousarray(first, dtype=kind)
