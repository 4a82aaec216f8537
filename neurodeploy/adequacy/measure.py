"""Collects what reached some neurons of every population in a run, and runs them again under wrong rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.beside import Differs, run_beside
from neurodeploy.adequacy.fan import Fan, fan_in
from neurodeploy.adequacy.grain import Rule, idle, unreachable
from neurodeploy.adequacy.line import Line
from neurodeploy.adequacy.node import Node, Record, chosen_neurons
from neurodeploy.adequacy.result import NodeAdequacy, Seen
from neurodeploy.adequacy.rules import Wrong, neuron_rules
from neurodeploy.adequacy.wiring import synapse_rules
from neurodeploy.analysis.ranges import sent_in_fact
from neurodeploy.integers import narrowed
from neurodeploy.program.population import Output, Population
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]
NEURONS, CELLS, SAMPLES = 16, 256, 16
"""Neurons of a population that are tried, samples times steps in which, and samples at most."""
SEED = 0


@dataclass(frozen=True, eq=False)
class _Tried:
    """The neurons of one population that are tried, and by line what they read."""

    neurons: IntArray
    fans: tuple[Fan, ...]


class Adequacy:
    """Which wrong rules of every population a run of ``samples`` samples and ``steps`` steps would have shown.

    It looks at some neurons of each, half of them those that sent least, in the first steps of some samples, so that
    its time and memory are bounded. What shows there shows in the whole run too: a node that is fed what really
    reached it differs first where a target with that rule would.
    """

    def __init__(
        self, program: Program, samples: int, steps: int, watched: Mapping[str, IntArray] | None = None
    ) -> None:
        """``watched``: by population, flat, up to half as many neurons that are looked at in place of drawn ones."""
        self._program, self._watched = program, dict(watched or {})
        self._steps = min(steps, CELLS)
        count = min(samples, SAMPLES, max(min(2, samples), CELLS // self._steps))
        self._steps = min(self._steps, max(1, CELLS // count))
        self._samples = frozenset(map(int, np.linspace(0, samples - 1, count)))
        self._rng = np.random.Generator(np.random.PCG64(SEED))
        self._fired = {p.name: np.zeros(p.shape, np.int64) for p in program.populations}
        self._read = {p.source: dict[int, list[NDArray[Any]]]() for p in program.projections}
        self._seen = False

    def add(
        self, trace: Trace, sample: int = 0, step: int = 0, active: Mapping[str, NDArray[Any]] | None = None
    ) -> None:
        """Look at a block of the run that begins at that sample and step; blocks of a sample come in order.

        ``active``: how often every neuron sent something, of populations in which any did, where that is known.
        """
        for name, fired in self._fired.items():
            if active is None:
                few = np.uint8 if trace.batch * trace.steps < 256 else np.int64
                fired += np.add.reduce(trace[name].output != 0, axis=(0, 1), dtype=few)
            elif name in active:
                fired += active[name]
        rows = [row for row in range(trace.batch) if sample + row in self._samples]
        left = self._steps - step
        if left <= 0 or not rows:
            return
        self._seen = True
        for source, sent in self._read.items():
            for row in rows:
                output = trace[source].output[row, :left]
                narrow = output.copy(order="K") if output.itemsize == 1 else narrowed(output)
                sent.setdefault(sample + row, []).append(narrow)

    def _choose(self, population: Population) -> _Tried:
        """Half of the neurons that are tried are those which sent least, half are drawn."""
        sent = self._fired[population.name].reshape(-1)
        ranked = self._rng.permutation(population.size)
        quiet = ranked[least(sent[ranked], NEURONS // 2)]
        named = self._watched.get(population.name, np.zeros(0, np.int64))
        some = ranked[: NEURONS + len(named)]
        others = np.concatenate([named, some[~np.isin(some, named)]])
        drawn = others[~np.isin(others, quiet)][: NEURONS - len(quiet)]
        neurons = np.sort(np.concatenate([quiet, drawn]))
        fans = tuple(
            fan_in(p, self._program.node(p.source).shape, population.shape, neurons)
            for p in self._program.into(population.name)
        )
        return _Tried(neurons, fans)

    def results(
        self, impossible: Mapping[str, Collection[Rule]], stateless: Collection[str] = ()
    ) -> dict[str, NodeAdequacy]:
        """By population, which wrong rules show.

        - ``impossible``: by population, wrong rules that no input can show, as term and first words; with
          ``("overflow", "")`` no width of it is ever left.
        - ``stateless``: populations whose states the check did not compare.
        """
        if not self._seen:
            return {}
        chosen = {population.name: self._choose(population) for population in self._program.populations}
        tried = {name: neurons for name, neurons in chosen.items() if neurons.fans}
        nodes = {name: self._node(self._program.by_name[name], neurons) for name, neurons in tried.items()}
        wrong = {name: [*self._rules(node, tried[name].fans)] for name, node in nodes.items()}
        beside = [(number, rule.neurons) for number, rules in enumerate(wrong.values()) for rule in rules]
        records, found = run_beside(
            [*nodes.values()], [rule.node for rules in wrong.values() for rule in rules], beside
        )
        right, differs = dict(zip(nodes, records, strict=True)), iter(found)
        results: dict[str, NodeAdequacy] = {}
        for name, rules in wrong.items():
            seen = _seen(nodes[name], right[name], [*zip(rules, differs, strict=False)], impossible.get(name, ()))
            size, (samples, steps) = self._program.by_name[name].size, right[name].output.shape[:2]
            states = name not in stateless
            results[name] = NodeAdequacy(tuple(seen), len(tried[name].neurons), size, samples, steps, states)
        return results

    def _rules(self, node: Node, fans: tuple[Fan, ...]) -> Iterator[Wrong]:
        sent = [self._sent(fan.projection.source) for fan in fans]
        yield from neuron_rules(node)
        yield from synapse_rules(node, fans, sent, self._rng)

    def _sent(self, source: str) -> Output:
        return sent_in_fact(self._program.node(source), self._program.numerics)

    def _node(self, population: Population, tried: _Tried) -> Node:
        lines = tuple(self._line(fan) for fan in tried.fans)
        return Node(self._program.numerics, chosen_neurons(population, tried.neurons), lines)

    def _line(self, fan: Fan) -> Line:
        """What a fan brings, with what its elements sent in the samples that are looked at."""
        source, columns = fan.projection.source, fan.columns
        heard = np.arange(len(columns))
        if source in self._fired:
            heard = np.flatnonzero(self._fired[source].reshape(-1)[columns])
        samples = [blocks for _, blocks in sorted(self._read[source].items())]
        read = columns[heard]
        sent = [np.concatenate([block.reshape(len(block), -1).take(read, 1) for block in blocks]) for blocks in samples]
        return Line(fan.projection, fan.rows, np.stack(sent), heard)


def least(values: IntArray, count: int) -> IntArray:
    """The places of the ``count`` least values, in any order; of equal ones the first."""
    if len(values) <= count:
        return np.arange(len(values))
    most = np.partition(values, count - 1)[count - 1]
    below = np.flatnonzero(values < most)
    return np.concatenate([below, np.flatnonzero(values == most)[: count - len(below)]])


def _seen(
    node: Node, right: Record, found: Sequence[tuple[Wrong, Differs]], impossible: Collection[Rule]
) -> Iterator[Seen]:
    """What of the wrong rules of a node shows. ``found``: by rule, which neurons it shows in."""
    kept = unreachable(node) if ("overflow", "") in impossible else ()
    never = (*impossible, *idle(node), *kept)
    if node.population.kind == "cuba-lif":
        yield _stuck(right)
    for rule, differs in found:
        yield _shown(rule, differs, never)


def _shown(rule: Wrong, differs: Differs, impossible: Collection[Rule]) -> Seen:
    in_states, in_outputs = int(np.count_nonzero(differs.states)), int(np.count_nonzero(differs.outputs))
    possible = in_states > 0 or not rule.is_one_of(impossible)
    return Seen(rule.term, rule.words, len(rule.neurons), in_states, in_outputs, possible)


def _stuck(right: Record) -> Seen:
    fired = int(np.count_nonzero((right.output != 0).any(axis=(0, 1))))
    return Seen("stuck", "silent", right.output.shape[-1], fired, fired)
