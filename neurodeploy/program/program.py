"""The integer network that every fixed-point target runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.host import Host
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Input, Population
from neurodeploy.program.projection import Projection
from neurodeploy.program.rules import check_events
from neurodeploy.program.tables import program_tables
from neurodeploy.program.validity import refuse, violations
from neurodeploy.table import Table, dimensions, listing


@dataclass(frozen=True, eq=False)
class Program:
    """Inputs and populations joined by projections, under one machine's ``numerics``.

    ``provenance`` maps each population and projection to the source nodes it was made from; ``host`` is what runs
    before and after the chip. Order of the tuples is not significant: ``order`` is derived. Only where ``numerics``
    accumulate events, those of a population's projections arrive in the order of the tuple.

    Raises InputError for names that are used twice or joined to nothing, CapabilityError for what machines that
    accumulate events cannot hold.
    """

    numerics: Numerics
    inputs: tuple[Input, ...]
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    outputs: tuple[str, ...] = ()
    host: Host = field(default_factory=Host)
    provenance: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def __post_init__(self) -> None:
        names = [node.name for node in (*self.inputs, *self.populations)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"the name {twice[0]!r} is used twice", "program", "name every input and population once")
        for projection in self.projections:
            if projection.source not in names or projection.target not in self.by_name:
                raise InputError(
                    f"joins {projection.source!r} to {projection.target!r}, which is not in the program",
                    f"projection {projection.name}",
                    "name an existing source, and a population as target",
                )
        check_events(self.numerics, self.inputs, self.populations, self.projections)

    @cached_property
    def violations(self) -> tuple[Finding, ...]:
        """Everything that keeps it from having a meaning, as findings; nothing for a sound Program."""
        found = violations(self.numerics, self.inputs, self.populations, self.projections, self.outputs, self.host)
        try:
            _ = self.order
        except InputError as error:
            loop = Finding("program", "error", "program", error.what, error.remedy)
            return (*found, loop)
        return found

    def ensure_sound(self) -> None:
        """Raises InputError with every violation at once. Called before anything is made of it."""
        refuse(self.violations, "program")

    @cached_property
    def by_name(self) -> dict[str, Population]:
        """Populations by name."""
        return {population.name: population for population in self.populations}

    @cached_property
    def input_by_name(self) -> dict[str, Input]:
        """Inputs by name."""
        return {node.name: node for node in self.inputs}

    def node(self, name: str) -> Input | Population:
        """The input or population of that name."""
        return self.input_by_name[name] if name in self.input_by_name else self.by_name[name]

    def into(self, name: str) -> tuple[Projection, ...]:
        """Projections that end at ``name``."""
        return tuple(projection for projection in self.projections if projection.target == name)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Populations in an order in which every projection without delay goes forward.

        Raises InputError when projections without delay form a loop.
        """
        remaining = {
            name: {p.source for p in self.into(name) if p.delay == 0 and p.source in self.by_name}
            for name in self.by_name
        }
        order: list[str] = []
        while remaining:
            ready = [name for name, sources in remaining.items() if not sources & remaining.keys()]
            if not ready:
                raise InputError(
                    f"a loop without delay through {', '.join(sorted(remaining))}",
                    "program",
                    "give one projection of the loop a delay of at least one step",
                )
            order += ready
            for name in ready:
                del remaining[name]
        return tuple(order)

    def tables(self, layers: Sequence[Mapping[str, Any]] = ()) -> tuple[Table, Table, Table]:
        """Inputs, populations and projections; ``layers`` as in a bundle's report add what quantization did."""
        return program_tables(self.inputs, self.populations, self.projections, layers)

    @property
    def cost(self) -> str:
        """The numerics, and the weights that the machine stores: how many, and their memory at its width."""
        weights = sum(projection.weights.size for projection in self.projections)
        bits = self.numerics.weight_bits
        return f"numerics: {self.numerics.name}, {weights:,} weights of {bits} bits: {weights * bits / 8192:.1f} KiB"

    def __repr__(self) -> str:
        rows = [(p.name, p.kind, dimensions(p.shape)) for p in self.populations]
        rows += [(p.name, p.kind, f"{p.source} -> {p.target}") for p in self.projections]
        head = f"Program of {len(self.populations)} populations and {len(self.projections)} projections"
        return listing(f"{head}, numerics {self.numerics.name}", rows)

    def _repr_html_(self) -> str:
        tables = [html_table(*table) for table in self.tables()]
        return fragment(*tables, html_note(self.cost))
