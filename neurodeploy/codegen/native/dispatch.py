"""Which kernels a stage uses, and from how many events on each of them.

``native_stage`` decides it once, when a program is rendered: for every projection a *ladder* of kernels, most often
one. Where a ladder has two, the code counts the events of a step and takes the first one below the limit and the second
one from it on. It assumes of every kernel that it computes the same sums; only time differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurodeploy.codegen.edge import Edge, edges
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import conv_scatter, matrix_saturating
from neurodeploy.codegen.native.cost_model import Ladder, ladder
from neurodeploy.codegen.native.event_lists import SLACK
from neurodeploy.codegen.native.expressions import vectorizable
from neurodeploy.codegen.native.kernel import MessageMap, NativeKernel, source_rows
from neurodeploy.codegen.native.kernels import KERNELS, MATRICES, PORTABLE, SCATTER, WINDOWS
from neurodeploy.codegen.native.sum_block import ALIGN, SumBlock, sum_block
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.neuron import CURRENT, MEMBRANE, rests
from neurodeploy.step.plan import Plan, Stage

ONLY_PORTABLE = (PORTABLE.name,)
ALWAYS_PORTABLE: Ladder = ((0, PORTABLE.name),)


@dataclass(frozen=True, eq=False)
class Dispatch:
    """A projection into the accumulator ``sums`` of its stage, and its kernels.

    - ``kernels``: names, each with the number of events from which on it is used.
    - ``events``, ``starts``, ``map``: where its event lists, their starts, and its map stand among those of its stage.
    """

    edge: Edge
    sums: Accumulator
    kernels: Ladder
    events: int
    starts: int
    map: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its kernels."""
        return tuple(name for _, name in self.kernels)

    @property
    def mapped(self) -> MessageMap | None:
        """The map that one of its kernels reads, if any."""
        return next((KERNELS[name].map for name in self.names if KERNELS[name].map is not None), None)

    @property
    def listed(self) -> bool:
        """Whether its events are listed."""
        return any(KERNELS[name].reads == "events" for name in self.names)

    @property
    def paired(self) -> bool:
        """Whether its messages are listed by pairs."""
        return any(KERNELS[name].reads == "pairs" for name in self.names)

    @property
    def margins(self) -> bool:
        """Whether its runs reach beyond rows of outputs."""
        return any(KERNELS[name].margins for name in self.names)

    @property
    def lists(self) -> tuple[int, int]:
        """Rows of its source, and lists that each row has: one of events, or one of pairs per pixel."""
        rows, _ = source_rows(self.edge)
        return rows, self.edge.window.space[1] if self.paired else 1

    @property
    def count(self) -> str:
        """The entries of all its lists, in C."""
        rows, lists = self.lists
        return f"c->starts[{self.starts + rows * lists}]"

    @property
    def map_bytes(self) -> int:
        """Bytes of its map."""
        size = self.mapped.size(self.edge) if self.mapped else 0
        return -(-size // ALIGN) * ALIGN


@dataclass(frozen=True, eq=False)
class NativeStage:
    """A stage in native code.

    - ``block``: where its sums lie; ``dispatches``: what each projection does.
    - ``events``, ``starts``, ``maps``: the room that its event lists, their starts, and its maps take.
    - ``rests``: whether neurons at rest that nothing reaches may be skipped.
    """

    stage: Stage
    block: SumBlock
    dispatches: tuple[Dispatch, ...]
    events: int
    starts: int
    maps: int
    rests: bool

    def blocked(self, sums: Accumulator) -> bool:
        """Whether any kernel adds to the block of this accumulator."""
        return any(dispatch.sums is sums and dispatch.names != ONLY_PORTABLE for dispatch in self.dispatches)

    def full(self, sums: Accumulator) -> bool:
        """Whether any portable kernel adds to this accumulator, which then has sums of the whole population."""
        return any(dispatch.sums is sums and dispatch.names == ONLY_PORTABLE for dispatch in self.dispatches)


def native_stage(
    plan: Plan, stage: Stage, layouts: Mapping[str, Layout], machine: Machine, forced: str | None
) -> NativeStage | None:
    """How a stage is done in native code; None where it stays portable, because its update needs more than 32 bits.

    ``forced``: the name of the kernel to use wherever it applies, instead of the fastest.
    """
    population = stage.population
    if not _fits_words(stage) or population.size == 0:
        return None
    if stage.arrival.deliveries:
        block = sum_block(1, population.size, 0, 0, 16)
        events, starts = matrix_saturating.room(plan, stage)
        if forced == PORTABLE.name:
            return None
        return NativeStage(stage, block, (), events, starts, maps=0, rests=False)
    target = layouts[population.name]
    joined = [(sums, edge) for sums in stage.arrival.accumulators for edge in edges(plan, sums, layouts, target)]
    windows = [_chosen(edge, machine, forced, WINDOWS) for _, edge in joined]
    spatial = any(kernels != ALWAYS_PORTABLE for kernels in windows)
    kernels = windows if spatial else [_chosen(edge, machine, forced, MATRICES) for _, edge in joined]
    resting = rests(population, plan.program.numerics, stage.update.stored)
    return _placed(stage, joined, kernels, target, spatial, resting)


def _fits_words(stage: Stage) -> bool:
    """Whether vectors of 32-bit integers compute the update exactly, states that are only recorded included."""
    update = stage.update
    shown = [update.after[key] for key in (CURRENT, MEMBRANE) if key in update.after]
    roots = [update.output, *update.after.values(), *shown, *([] if update.before is None else [update.before])]
    return all(sums.bits <= 32 for sums in stage.arrival.accumulators) and vectorizable(roots)


def _chosen(edge: Edge, machine: Machine, forced: str | None, kernels: Sequence[NativeKernel]) -> Ladder:
    """The forced kernel where it applies; else the first of ``kernels`` that applies, or what the cost model says."""
    able = [kernel.name for kernel in kernels if kernel.applies(edge, machine)]
    if forced == PORTABLE.name or forced in able:
        return ((0, str(forced)),)
    if forced is None and able[:1] == [SCATTER.name]:
        return ladder(edge, machine, able)
    return ((0, able[0]),) if able else ALWAYS_PORTABLE


def _placed(
    stage: Stage,
    joined: Sequence[tuple[Accumulator, Edge]],
    kernels: Sequence[Ladder],
    target: Layout,
    spatial: bool,
    resting: bool,
) -> NativeStage:
    """The stage with a place for everything that its kernels list, map and sum.

    ``spatial``: whether sums are made row by row of the target's map, or of all neurons as one row.
    """
    rows = target.shape[1] if spatial and len(target.shape) == 3 else 1
    widest = max((sums.bits for sums in stage.arrival.accumulators), default=16)
    dispatches: list[Dispatch] = []
    events = starts = maps = 0
    for (sums, edge), steps in zip(joined, kernels, strict=True):
        placed = Dispatch(edge, sums, steps, events, starts, maps)
        dispatches.append(placed)
        maps += placed.map_bytes
        if placed.listed or placed.paired:
            events += edge.source.size // (2 if placed.paired else 1) + SLACK
            starts += math.prod(placed.lists) + 1
    reach = [conv_scatter.margins(dispatch.edge) for dispatch in dispatches if dispatch.margins]
    before, after = (max((sides[side] for sides in reach), default=0) for side in (0, 1))
    block = sum_block(rows, target.size // rows, before, after, widest)
    return NativeStage(stage, block, tuple(dispatches), events, starts, maps, resting)
