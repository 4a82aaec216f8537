"""Network -> Program: how much quantization changed, against a budget per spiking node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.integers import narrowest
from neurodeploy.parity.block import Block
from neurodeploy.parity.compare import unequal
from neurodeploy.parity.divergence import divergence, first_of, with_membranes
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import Mask, is_nowhere, nowhere
from neurodeploy.parity.rung import Divergence, NodeResult, Rung, Scope, below_budget, judge
from neurodeploy.parity.tally import Distance, Tally
from neurodeploy.program.population import Output
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace


def budget_rung(
    program: Program,
    stimulus: Mapping[str, NDArray[Any]],
    network: Trace,
    actual: Trace,
    budget: float,
    allow_silent: Collection[str],
) -> Rung:
    """Compare the float trace with the program's: Jaccard at least ``budget`` in every spiking node.

    Real-valued nodes are reported by their relative RMS error and decide nothing. The isolated measure is the same when
    every node is fed the float network's own outputs, which tells the layer that loses from those that follow it.

    - ``stimulus``: one array ``(B, T, *shape)`` per input.
    - ``network``, ``actual``: the traces of the float network and of the program, both with states.
    - ``budget``: the smallest Jaccard that agrees, 0 to 1.
    """
    isolated = run_program(program, stimulus, drive=as_integers(program, network))
    losses = BudgetJudge(program)
    losses.add(Block(network), Block(actual), isolated)
    return losses.rung(budget, allow_silent, (actual.batch, actual.steps))


class BudgetJudge:
    """Adds up the blocks of the quantization rung."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._tallies: dict[str, Tally] = {}
        self._isolated: dict[str, Distance] = {}

    def add(self, network: Block, actual: Block, isolated: Trace | None, known: Known | None = None) -> None:
        """Compare two blocks of one place, of which something may be ``known``.

        ``isolated``: the program, every node fed the float network's outputs; None where that is not asked any more.
        """
        facts = Known() if known is None else known
        for name in network.trace.entries:
            if name not in self._program.by_name:
                continue
            expected, entry = network.trace[name], actual.trace[name]
            tally = self._tallies.setdefault(name, Tally())
            different = _different(expected, entry, facts)
            amounts = tally.add(expected, entry, different, facts)
            alone = self._isolated.setdefault(name, Distance())
            if isolated is not None and isolated[name].output is entry.output:
                alone.count(amounts)
            elif isolated is not None:
                alone.add(expected, isolated[name], facts)
            if is_nowhere(different):
                continue
            first = divergence(self._program, name, {"output": different}, network, actual, tally.first)
            if first is not None and first is not tally.first:
                first = with_membranes(first, self._program, expected, entry, actual.place)
            tally.first = first

    @property
    def first(self) -> Divergence | None:
        """The first cell that differs so far, whatever the budget."""
        return first_of({name: tally.result() for name, tally in self._tallies.items()}, self._program)

    def rung(self, budget: float, allow_silent: Collection[str], lead: tuple[int, int]) -> Rung:
        """What follows for a budget, over ``lead`` samples and steps."""
        nodes = {name: self._result(name, tally) for name, tally in self._tallies.items()}
        below = below_budget(nodes, budget)
        verdict, reasons = judge(nodes, bool(below), allow_silent, below)
        first = first_of(nodes, self._program) if below else None
        return Rung("network", "program", "budget", verdict, nodes, first, reasons=reasons, scope=Scope(*lead))

    def _result(self, name: str, tally: Tally) -> NodeResult:
        isolated = self._isolated[name]
        if tally.graded:
            return tally.result(isolated_rms=isolated.relative_rms)
        return tally.result(isolated_jaccard=isolated.jaccard)


def _different(expected: Entry, actual: Entry, known: Known) -> Mask:
    """Cells of a spiking node that differ; of a real-valued one none, as its error is measured."""
    if expected.graded:
        return nowhere(actual.output.shape)
    return unequal(expected, actual, known)


def as_integers(program: Program, trace: Trace, known: Known | None = None) -> Trace:
    """A float trace in the integer units of the program's outputs. ``known``: what is known of its block."""
    entries: dict[str, Entry] = {}
    facts = Known() if known is None else known
    for name, entry in trace.entries.items():
        output = program.node(name).output
        kind = narrowest(output.low, output.high).dtype
        if _fits(entry, output, facts):
            same_size = entry.output.dtype.itemsize == np.dtype(kind).itemsize
            integers = entry.output.view(kind) if same_size else entry.output.astype(kind)
            facts.note_equal(entry.output, integers)
        else:
            integers = np.clip(np.rint(entry.values * 2.0**output.scale), output.low, output.high).astype(kind)
        entries[name] = replace(entry, output=integers, scale=output.scale)
    return Trace(entries, trace.meta)


def _fits(entry: Entry, output: Output, known: Known) -> bool:
    """Whether an output is integers already, in the unit and the range of the program's."""
    values = entry.output
    if values.dtype.kind not in "biu" or entry.scale != output.scale or not values.size:
        return False
    low, high = known.sent(values).range
    return output.low <= low and high <= output.high
