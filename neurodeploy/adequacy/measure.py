"""Collects what reached some neurons of every population in a run, and runs them again under wrong rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.fan import Fan, fan_in
from neurodeploy.adequacy.grain import Rule, idle, unreachable
from neurodeploy.adequacy.node import Line, Node, Record, chosen_neurons, run_nodes
from neurodeploy.adequacy.result import NodeAdequacy, Seen
from neurodeploy.adequacy.rules import Wrong, neuron_rules
from neurodeploy.adequacy.wiring import synapse_rules
from neurodeploy.analysis.ranges import sent_in_fact
from neurodeploy.program.population import Output, Population
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace

IntArray = NDArray[np.int64]
NEURONS, CELLS, SAMPLES = 16, 256, 16
"""Neurons of a population that are tried, samples times steps in which, and samples at most."""
SEED = 0


@dataclass(eq=False)
class _Collected:
    """What reached some neurons of one population so far: by sample, and by line, what was sent."""

    neurons: IntArray
    fans: tuple[Fan, ...]
    sent: dict[int, list[list[IntArray]]] = field(default_factory=dict[int, list[list[IntArray]]])


class Adequacy:
    """Which wrong rules of every population a run of ``samples`` samples and ``steps`` steps would have shown.

    It looks at some neurons of each, half of them those that sent least, in the first steps of some samples, so that
    its time and memory are bounded. What shows there shows in the whole run too: a node that is fed what really
    reached it differs first where a target with that rule would.
    """

    def __init__(self, program: Program, samples: int, steps: int) -> None:
        self._program = program
        self._steps = min(steps, CELLS)
        count = min(samples, SAMPLES, max(min(2, samples), CELLS // self._steps))
        self._steps = min(self._steps, max(1, CELLS // count))
        self._samples = frozenset(map(int, np.linspace(0, samples - 1, count)))
        self._rng = np.random.Generator(np.random.PCG64(SEED))
        self._collected: dict[str, _Collected] = {}

    def add(self, trace: Trace, sample: int = 0, step: int = 0) -> None:
        """Look at a block of the run that begins at that sample and step; blocks of a sample come in order."""
        if not self._collected:
            self._collected = {p.name: self._choose(p, trace) for p in self._program.populations}
        rows = [row for row in range(trace.batch) if sample + row in self._samples]
        left = self._steps - step
        if left <= 0 or not rows:
            return
        for collected in self._collected.values():
            for number, fan in enumerate(collected.fans):
                output = trace[fan.projection.source].output[rows, :left]
                read = output.reshape(*output.shape[:2], -1)[..., fan.columns]
                for row, part in zip(rows, read, strict=True):
                    lines = collected.sent.setdefault(sample + row, [[] for _ in collected.fans])
                    lines[number].append(part)

    def _choose(self, population: Population, trace: Trace) -> _Collected:
        """Half of the neurons that are tried are those which sent least, half are drawn."""
        sent = np.count_nonzero(trace[population.name].output, axis=(0, 1)).reshape(-1)
        ranked = self._rng.permutation(population.size)
        least = ranked[np.argsort(sent[ranked], kind="stable")][: NEURONS // 2]
        drawn = ranked[~np.isin(ranked, least)][: NEURONS - len(least)]
        neurons = np.sort(np.concatenate([least, drawn]))
        fans = tuple(
            fan_in(p, self._program.node(p.source).shape, population.shape, neurons)
            for p in self._program.into(population.name)
        )
        return _Collected(neurons, fans)

    def results(
        self, impossible: Mapping[str, Collection[Rule]], stateless: Collection[str] = ()
    ) -> dict[str, NodeAdequacy]:
        """By population, which wrong rules show.

        - ``impossible``: by population, wrong rules that no input can show, as term and first words; with
          ``("overflow", "")`` no width of it is ever left.
        - ``stateless``: populations whose states the check did not compare.
        """
        return {
            name: self._result(name, collected, impossible.get(name, ()), name not in stateless)
            for name, collected in self._collected.items()
            if collected.fans and collected.sent
        }

    def _result(self, name: str, collected: _Collected, impossible: Collection[Rule], states: bool) -> NodeAdequacy:
        population = self._program.by_name[name]
        node = self._node(population, collected)
        known: dict[int, IntArray] = {}
        (right,) = run_nodes([node], known)
        wrong = [*self._rules(node, right, collected.fans)]
        records = run_nodes([rule.node for rule in wrong], known)
        kept = unreachable(node) if ("overflow", "") in impossible else ()
        impossible = (*impossible, *idle(node), *kept)
        seen = [_stuck(right)] if population.kind == "cuba-lif" else []
        seen += [_seen(rule, right, record, impossible) for rule, record in zip(wrong, records, strict=True)]
        samples, steps = right.output.shape[:2]
        return NodeAdequacy(tuple(seen), len(collected.neurons), prod(population.shape), samples, steps, states)

    def _rules(self, node: Node, right: Record, fans: tuple[Fan, ...]) -> Iterator[Wrong]:
        sent = [self._sent(fan.projection.source) for fan in fans]
        yield from neuron_rules(node, right)
        yield from synapse_rules(node, fans, sent, self._rng)

    def _sent(self, source: str) -> Output:
        return sent_in_fact(self._program.node(source), self._program.numerics)

    def _node(self, population: Population, collected: _Collected) -> Node:
        sent = [
            np.stack([np.concatenate(lines[number]) for _, lines in sorted(collected.sent.items())])
            for number in range(len(collected.fans))
        ]
        lines = tuple(
            Line(fan.projection, fan.rows, messages) for fan, messages in zip(collected.fans, sent, strict=True)
        )
        return Node(self._program.numerics, chosen_neurons(population, collected.neurons), lines)


def _seen(rule: Wrong, right: Record, record: Record, impossible: Collection[Rule]) -> Seen:
    expected = right.neurons(rule.neurons)
    outputs = (expected.output != record.output).any(axis=(0, 1))
    states = outputs | (expected.v != record.v).any(axis=(0, 1)) | (expected.u != record.u).any(axis=(0, 1))
    in_states, in_outputs = int(np.count_nonzero(states)), int(np.count_nonzero(outputs))
    possible = in_states > 0 or not rule.is_one_of(impossible)
    return Seen(rule.term, rule.words, len(rule.neurons), in_states, in_outputs, possible)


def _stuck(right: Record) -> Seen:
    fired = int(np.count_nonzero((right.output != 0).any(axis=(0, 1))))
    return Seen("stuck", "silent", right.output.shape[-1], fired, fired)
