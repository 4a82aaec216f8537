"""Worst cases: what a node can at most send, and what could at most arrive, whatever sources send."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.analysis.ranges import received_sum
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Output, Population, Program, Projection


def sends(node: Input | Population) -> Output:
    """What a node can send in fact: a membrane of 24 bits, as many spikes as it may fire, or its declared output."""
    if isinstance(node, Input) or node.kind == "relay":
        return node.output
    if node.kind == "li":
        return Output("graded", LOIHI2.membrane_bits, signed=True)
    return Output("count", max(1, node.max_spikes_per_step.bit_length()))


def largest_sum(program: Program, projections: Sequence[Projection], target: str) -> tuple[int, int]:
    """Least and greatest sum over ``projections`` that any neuron of ``target`` can receive in one step."""
    sources = {each.source: program.node(each.source) for each in projections}
    sent = {name: (node.shape, sends(node).low, sends(node).high) for name, node in sources.items()}
    least, most = received_sum(projections, sent, program.by_name[target].shape)
    return int(least.min(initial=0)), int(most.max(initial=0))


def input_range(program: Program, population: Population) -> tuple[int, int]:
    """Least and greatest accumulated input of a population's neurons."""
    return largest_sum(program, program.into(population.name), population.name)
