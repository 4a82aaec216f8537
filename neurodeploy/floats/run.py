"""A float network under way: every sample goes on where its last chunk of steps ended."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError, RefusedError
from neurodeploy.floats.kernels import Kernels
from neurodeploy.floats.neurons import neuron
from neurodeploy.floats.operators import operator
from neurodeploy.floats.parts import COPIED, DENSE, GIVEN, WINDOW, Part, Work, in_one_piece, part_of, set_chunk
from neurodeploy.floats.rows import ANYTHING, Ring, Row
from neurodeploy.memory import Pool
from neurodeploy.network.network import Network, is_junction
from neurodeploy.network.shapes import SPIKING
from neurodeploy.reference.arrival import Arrivals
from neurodeploy.reference.linear import apply_linear
from neurodeploy.reference.network_runner import check_supported, keeps_state
from neurodeploy.trace import Entry, Trace

Array = NDArray[np.float64]
FOREVER = 1 << 62
BYTE = 128
"""Spikes of a step that a byte does not hold."""


class NetworkRun:
    """``batch`` samples of a network under way, fed in chunks of steps; chunks joined are the whole run.

    - ``states``: membranes are recorded too.
    - ``forced``: neurons reset as the trace that drives the run fired. ``pool``: where records lie.

    Equal to ``run_network`` up to the order in which the messages of a step are added, which decides the last digits of
    a sum; where sums are exact, as with weights on a grid, it is equal in every bit. No sample depends on the others.

    Raises RefusedError for what ``run_network`` refuses, and where a term keeps states from sample to sample.
    """

    def __init__(
        self,
        network: Network,
        batch: int,
        library: Kernels,
        states: bool = False,
        forced: bool = False,
        pool: Pool | None = None,
    ) -> None:
        check_supported(network)
        if batch > 1 and keeps_state(network):
            raise RefusedError("keeps states from sample to sample", "contract", "run the samples as one")
        self._network, self._batch, self._states, self._forced, self._t = network, batch, states, forced, 0
        memory = max((network.contract.of(name).recurrent_delay for _, name in network.recurrent_edges), default=0)
        self._rings = {name: Ring(batch, network.shapes[name], memory) for name in network.order}
        self._arrivals = Arrivals(network, self._rings, batch, FOREVER)
        self._pool, self._run = Pool() if pool is None else pool, library.advance
        self._stateful = {name for name in network.populations if not is_junction(network.nodes[name])}
        self._made: dict[str, tuple[Callable[[int], Array], Ring]] = {}
        self._works = {name: self._work(name) for name in network.order}
        self._parts = in_one_piece(self._part(name) for name in network.order)
        self._narrow = {name: source for name in network.order if (source := self._narrow_source(name))}
        edges = [(source, name) for name in network.order for source in network.sources(name)]
        self._kinds = {name: self._recorded(name) for name in network.populations}
        self._alone = set(network.populations) - {source for source, name in edges if name not in self._narrow}

    def _work(self, name: str) -> Work:
        """What a node does with what one other sends, or with what is made for it in every step."""
        network = self._network
        if name in network.input_names:
            return Work(GIVEN)
        node, source = network.nodes[name], _only_source(network, name)
        sources = network.sources(name)
        arriving = network.shapes[sources[0]] if sources else network.shapes[name]
        if name in self._stateful:
            work = neuron(node, network.contract.of(name), self._batch, network.shapes[name])
        else:
            work = operator(node, self._batch, arriving, network.shapes[name])
        if work is not None and source is not None:
            return work
        make, shape = partial(self._arrivals.into, name), arriving
        if work is None:
            make, shape = (
                partial(self._delayed if isinstance(node, nir.Delay) else self._plain, name),
                network.shapes[name],
            )
        self._made[name] = make, Ring(self._batch, shape, 0)
        return Work(COPIED) if work is None else work

    def _delayed(self, name: str, now: int) -> Array:
        self._arrivals.into(name, now)  # which the delay line takes
        return self._arrivals.delayed(name, now)

    def _plain(self, name: str, now: int) -> Array:
        return apply_linear(self._network.nodes[name], self._arrivals.into(name, now))

    def _part(self, name: str) -> Part:
        work, source = self._works[name], _only_source(self._network, name)
        if name in self._made:
            return part_of(work, self._rings[name], self._made[name][1])
        return part_of(work, self._rings[name], None if work.kind == GIVEN or source is None else self._rings[source])

    def _narrow_source(self, name: str) -> str | None:
        """The node whose bytes a node takes as well as its numbers; None where it takes none."""
        direct = name not in self._made and self._works[name].kind in (COPIED, DENSE, WINDOW)
        return _only_source(self._network, name) if direct else None

    def feed(self, stimulus: Mapping[str, NDArray[Any]], drive: Trace | None = None) -> Trace:
        """What the next steps do, for values ``(B, T, *shape)`` per input.

        With ``drive`` every node gets that trace's outputs instead of this run's own. Raises InputError for a stimulus
        that does not fit.
        """
        network = self._network
        arrays = {name: _checked(network, name, stimulus) for name in network.input_names}
        steps = next(iter(arrays.values())).shape[1]
        fed = {} if drive is None else {name: drive[name].values for name in network.populations}
        given = {name: self._by_step(array) for name, array in (arrays | fed).items()}
        records = {name: self._record(name, steps) for name in network.populations}
        bytewise = {name: record["bytes"] for name, record in records.items() if "bytes" in record and name not in fed}
        for part, name in zip(self._parts, network.order, strict=True):
            narrow, alone = bytewise.get(self._narrow.get(name, "")), name in bytewise and name in self._alone
            set_chunk(part, records.get(name, {}), given.get(name), self._forced, narrow, alone)
        self._advance(steps)
        entries = {
            name: Entry(arrays[name], graded=not network.input_range(name).binary) for name in network.input_names
        }
        entries |= {name: self._entry(name, record) for name, record in records.items()}
        return Trace(entries, {"rung": "network"})

    def _advance(self, steps: int) -> None:
        """Take steps: all at once, or each up to the next node for which something is made."""
        start, size = ctypes.addressof(self._parts), ctypes.sizeof(Part)
        stops = [k for k, name in enumerate(self._network.order) if name in self._made]
        cuts = list(zip([0, *stops], [*stops, len(self._parts)], strict=True))
        if not stops:
            self._run(start, len(self._parts), self._t, 0, steps)
            self._t += steps
            return
        for t in range(steps):
            for first, end in cuts:
                made = self._made.get(self._network.order[first])
                if made is not None:
                    ring = made[1]
                    ring[:, 0][...], ring.known[0] = made[0](self._t), ANYTHING
                self._run(start + first * size, end - first, self._t, t, 1)
            self._t += 1

    def _by_step(self, values: NDArray[Any]) -> Row:
        by_step = self._pool.array((values.shape[1], values.shape[0], *values.shape[2:]))
        by_step[...] = np.moveaxis(values, 1, 0)
        return Row.of(by_step)

    def _recorded(self, name: str) -> dict[str, Any]:
        """The types of what is recorded of a node; spikes are small integers."""
        spiking = isinstance(self._network.nodes[name], SPIKING)
        kinds: dict[str, Any] = {"values": np.float64} if not spiking else {"bytes": np.int8}
        if spiking and self._network.contract.of(name).max_spikes_per_step >= BYTE:
            kinds = {"counts": np.int64}
        if self._states and name in self._stateful:
            kinds |= {"before": np.float64, "after": np.float64}
        return kinds

    def _record(self, name: str, steps: int) -> dict[str, Row]:
        """Empty records of a node, ``(T, B, *shape)``."""
        shape = steps, self._batch, *self._network.shapes[name]
        return {key: Row.of(self._pool.array(shape, kind)) for key, kind in self._kinds[name].items()}

    def _entry(self, name: str, record: Mapping[str, Row]) -> Entry:
        by_sample = {key: np.moveaxis(row.array, 0, 1) for key, row in record.items()}
        graded = not isinstance(self._network.nodes[name], SPIKING)
        before, after = by_sample.pop("before", None), by_sample.pop("after", None)
        output, inserted = next(iter(by_sample.values())), name in self._network.inserted
        return Entry(output, graded, 0, after, None, before, 0, inserted)


def _only_source(network: Network, name: str) -> str | None:
    """The source of a node that gets what one node sends in the same step, as it is; None for all others."""
    sources = network.sources(name)
    if len(sources) != 1 or (sources[0], name) in network.recurrent_edges or isinstance(network.nodes[name], nir.Delay):
        return None
    return sources[0] if network.shapes[sources[0]] else None


def _checked(network: Network, name: str, stimulus: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if name not in stimulus:
        raise InputError(f"the stimulus has no array for input {name!r}", "stimulus", f"it has: {', '.join(stimulus)}")
    values, shape = np.asarray(stimulus[name]), network.shapes[name]
    if values.ndim < 2 or values.shape[2:] != shape:
        raise InputError(f"its array for input {name!r} has shape {values.shape}", "stimulus", f"give (B, T, *{shape})")
    return values
