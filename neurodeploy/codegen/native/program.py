"""A program in native code: which stages are native, and what they put in place of the portable text."""

from __future__ import annotations

from functools import cached_property

from neurodeploy.codegen.context import Context, context
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.names import identifiers
from neurodeploy.codegen.native import conv_dense, conv_pairs, conv_table, event_lists, matrix_saturating
from neurodeploy.codegen.native.dispatch import NativeStage, native_stage
from neurodeploy.codegen.native.stage import members, native_observe, native_text
from neurodeploy.codegen.native.update import rest_flags
from neurodeploy.codegen.native.vector_prelude import vector_prelude
from neurodeploy.codegen.tables import STRINGS_MAY_BE_LONG, Tables
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.plan import Plan, Stage


class NativeProgram:
    """A plan's native stages, by population; stages that need more than 32 bits stay portable.

    ``forced``: the name of the kernel to use wherever it applies.
    """

    def __init__(self, plan: Plan, machine: Machine, forced: str | None) -> None:
        layouts = {name: Layout(sender.shape) for name, sender in plan.senders.items()}
        stages = {stage.population.name: native_stage(plan, stage, layouts, machine, forced) for stage in plan.stages}
        self.plan, self.machine = plan, machine
        self.stages: dict[str, NativeStage] = {name: stage for name, stage in stages.items() if stage is not None}

    @cached_property
    def prelude(self) -> str:
        """The vector types and functions that kernels and updates call, the same for all programs of a machine."""
        common = STRINGS_MAY_BE_LONG + vector_prelude(self.machine) + event_lists.prelude(self.machine)
        products = conv_table.PICK + conv_dense.PRELUDE[self.machine.name] + conv_pairs.prelude(self.machine)
        return common + products + matrix_saturating.prelude(self.machine)

    def context(self) -> Context:
        """The plan's context with what native stages keep, and without the sums that they make block by block."""
        further = members(list(self.stages.values()), identifiers(self.plan.senders), self.machine)
        return context(self.plan, self._needs_all_sums, further)

    def _needs_all_sums(self, stage: Stage, sums: Accumulator) -> bool:
        native = self.stages.get(stage.population.name)
        return native is None or native.full(sums)

    def stage(self, c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str | None:
        """The text of a stage, or None where it stays portable."""
        native = self.stages.get(stage.population.name)
        return None if native is None else native_text(c, native, number, prefix, tables, self.machine)

    def observe(self, c: Context, stage: Stage, number: int, prefix: str, tables: Tables) -> str | None:
        """The text of its recording update, or None where it stays portable."""
        native = self.stages.get(stage.population.name)
        return None if native is None else native_observe(c, native, number, prefix, tables, self.machine)

    def reset(self, c: Context) -> list[str]:
        """Further C statements of a reset: no neuron is known to be at rest."""
        counts = {c.identifiers[name]: rest_flags(stage, self.machine) for name, stage in self.stages.items()}
        return [f"  nd_clear(c->rest_{identifier}, {count});" for identifier, count in counts.items() if count]
