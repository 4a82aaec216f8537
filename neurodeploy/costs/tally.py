"""Counts that grow with a run: its chunks come and go, and what stays is one number per connection and population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.costs.connection import Connection
from neurodeploy.costs.counts import ConnectionCounts, Costs, PopulationCounts

Array = NDArray[Any]


@dataclass(frozen=True)
class Neurons:
    """A population as the counts see it: its size, the bytes of its parameters, and whether it sends spikes."""

    name: str
    size: int
    footprint: int
    spiking: bool


@dataclass
class Tally:
    """The counts of a run of ``samples`` and ``steps``, fed chunk by chunk.

    ``add`` takes the chunks of a group of samples in their order; ``start_group`` comes before each group's first.
    """

    rung: str
    samples: int
    steps: int
    connections: Sequence[Connection]
    populations: Sequence[Neurons]
    _macs: dict[str, int] = field(default_factory=dict[str, int])
    _acs: dict[str, int] = field(default_factory=dict[str, int])
    _updates: dict[str, int] = field(default_factory=dict[str, int])
    _active: dict[str, int] = field(default_factory=dict[str, int])
    _membranes: dict[str, Array] = field(default_factory=dict[str, Array])

    def start_group(self) -> None:
        """Samples that are at their first step come next."""
        self._membranes.clear()

    def add(
        self, start: int, arriving: Mapping[str, Array], sent: Mapping[str, Array], membranes: Mapping[str, Array]
    ) -> None:
        """Count a chunk that begins at step ``start``, arrays ``(B, T, *shape)``.

        - ``arriving``: real values of the messages into each connection, by its name, in the step they are sent.
        - ``sent``, ``membranes``: what each population sent, and its membranes at the end of the steps.
        """
        for connection in self.connections:
            self._operations(connection, start, arriving[connection.name])
        for neurons in self.populations:
            name = neurons.name
            self._active[name] = self._active.get(name, 0) + int(np.count_nonzero(sent[name]))
            if name in membranes:
                self._updates[name] = self._updates.get(name, 0) + self._changed(name, membranes[name])

    def _operations(self, connection: Connection, start: int, messages: Array) -> None:
        within = max(self.steps - connection.delay - start, 0)
        kept = messages[:, :within]
        flat = kept.reshape(*kept.shape[:2], connection.reaches.size)
        operations = (flat != 0) @ connection.reaches
        spikes = np.all((flat == 0) | (flat == 1) | (flat == -1), axis=2)
        for totals, chosen in ((self._acs, spikes), (self._macs, ~spikes)):
            totals[connection.name] = totals.get(connection.name, 0) + int(operations[chosen].sum())

    def _changed(self, name: str, membranes: Array) -> int:
        """How many membranes differ from the step before; all in the first step."""
        before = self._membranes.get(name)
        changed = int(np.count_nonzero(membranes[:, 1:] != membranes[:, :-1]))
        first = membranes[:, 0]
        changed += first.size if before is None else int(np.count_nonzero(first != before))
        self._membranes[name] = membranes[:, -1].copy()
        return changed

    def costs(self) -> Costs:
        """The counts of all that was added."""
        cells = self.samples * self.steps
        connections = tuple(
            ConnectionCounts(
                c.name,
                c.kind,
                c.weights,
                c.zero_weights,
                c.footprint,
                cells * c.dense,
                self._macs.get(c.name, 0),
                self._acs.get(c.name, 0),
                c.counted,
            )
            for c in self.connections
        )
        populations = tuple(
            PopulationCounts(
                p.name,
                p.size,
                p.footprint,
                cells * p.size,
                cells * p.size - self._active.get(p.name, 0),
                self._updates.get(p.name, 0),
                p.spiking,
            )
            for p in self.populations
        )
        return Costs(self.rung, self.samples, self.steps, connections, populations)
