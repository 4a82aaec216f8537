"""A float network under way: every sample goes on where its last chunk of steps ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.floats.kernels import Kernels
from neurodeploy.floats.neurons import Neuron
from neurodeploy.floats.operators import Operator, keeps_silence, operator
from neurodeploy.floats.rows import Pool, Ring, Row
from neurodeploy.network.network import Network, is_junction
from neurodeploy.network.shapes import SPIKING
from neurodeploy.reference.arrival import Arrivals
from neurodeploy.reference.network_runner import check_supported, keeps_state
from neurodeploy.trace import Entry, Trace

Array = NDArray[np.float64]
FOREVER = 1 << 62
RECORDS = "sent", "before", "after"
"""What a neuron's kernel records, in the order in which it takes them: what is sent, where that is kept as bytes."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A node under way.

    - ``ring``: what it sends; ``source``: what the node sends that alone it gets, as it is, in the same step.
    - ``still``: where zeros arrive, its ``operator`` sends zeros.
    """

    name: str
    ring: Ring
    source: Ring | None
    operator: Operator | None = None
    neuron: Neuron | None = None
    still: bool = False


class NetworkRun:
    """``batch`` samples of a network under way, fed in chunks of steps; chunks joined are the whole run.

    - ``states``: membranes are recorded too.
    - ``forced``: neurons reset as the trace that drives the run fired.

    Equal to ``run_network`` up to the order in which the messages of a step are added, which decides the last digits of
    a sum; where sums are exact, as with weights on a grid, it is equal in every bit. No sample depends on the others.

    Raises RefusedError for what ``run_network`` refuses, and where a term keeps states from sample to sample.
    """

    def __init__(
        self, network: Network, batch: int, library: Kernels, states: bool = False, forced: bool = False
    ) -> None:
        check_supported(network)
        if batch > 1 and keeps_state(network):
            raise RefusedError("keeps states from sample to sample", "contract", "run the samples as one")
        self._network, self._batch, self._states, self._forced, self._t = network, batch, states, forced, 0
        memory = max((network.contract.of(name).recurrent_delay for _, name in network.recurrent_edges), default=0)
        self._rings = {name: Ring(batch, network.shapes[name], memory) for name in network.order}
        self._arrivals = Arrivals(network, self._rings, batch, FOREVER)
        self._most = {name: network.contract.of(name).max_spikes_per_step for name in network.populations}
        self._pool = Pool()
        self._parts = [self._part(name, library) for name in network.order]
        self._stateful = frozenset(part.name for part in self._parts if part.neuron is not None)

    def _part(self, name: str, library: Kernels) -> _Part:
        network = self._network
        node, shape, source = network.nodes[name], network.shapes[name], _only_source(network, name)
        part = _Part(name, self._rings[name], None if source is None else self._rings[source])
        if name in network.populations and not is_junction(node):
            return replace(part, neuron=Neuron(node, network.contract.of(name), self._batch, shape, library))
        if isinstance(node, nir.Delay | nir.Input):
            return part
        sources = network.sources(name)
        arriving = network.shapes[sources[0]] if sources else shape
        return replace(part, operator=operator(node, library, arriving, shape), still=keeps_silence(node))

    def feed(self, stimulus: Mapping[str, NDArray[Any]], drive: Trace | None = None) -> Trace:
        """What the next steps do, for values ``(B, T, *shape)`` per input.

        With ``drive`` every node gets that trace's outputs instead of this run's own. Raises InputError for a stimulus
        that does not fit.
        """
        arrays = {name: _checked(self._network, name, stimulus) for name in self._network.input_names}
        steps = next(iter(arrays.values())).shape[1]
        records = {name: self._record(name, steps) for name in self._network.populations}
        fed = {} if drive is None else {name: drive[name].values for name in self._network.populations}
        for t in range(steps):
            for part in self._parts:
                self._advance(part, t, arrays, fed, records.get(part.name))
            self._t += 1
        entries = {
            name: Entry(arrays[name], graded=not self._network.input_range(name).binary)
            for name in self._network.input_names
        }
        entries |= {name: self._entry(name, record) for name, record in records.items()}
        return Trace(entries, {"rung": "network"})

    def _advance(
        self,
        part: _Part,
        t: int,
        arrays: Mapping[str, NDArray[Any]],
        fed: Mapping[str, Array],
        record: Mapping[str, Row] | None,
    ) -> None:
        now, ring, source, name = self._t, part.ring, part.source, part.name
        sends = ring.row(now)
        if name in arrays:
            sends.array[...], ring.silent[now % ring.size] = arrays[name][:, t], False
            return
        silent = source is not None and source.silent[now % source.size]
        if part.operator is not None:
            if not (silent and part.still):
                silent = False
                part.operator(self._arriving(part), sends)
            elif not ring.silent[now % ring.size]:
                sends.array.fill(0.0)
        elif part.neuron is not None:
            forced = Row.of(fed[name][:, t]) if self._forced and fed else None
            told = None if forced is None else forced.address
            sent, before, after = (None if record is None else _address(record, key, t) for key in RECORDS)
            clean = ring.silent[now % ring.size]
            silent = not part.neuron.advance(self._arriving(part), told, sends, (sent, before, after), clean)
        else:
            self._arriving(part)  # which the delay line takes
            sends.array[...], silent = self._arrivals.delayed(name, now), False
        if record is not None:
            if "sent" not in record:
                record["output"].array[t] = sends.array
            if fed:
                sends.array[...], silent = fed[name][:, t], False
        ring.silent[now % ring.size] = silent

    def _arriving(self, part: _Part) -> Row:
        """The input of a node in this step."""
        if part.source is not None:
            return part.source.row(self._t)
        return Row.of(self._arrivals.into(part.name, self._t))

    def _record(self, name: str, steps: int) -> dict[str, Row]:
        """Empty records of a node, ``(T, B, *shape)``; spikes are small integers."""
        shape = steps, self._batch, *self._network.shapes[name]
        spiking = isinstance(self._network.nodes[name], SPIKING)
        most = self._most[name]
        kind = np.float64 if not spiking else np.int8 if most < 128 else np.int64
        keys = ("before", "after") if self._states and name in self._stateful else ()
        rows = {key: Row.of(self._pool.array(shape)) for key in keys} | {
            "output": Row.of(self._pool.array(shape, kind))
        }
        return rows | ({"sent": rows["output"]} if kind is np.int8 and name in self._stateful else {})

    def _entry(self, name: str, record: Mapping[str, Row]) -> Entry:
        by_sample = {key: np.moveaxis(row.array, 0, 1) for key, row in record.items()}
        graded = not isinstance(self._network.nodes[name], SPIKING)
        before, after = by_sample.get("before"), by_sample.get("after")
        inserted = name in self._network.inserted
        return Entry(by_sample["output"], graded, 0, after, None, before, 0, inserted)


def _only_source(network: Network, name: str) -> str | None:
    """The source of a node that gets what one node sends in the same step, as it is; None for all others."""
    sources = network.sources(name)
    if len(sources) != 1 or (sources[0], name) in network.recurrent_edges or isinstance(network.nodes[name], nir.Delay):
        return None
    return sources[0] if network.shapes[sources[0]] else None


def _address(record: Mapping[str, Row], key: str, t: int) -> int | None:
    """Where a record of step ``t`` lies; None where there is none."""
    row = record.get(key)
    return None if row is None else row.address + t * row.stride


def _checked(network: Network, name: str, stimulus: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if name not in stimulus:
        raise InputError(f"the stimulus has no array for input {name!r}", "stimulus", f"it has: {', '.join(stimulus)}")
    values, shape = np.asarray(stimulus[name]), network.shapes[name]
    if values.ndim < 2 or values.shape[2:] != shape:
        raise InputError(f"its array for input {name!r} has shape {values.shape}", "stimulus", f"give (B, T, *{shape})")
    return values
