"""What a rendering for one machine replaces: the context's further members, its stages, and its prelude."""

from __future__ import annotations

from functools import cached_property

from neurodeploy.codegen.context import Context, context
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.names import identifiers
from neurodeploy.codegen.native import dense, lists, pairs, saturating, table, vectors
from neurodeploy.codegen.native.choice import Native, native
from neurodeploy.codegen.native.stage import members, native_observe, native_text
from neurodeploy.codegen.native.update import flags
from neurodeploy.codegen.tables import STRINGS_MAY_BE_LONG, Tables
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.plan import Plan, Stage


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
        common = STRINGS_MAY_BE_LONG + vectors.prelude(self.machine) + lists.prelude(self.machine)
        products = table.PICK + dense.PRELUDE[self.machine.name] + pairs.prelude(self.machine)
        return common + products + saturating.prelude(self.machine)

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

    def reset(self, c: Context) -> list[str]:
        """Statements that a reset does besides: no neuron is known to rest."""
        made: list[str] = []
        for name, each in self.native.items():
            count = flags(each, self.machine)
            made += [f"  nd_clear(c->rest_{c.identifiers[name]}, {count});"] if count else []
        return made
