"""Which kernels a stage uses: native ones where they apply, the portable form elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurodeploy.codegen.arrival import Accumulator
from neurodeploy.codegen.c.kernels import Edge
from neurodeploy.codegen.c.layout import Layout
from neurodeploy.codegen.c.machine import Machine
from neurodeploy.codegen.c.native import dense, matrix, pool, saturating, scatter, small
from neurodeploy.codegen.c.native.block import Block, block
from neurodeploy.codegen.c.native.cost import threshold
from neurodeploy.codegen.c.native.expressions import vectorizable
from neurodeploy.codegen.c.native.lists import SLACK
from neurodeploy.codegen.c.native.part import source_rows
from neurodeploy.codegen.neuron import CURRENT, MEMBRANE
from neurodeploy.codegen.plan import Plan, Sender, Stage
from neurodeploy.numerics import Numerics
from neurodeploy.reference.integer import State, step

FORCED = ("scatter", "dense", "small", "matrix", "pool", "portable")
"""Kernels that a rendering can be made to use wherever they apply."""
MARGINED = ("scatter", "small")


@dataclass(frozen=True, eq=False)
class Choice:
    """A projection into accumulator ``sums`` of its stage, and the name of its kernel."""

    edge: Edge
    sums: Accumulator
    kernel: str
    events: int
    starts: int
    map: int = 0
    threshold: int | None = None

    @property
    def mapped(self) -> bool:
        """Whether its messages are copied into a padded map, at some steps or at all."""
        return self.kernel == "dense" or self.threshold is not None

    @property
    def listed(self) -> bool:
        """Whether its messages are listed."""
        return self.kernel in ("scatter", "small", "matrix")


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
        return any(each.sums is sums and each.kernel != "portable" for each in self.choices)

    def full(self, sums: Accumulator) -> bool:
        """Whether any portable kernel adds to this accumulator as a whole."""
        return any(each.sums is sums and each.kernel == "portable" for each in self.choices)


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
    windows = [_window_kernel(edge, machine, forced) for _, edge in found]
    spatial = any(each != "portable" for each in windows)
    kernels = windows if spatial else [_matrix_kernel(edge, forced) for _, edge in found]
    decide = machine if forced is None else None
    return _native(
        stage, found, kernels, decide, layouts[stage.population.name], spatial, rests(stage, plan.program.numerics)
    )


def rests(stage: Stage, numerics: Numerics) -> bool:
    """Whether neurons whose states are all 0, and which nothing reaches, send nothing and keep these states."""
    p = stage.population
    zeros = np.zeros((1, *p.shape), dtype=np.int64)
    state = State(zeros.copy(), zeros.copy(), zeros != 0)
    output = step(p, state, zeros, numerics).output
    after = {"current": state.u, "membrane": state.v, "fired": state.fired}
    return not output.any() and not any(after[key].any() for key in stage.update.stored)


def _window_kernel(edge: Edge, machine: Machine, forced: str | None) -> str:
    able = {
        "pool": pool.applies(edge),
        "small": small.applies(edge),
        "scatter": scatter.applies(edge),
        "dense": dense.applies(edge, machine),
    }
    if forced == "portable" or able.get(forced or "", False):
        return str(forced)
    return next((kernel for kernel, does in able.items() if does), "portable")


def _matrix_kernel(edge: Edge, forced: str | None) -> str:
    return "matrix" if matrix.applies(edge) and forced != "portable" else "portable"


def _native(
    stage: Stage,
    found: Sequence[tuple[Accumulator, Edge]],
    kernels: Sequence[str],
    decide: Machine | None,
    target: Layout,
    spatial: bool,
    resting: bool,
) -> Native:
    rows = target.shape[1] if spatial and len(target.shape) == 3 else 1
    reach = [scatter.margins(edge) for (_, edge), kernel in zip(found, kernels, strict=True) if kernel in MARGINED]
    widest = max((sums.bits for sums in stage.arrival.accumulators), default=16)
    before, after = (max((each[side] for each in reach), default=0) for side in (0, 1))
    choices: list[Choice] = []
    events = starts = maps = 0
    for (sums, edge), kernel in zip(found, kernels, strict=True):
        both = decide is not None and kernel == "scatter" and dense.applies(edge, decide)
        limit = threshold(edge, decide) if both and decide is not None else None
        choices.append(Choice(edge, sums, kernel, events, starts, maps, limit))
        maps += dense.map_of(edge).size if choices[-1].mapped else 0
        if choices[-1].listed:
            events += edge.source.size + SLACK
            starts += source_rows(edge)[0] + 1
    return Native(
        stage, block(rows, target.size // rows, before, after, widest), tuple(choices), events, starts, maps, resting
    )
