"""What a rendering for one machine replaces: the context's further members, its stages, and its prelude."""

from __future__ import annotations

from functools import cached_property

from neurodeploy.codegen.arrival import Accumulator, Delivery
from neurodeploy.codegen.c.context import Context, context, state_type
from neurodeploy.codegen.c.layout import Layout
from neurodeploy.codegen.c.machine import Machine
from neurodeploy.codegen.c.names import identifiers
from neurodeploy.codegen.c.native import dense, lists, saturating, vectors
from neurodeploy.codegen.c.native.choice import Native, native
from neurodeploy.codegen.c.native.stage import members, native_observe, native_text
from neurodeploy.codegen.c.native.update import flags
from neurodeploy.codegen.c.tables import Tables
from neurodeploy.codegen.c.types import INT16
from neurodeploy.codegen.neuron import CURRENT
from neurodeploy.codegen.plan import Plan, Stage


class Own:
    """A plan's native stages, by population; stages that need more than 32 bits stay portable."""

    def __init__(self, plan: Plan, machine: Machine, forced: str | None) -> None:
        layouts = {name: Layout(sender.shape) for name, sender in plan.senders.items()}
        found = {stage.population.name: native(plan, stage, layouts, machine, forced) for stage in plan.stages}
        self.plan, self.machine = plan, machine
        self.native: dict[str, Native] = {name: each for name, each in found.items() if each is not None}

    @cached_property
    def prelude(self) -> str:
        """Vector types and operations."""
        common = vectors.prelude(self.machine) + lists.prelude(self.machine)
        return common + dense.PRELUDE[self.machine.name] + saturating.prelude(self.machine)

    def context(self) -> Context:
        """The plan's context, without sums of all neurons where blocks of them do."""
        further = members(list(self.native.values()), identifiers(self.plan.senders), self.machine)
        return context(self.plan, self._whole, further)

    def _whole(self, stage: Stage, sums: Accumulator) -> bool:
        own = self.native.get(stage.population.name)
        return own is None or own.full(sums)

    def stage(self, c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str | None:
        """The text of a stage, or None where it stays portable."""
        own = self.native.get(stage.population.name)
        return None if own is None else native_text(c, own, number, prefix, tables, self.machine)

    def observe(self, c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str | None:
        """The text of its recording update, or None where it stays portable."""
        own = self.native.get(stage.population.name)
        return None if own is None else native_observe(c, own, number, prefix, tables, self.machine)

    def delivery(self, c: Context, each: Delivery, stage: Stage, name: str, tables: Tables) -> str | None:
        """The kernel of events that enter a current one after another, or None where it stays portable."""
        source = each.projection.source
        sender, layout = self.plan.senders[source], c.layouts[source]
        narrow = state_type(stage, CURRENT) is INT16
        if not narrow or not saturating.applies(each, sender, layout, self.plan.program.numerics):
            return None
        target = c.layouts[stage.population.name]
        return saturating.saturating(each, sender, layout, target, name, tables, self.machine)

    def reset(self, c: Context) -> list[str]:
        """Statements that a reset does besides: no neuron is known to rest."""
        made: list[str] = []
        for name, each in self.native.items():
            count = flags(each, self.machine)
            made += [f"  nd_clear(c->rest_{c.identifiers[name]}, {count});"] if count else []
        return made
