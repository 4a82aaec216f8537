"""Which kernels a stage uses: native ones where they apply, the portable form elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurodeploy.codegen.kernels import Edge
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.machine import Machine
from neurodeploy.codegen.native import columns, dense, matrix, pairs, pool, saturating, scatter, table
from neurodeploy.codegen.native.block import ALIGN, Block, block
from neurodeploy.codegen.native.cost import MAPS, Ladder, ladder
from neurodeploy.codegen.native.expressions import vectorizable
from neurodeploy.codegen.native.lists import SLACK
from neurodeploy.codegen.native.part import source_rows
from neurodeploy.codegen.window import window_of
from neurodeploy.numerics import Numerics
from neurodeploy.reference.integer import State, step
from neurodeploy.step.arrival import Accumulator
from neurodeploy.step.neuron import CURRENT, MEMBRANE
from neurodeploy.step.plan import Plan, Sender, Stage

FORCED = ("scatter", "pairs", "table", "dense", "columns", "matrix", "pool", "portable")
"""Kernels that a rendering can be made to use wherever they apply."""
PORTABLE = ("portable",)
ALWAYS: Ladder = ((0, "portable"),)
LISTED, MARGINED = ("scatter", "matrix"), ("scatter", "pairs", "columns")


@dataclass(frozen=True, eq=False)
class Choice:
    """A projection into accumulator ``sums`` of its stage, and its kernels, each from a number of events on.

    ``events``, ``starts``, ``map``: where its lists and its padded map stand among those of its stage.
    """

    edge: Edge
    sums: Accumulator
    kernels: Ladder
    events: int
    starts: int
    map: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Its kernels."""
        return tuple(kernel for _, kernel in self.kernels)

    @property
    def mapped(self) -> str | None:
        """The kernel that needs its messages in a padded map."""
        return next((each for each in self.names if each in MAPS), None)

    @property
    def listed(self) -> bool:
        """Whether its messages are listed."""
        return any(each in LISTED for each in self.names)

    @property
    def paired(self) -> bool:
        """Whether its messages are listed by pairs."""
        return "pairs" in self.names

    @property
    def lists(self) -> tuple[int, int]:
        """Rows of its source, and lists that each has."""
        rows, _ = source_rows(self.edge)
        return rows, window_of(self.edge.projection, self.edge.source.shape).space[1] if self.paired else 1

    @property
    def count(self) -> str:
        """The entries of all its lists, in C."""
        rows, lists = self.lists
        return f"c->starts[{self.starts + rows * lists}]"


@dataclass(frozen=True, eq=False)
class Native:
    """A stage in native code: its block of sums, what each projection does, and how much it lists."""

    stage: Stage
    block: Block
    choices: tuple[Choice, ...]
    events: int
    starts: int
    maps: int
    rests: bool

    def blocked(self, sums: Accumulator) -> bool:
        """Whether any kernel adds to the block of this accumulator."""
        return any(each.sums is sums and each.names != PORTABLE for each in self.choices)

    def full(self, sums: Accumulator) -> bool:
        """Whether any portable kernel adds to this accumulator as a whole."""
        return any(each.sums is sums and each.names == PORTABLE for each in self.choices)


def edges(plan: Plan, stage: Stage, layouts: dict[str, Layout]) -> list[tuple[Accumulator, Edge]]:
    """Every projection into a stage with its weights as they are stored."""
    found: list[tuple[Accumulator, Edge]] = []
    target = layouts[stage.population.name]
    for sums in stage.arrival.accumulators:
        for term in sums.terms:
            own = replace(term.projection, weights=term.projection.weights >> term.twos)
            source: Sender = plan.senders[own.source]
            found.append((sums, Edge(own, source, layouts[own.source], target, sums.bits, term.shift)))
    return found


