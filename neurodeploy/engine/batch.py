"""A compiled program over a batch: threads take the samples in turn.

What a thread does for a sample is all that the sample needs: its stimulus made integers, its steps, and its outputs
widened where that is asked for. So no array is made by one thread alone, and its pages belong to who first wrote them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.port import Port
from neurodeploy.engine.library import Compiled
from neurodeploy.engine.transposing import transpose
from neurodeploy.errors import InputError
from neurodeploy.memory import Pool

Array = NDArray[Any]
STATES = ("u", "v", "v_before")
"""In the order in which the compiled code takes their pointers, after the messages fed and the outputs."""
CHUNK = 1 << 16
"""Messages that are made integers at once: few enough to stay in a cache."""
Records = dict[str, dict[str, Array]]
Source = Callable[[int, slice], Array]
"""What a node sends in some steps of a sample: ``(steps, *shape)`` integers."""
Room = Callable[[tuple[int, ...], Any], Array]
"""Makes an array without values."""


@dataclass(frozen=True)
class Recording:
    """What is kept of a run: which nodes (None: all), whether their states too, and whether all becomes int64.

    What is not ``wide`` stays as it was recorded: in narrow types, channels last in memory.
    """

    nodes: frozenset[str] | None = None
    states: bool = False
    wide: bool = False

    def keeps(self, name: str) -> bool:
        """Whether a node is recorded."""
        return self.nodes is None or name in self.nodes


def thread_count(asked: int | None = None) -> int:
    """Threads to use: as asked, else ``$NEURODEPLOY_THREADS``, else the cores this process may use."""
    text = str(asked) if asked is not None else os.environ.get("NEURODEPLOY_THREADS", "")
    if text:
        if not text.isdecimal() or int(text) < 1:
            raise InputError(f"{text!r} is no number of threads", "NEURODEPLOY_THREADS", "give 1 or more")
        return int(text)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_batch(
    compiled: Compiled, sources: Mapping[str, Source], batch: int, steps: int, recording: Recording, threads: int
) -> Records:
    """Run every sample from its start; one context per thread.

    ``sources``: all inputs, and populations whose synapses are fed something else than what they send. Gives
    ``{node: {"output": (B, T, *shape), ...}}`` of what is recorded, inputs included.
    """
    contexts = compiled.new_contexts(max(1, min(threads, batch)))

    def fresh(worker: int, _sample: int) -> int:
        place = contexts[worker].ctypes.data
        compiled.reset(place)
        return place

    return _run(compiled, fresh, sources, batch, steps, recording, len(contexts))


def advance(
    compiled: Compiled,
    contexts: Array,
    sources: Mapping[str, Source],
    steps: int,
    recording: Recording,
    threads: int,
    pool: Pool | None = None,
) -> Records:
    """Go on with every sample from where its context stands. ``pool``: where records lie."""
    batch = len(contexts)
    workers = max(1, min(threads, batch))
    return _run(
        compiled, lambda _, sample: contexts[sample].ctypes.data, sources, batch, steps, recording, workers, pool
    )


def _run(
    compiled: Compiled,
    context: Callable[[int, int], int],
    sources: Mapping[str, Source],
    batch: int,
    steps: int,
    recording: Recording,
    workers: int,
    pool: Pool | None = None,
) -> Records:
    room = np.empty if pool is None else pool.array
    ports = {port.name: port for port in compiled.about.ports}
    messages = {name: room((batch, steps, ports[name].layout.size), ports[name].dtype) for name in sources}
    recorded = {
        port.name: _new_records(port, batch, steps, recording, room) for port in ports.values() if not port.is_input
    }
    kept = {
        name: {"output": messages[name]} for name in messages if ports[name].is_input and recording.keeps(name)
    } | recorded
    views = {name: {key: _restored(a, ports[name]) for key, a in arrays.items()} for name, arrays in kept.items()}
    copies: list[tuple[Array, Array]] = []
    shown = _widened(views, copies) if recording.wide else views
    table = _pointers(list(ports.values()), messages, recorded, batch)
    start, row = table.ctypes.data, table.strides[0]

    def work(worker: int, sample: int) -> None:
        for name, array in messages.items():
            _fill(array[sample], sources[name], sample, ports[name])
        compiled.run(context(worker, sample), start + sample * row, steps)
        for wide, narrow in copies:
            wide[sample] = narrow[sample]

    _share(work, batch, workers)
    return {name: arrays for name, arrays in shown.items() if arrays}


def _share(work: Callable[[int, int], None], batch: int, workers: int) -> None:
    """Do every sample's work, one at a time per worker; after a failure or an interrupt no further one is begun."""
    samples = iter(range(batch))

    def several(worker: int) -> None:
        try:
            for sample in samples:
                work(worker, sample)
        finally:
            for _ in samples:
                pass

    if workers == 1:
        several(0)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(several, worker) for worker in range(workers)]
        try:
            for done in as_completed(waiting):
                done.result()
        finally:
            for _ in samples:
                pass


def _new_records(port: Port, batch: int, steps: int, recording: Recording, room: Room) -> dict[str, Array]:
    if not recording.keeps(port.name):
        return {}
    shape = batch, steps, port.layout.size
    keys = STATES if recording.states and port.states else ()
    return {"output": room(shape, port.dtype), **{key: room(shape, port.states) for key in keys}}


def _widened(views: Records, copies: list[tuple[Array, Array]]) -> Records:
    """The same in int64 and row-major order: what is so already, else new arrays that ``copies`` says to fill."""

    def widened(view: Array) -> Array:
        if view.dtype == np.int64 and view.flags.c_contiguous:
            return view
        copies.append((np.empty(view.shape, dtype=np.int64), view))
        return copies[-1][0]

    return {name: {key: widened(view) for key, view in arrays.items()} for name, arrays in views.items()}


def _pointers(ports: Sequence[Port], messages: Mapping[str, Array], recorded: Records, batch: int) -> NDArray[np.uintp]:
    """For every sample a row of pointers, as the loop of the compiled code takes them; null where there is no array."""
    arrays: list[Array | None] = []
    for port in ports:
        records = recorded.get(port.name, {})
        arrays += [messages.get(port.name), records.get("output"), *(records.get(key) for key in STATES)]
    first = np.array([0 if array is None else array.ctypes.data for array in arrays], np.uintp)
    step = np.array([0 if array is None else array.strides[0] for array in arrays], np.uintp)
    return first + step * np.arange(batch, dtype=np.uintp)[:, None]


def _fill(stored: Array, source: Source, sample: int, port: Port) -> None:
    """Write what a node sends as it is stored: channels last, in the type of its messages."""
    some = max(1, CHUNK // max(port.layout.size, 1))
    for first in range(0, len(stored), some):
        part = slice(first, first + some)
        values, to = source(sample, part), stored[part]
        if not port.layout.trivial and values.shape[1:] == port.layout.shape and values.dtype.kind in "biu":
            channels, places = port.layout.channels, port.layout.size // max(port.layout.channels, 1)
            if transpose(values, to, channels, places):
                continue
        _restored(to, port)[...] = values


def _restored(values: Array, port: Port) -> Array:
    """What is stored, seen as ``(..., *shape)``."""
    shape, lead = port.layout.shape, values.shape[:-1]
    last = values.reshape(*lead, *shape[1:], *shape[:1])
    axes, end = range(last.ndim - 1), last.ndim - 1
    return last.transpose(*axes[: len(lead)], end, *axes[len(lead) :]) if len(shape) > 1 else last
