"""Program against target, block by block: how many cells of which node differ, and which is the first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

import numpy as np

from neurodeploy.parity.block import Block
from neurodeploy.parity.compare import Differences, compare_entries
from neurodeploy.parity.divergence import divergence, with_membranes
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import Mask, is_nowhere, marked
from neurodeploy.parity.rung import NodeResult, Quantity, Scope
from neurodeploy.parity.tally import Tally
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace

STATES: frozenset[Quantity] = frozenset({"membrane", "current"})


class ExactJudge:
    """Adds up the blocks of a target rung. Membranes and currents count where both sides recorded them.

    ``encoded``: inputs that the target encoded itself; they count like populations.
    """

    def __init__(self, program: Program, encoded: Iterable[str] = ()) -> None:
        self._program = program
        self._tallies = {name: Tally() for name in (*encoded, *program.by_name)}
        self._states: dict[str, int | None] = dict.fromkeys(self._tallies)
        self._partial: set[str] = set()

    def add(self, expected: Block, actual: Block, known: Known | None = None) -> bool:
        """Compare two blocks of one place, of which something may be ``known``; whether they differ."""
        differs, facts = False, Known() if known is None else known
        for name, tally in self._tallies.items():
            pair = expected.trace[name], actual.trace[name]
            differences = compare_entries(*pair, known=facts)
            tally.add(*pair, differences["output"], known=facts)
            states: Differences = {quantity: mask for quantity, mask in differences.items() if quantity in STATES}
            if not states.keys() >= STATES:
                self._partial.add(name)
            if states:
                self._states[name] = (self._states[name] or 0) + marked(any_of(states))
            if not all(map(is_nowhere, differences.values())):
                differs = True
                self._remember(name, differences, expected, actual)
        return differs

    def _remember(self, name: str, differences: Differences, expected: Block, actual: Block) -> None:
        tally = self._tallies[name]
        first = divergence(self._program, name, differences, expected, actual, tally.first)
        if first is not None and first is not tally.first and name in self._program.by_name:
            first = with_membranes(first, self._program, expected.trace[name], None, expected.place)
        tally.first = first

    @property
    def nodes(self) -> dict[str, NodeResult]:
        """The counts of every node that was compared."""
        return {name: tally.result(state_mismatches=self._states[name]) for name, tally in self._tallies.items()}

    def scope(self, samples: int, steps: int) -> Scope:
        """What was compared."""
        stateful = [population.name for population in self._program.populations if population.kind != "relay"]
        compared = tuple(node for node in stateful if node not in self._partial)
        return Scope(samples, steps, compared, tuple(node for node in stateful if node in self._partial))


def with_inputs(program: Program, expected: Trace, actual: Trace) -> Trace:
    """A target's trace with what the inputs sent, which both sides were given unless the target encoded it itself."""
    inputs = {node: expected[node] for node in program.input_by_name if node not in actual.encoded}
    return replace(actual, entries={**inputs, **actual.entries})


def any_of(differences: Differences) -> Mask:
    """The cells in which some quantity differs."""
    masks = [mask for mask in differences.values() if not is_nowhere(mask)]
    return reduce(np.logical_or, masks) if masks else next(iter(differences.values()))


def recounted(nodes: dict[str, NodeResult], field: str, expected: Block, actual: Block) -> dict[str, NodeResult]:
    """The results with the count of cells that differ in another comparison, of nodes that both traces hold."""
    ours, theirs = expected.trace.entries, actual.trace.entries
    shared = [node for node in nodes if node in ours and node in theirs]
    counts = {node: marked(any_of(compare_entries(ours[node], theirs[node]))) for node in shared}
    return {node: replace(result, **{field: counts.get(node)}) for node, result in nodes.items()}