def native(plan: Plan, stage: Stage, layouts: dict[str, Layout], machine: Machine, forced: str | None) -> Native | None:
    """The stage in native code, or None where its update needs more than 32 bits."""
    update = stage.update
    shown = [update.after[key] for key in (CURRENT, MEMBRANE) if key in update.after]
    roots = [update.output, *update.after.values(), *shown, *([] if update.before is None else [update.before])]
    narrow = all(each.bits <= 32 for each in stage.arrival.accumulators)
    if not narrow or not vectorizable(roots) or stage.population.size == 0:
        return None
    if stage.arrival.deliveries:
        whole = block(1, stage.population.size, 0, 0, 16)
        events, starts = saturating.room(plan, stage)
        return None if forced == "portable" else Native(stage, whole, (), events, starts, maps=0, rests=False)
    found = edges(plan, stage, layouts)
    windows = [_window_kernels(edge, machine, forced) for _, edge in found]
    spatial = any(each != ALWAYS for each in windows)
    kernels = windows if spatial else [_matrix_kernel(edge, forced) for _, edge in found]
    return _native(stage, found, kernels, layouts[stage.population.name], spatial, rests(stage, plan.program.numerics))


def rests(stage: Stage, numerics: Numerics) -> bool:
    """Whether neurons whose states are all 0, and which nothing reaches, send nothing and keep these states."""
    p = stage.population
    zeros = np.zeros((1, *p.shape), dtype=np.int64)
    state = State(zeros.copy(), zeros.copy(), zeros != 0)
    output = step(p, state, zeros, numerics).output
    after = {"current": state.u, "membrane": state.v, "fired": state.fired}
    return not output.any() and not any(after[key].any() for key in stage.update.stored)


def _window_kernels(edge: Edge, machine: Machine, forced: str | None) -> Ladder:
    able = {
        "pool": pool.applies(edge),
        "columns": columns.applies(edge),
        "scatter": scatter.applies(edge),
        "pairs": pairs.applies(edge, machine),
        "table": table.applies(edge, machine),
        "dense": dense.applies(edge, machine),
    }
    if forced == "portable" or able.get(forced or "", False):
        return ((0, str(forced)),)
    use = [kernel for kernel, does in able.items() if does]
    if forced is None and use[:1] == ["scatter"]:
        return ladder(edge, machine, use)
    return ((0, use[0]),) if use else ALWAYS


def _matrix_kernel(edge: Edge, forced: str | None) -> Ladder:
    return ((0, "matrix"),) if matrix.applies(edge) and forced != "portable" else ALWAYS


def _native(
    stage: Stage,
    found: Sequence[tuple[Accumulator, Edge]],
    kernels: Sequence[Ladder],
    target: Layout,
    spatial: bool,
    resting: bool,
) -> Native:
    rows = target.shape[1] if spatial and len(target.shape) == 3 else 1
    widest = max((sums.bits for sums in stage.arrival.accumulators), default=16)
    choices: list[Choice] = []
    events = starts = maps = 0
    for (sums, edge), own in zip(found, kernels, strict=True):
        choices.append(Choice(edge, sums, own, events, starts, maps))
        maps += map_bytes(choices[-1])
        if choices[-1].listed or choices[-1].paired:
            events += edge.source.size // (2 if choices[-1].paired else 1) + SLACK
            starts += math.prod(choices[-1].lists) + 1
    reach = [scatter.margins(each.edge) for each in choices if any(name in MARGINED for name in each.names)]
    before, after = (max((each[side] for each in reach), default=0) for side in (0, 1))
    made = block(rows, target.size // rows, before, after, widest)
    return Native(stage, made, tuple(choices), events, starts, maps, resting)


def map_bytes(choice: Choice) -> int:
    """Bytes of a padded map."""
    sizes = {"dense": lambda: dense.map_of(choice.edge).size, "table": lambda: table.map_bytes(choice.edge)}
    size = sizes[choice.mapped]() if choice.mapped else 0
    return -(-size // ALIGN) * ALIGN
