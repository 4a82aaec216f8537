"""Costs as values: counts of a run under NeuroBench's names, per connection and population, and their totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from neurodeploy.document import Block, quiet
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.table import Table, number


@dataclass(frozen=True)
class ConnectionCounts:
    """Weights of one connection, and what messages through it cost; operations are totals over all samples and steps.

    - ``footprint``: bytes of its weights and biases. ``weights``, ``zero_weights``: how many there are, and are 0.
    - ``dense``: products of a weight and a message, zeros included; ``effective_macs``, ``effective_acs``: those in
      which neither is 0, in steps of a sample whose messages are not all 0, 1 or -1, and in the others.
    - ``counted``: whether NeuroBench would count it: a dense layer or a convolution of the source, no pooling.
    """

    name: str
    kind: str
    weights: int
    zero_weights: int
    footprint: int
    dense: int
    effective_macs: int
    effective_acs: int
    counted: bool = True


@dataclass(frozen=True)
class PopulationCounts:
    """What the neurons of one population sent and did; totals over all samples and steps.

    - ``footprint``: bytes of its parameters: one value where it holds for all neurons.
    - ``activations``: cells of its output; ``zero_activations``: those that are 0.
    - ``membrane_updates``: cells whose membrane differs from the step before; in the first step, all of them.
    - ``spiking``: whether its output counts as activation: it sends spikes.
    """

    name: str
    neurons: int
    footprint: int
    activations: int
    zero_activations: int
    membrane_updates: int
    spiking: bool = True


@dataclass(frozen=True)
class Costs:
    """The counts of a run of ``samples`` on one ``rung``, per connection and population.

    The properties are NeuroBench's metrics (neurobench 2.3.0) at a batch size of 1: operations and updates are means
    per sample.
    """

    rung: str
    samples: int
    steps: int
    connections: tuple[ConnectionCounts, ...]
    populations: tuple[PopulationCounts, ...]

    @property
    def footprint(self) -> int:
        """Bytes of all parameters."""
        return sum(part.footprint for part in (*self.connections, *self.populations))

    @property
    def connection_sparsity(self) -> float:
        """Share of weights that are 0; 0 without weights."""
        counted = [c for c in self.connections if c.counted]
        return sum(c.zero_weights for c in counted) / max(1, sum(c.weights for c in counted))

    @property
    def activation_sparsity(self) -> float:
        """Share of the cells of spiking populations that are 0."""
        spiking = [p for p in self.populations if p.spiking]
        return sum(p.zero_activations for p in spiking) / max(1, sum(p.activations for p in spiking))

    @property
    def synaptic_operations(self) -> dict[str, float]:
        """``Effective_MACs``, ``Effective_ACs`` and ``Dense`` per sample."""
        counted = [c for c in self.connections if c.counted]
        return {
            "Effective_MACs": sum(c.effective_macs for c in counted) / self.samples,
            "Effective_ACs": sum(c.effective_acs for c in counted) / self.samples,
            "Dense": sum(c.dense for c in counted) / self.samples,
        }

    @property
    def membrane_updates(self) -> float:
        """Membranes that changed, per sample."""
        return sum(p.membrane_updates for p in self.populations) / self.samples

    def to_json(self) -> dict[str, Any]:
        """Plain data: NeuroBench's metrics, and every connection and population."""
        return {
            "rung": self.rung,
            "samples": self.samples,
            "steps": self.steps,
            "footprint": self.footprint,
            "connection_sparsity": self.connection_sparsity,
            "activation_sparsity": self.activation_sparsity,
            "synaptic_operations": self.synaptic_operations,
            "membrane_updates": self.membrane_updates,
            "connections": [asdict(c) for c in self.connections],
            "populations": [asdict(p) for p in self.populations],
        }

    def blocks(self) -> list[Block]:
        """Tables of connections and populations, and the totals."""
        return [*self.tables(), quiet(self.total)]

    @property
    def total(self) -> str:
        """NeuroBench's metrics in one line."""
        operations = ", ".join(
            f"{name.replace('_', ' ')} {number(round(value, 1))}" for name, value in self.synaptic_operations.items()
        )
        return (
            f"{self.rung}: footprint {self.footprint:,} bytes, connection sparsity {self.connection_sparsity:.4f}, "
            f"activation sparsity {self.activation_sparsity:.4f}; per sample of {self.steps} steps: {operations}, "
            f"membrane updates {number(round(self.membrane_updates, 1))}"
        )

    def tables(self) -> tuple[Table, Table]:
        """A row per connection, and one per population; operations and updates per sample."""
        return _connections(self.rung, self.samples, self.connections), _populations(
            self.rung, self.samples, self.populations
        )

    def _repr_html_(self) -> str:
        return fragment(*(html_table(*table) for table in self.tables()), html_note(self.total))


def _connections(rung: str, samples: int, rows: Sequence[ConnectionCounts]) -> Table:
    columns = ("connection", "kind", ">weights", ">zero", ">bytes", ">dense", ">effective MACs", ">effective ACs")
    cells = [
        (
            c.name if c.counted else f"{c.name} (not NeuroBench's)",
            c.kind,
            c.weights,
            c.zero_weights,
            c.footprint,
            *(_mean(count, samples) for count in (c.dense, c.effective_macs, c.effective_acs)),
        )
        for c in rows
    ]
    return Table(f"{rung}: synaptic operations per sample", columns, cells)


def _populations(rung: str, samples: int, rows: Sequence[PopulationCounts]) -> Table:
    columns = ("population", ">neurons", ">bytes", ">activation sparsity", ">membrane updates")
    cells = [
        (
            p.name,
            p.neurons,
            p.footprint,
            f"{p.zero_activations / max(1, p.activations):.4f}" if p.spiking else "",
            _mean(p.membrane_updates, samples),
        )
        for p in rows
    ]
    return Table(f"{rung}: neurons, updates per sample", columns, cells)


def _mean(count: int, samples: int) -> str:
    return number(round(count / samples, 1))
