"""Wrong rules of one node: what an implementation of it can get wrong, each as the node that has it.

A rule changes one term. Those of neurons change constants and the update; those of synapses stand in ``wiring``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.adequacy.node import Node
from neurodeploy.causes.updates import update_hypotheses
from neurodeploy.numerics import Numerics, Overflow
from neurodeploy.program.population import Output, Population
from neurodeploy.reference.integer import State, Step, step

IntArray = NDArray[np.int64]
OTHER: dict[Overflow, Overflow] = {
    "wrap": "saturate",
    "wrap-once": "saturate",
    "saturate": "wrap",
    "clip": "wrap",
}
"""The overflow that is taken for the right one."""


@dataclass(frozen=True, eq=False)
class Wrong:
    """A wrong rule: which ``term`` it is about, what it does, the node that follows it, and which neurons those are."""

    term: str
    words: str
    node: Node
    neurons: IntArray

    def is_one_of(self, rules: Collection[tuple[str, str]]) -> bool:
        """Whether one of the rules has its term, and words that its own begin with."""
        return any(self.term == term and self.words.startswith(words) for term, words in rules)


def neuron_rules(node: Node) -> Iterator[Wrong]:
    """Every wrong rule of a node's neurons."""
    every = np.arange(node.population.size)
    rules = _relay(node) if node.population.kind == "relay" else _neuron(node)
    for term, words, wrong in rules:
        yield Wrong(term, words, wrong, every)


Rules = Iterator[tuple[str, str, Node]]


def _with(node: Node, **fields: Any) -> Node:
    return replace(node, population=replace(node.population, **fields))


def _by(node: Node, field: str, more: int) -> Node:
    return _with(node, **{field: getattr(node.population, field) + more})


def _relay(node: Node) -> Rules:
    population, n = node.population, node.numerics
    yield "bias", "one unit more", _by(node, "bias", 1)
    yield "bias", "one unit less", _by(node, "bias", -1)
    yield "relay", "shifts one more", _with(node, shift=population.shift + 1)
    yield "relay", "shifts one less", _with(node, shift=population.shift - 1)
    yield from _updates(node)
    yield "clip", "not at the lower end", replace(node, update=lambda: _without_low, rule="no low")
    yield "clip", "not at the upper end", replace(node, update=lambda: _without_high, rule="no high")
    if population.output.width > 1:
        narrow = Output("graded", population.output.width - 1, population.output.signed, population.output.scale)
        yield "clip", "one bit narrower", _with(node, output=narrow)
    other = OTHER[n.wide_overflow]
    yield "overflow", f"sums {other}", replace(node, numerics=replace(n, wide_overflow=other))


def _neuron(node: Node) -> Rules:
    population, n = node.population, node.numerics
    yield "bias", "one unit more", _by(node, "bias", 1)
    yield "bias", "one unit less", _by(node, "bias", -1)
    yield from _decays(node)
    yield from _clamps(node)
    yield from _overflows(node)
    yield from _updates(node)
    yield "initial state", "membrane one unit more", _by(node, "initial_membrane", 1 << n.state_shift)
    if not population.every_step:
        yield "kept state", "state forgotten in every step", _with(node, every_step=True)
        yield "kept state", "state kept from the sample before", replace(node, kept=True)
    elif n.decay_rule == "product":
        yield "kept state", "state kept between steps", _with(node, every_step=False)
    if population.kind == "cuba-lif":
        yield from _decisions(node)


def _decays(node: Node) -> Rules:
    population, n = node.population, node.numerics
    most = n.decay_one if n.decay_rule == "product" else n.decay_bits
    for field, term in (("current_decay", "current decay"), ("membrane_decay", "membrane decay")):
        amount = np.asarray(getattr(population, field))
        for by, words in ((1, "one more"), (-1, "one less")):
            changed = amount + by
            if changed.min(initial=0) >= 0 and changed.max(initial=0) <= most:
                yield term, words, _with(node, **{field: changed})


def _updates(node: Node) -> Rules:
    """Other updates; those that cannot differ are left out, and a neuron that is stuck is told by what it sent."""
    p, n = node.population, node.numerics
    one = n.decay_one
    amounts = {"membrane": np.asarray(p.membrane_decay), "current": np.asarray(p.current_decay)}
    exact = [name for name, amount in amounts.items() if not ((amount > 0) & (amount < one)).any()]
    summed = n.accumulation == "sum" and n.integration == "sum"
    for hypothesis in update_hypotheses(p, n):
        idle = hypothesis.term == "stuck" or (hypothesis.term == "rounding" and p.kind == "relay" and p.shift <= 0)
        if p.kind != "relay":
            idle |= not summed or (p.every_step and hypothesis.term in ("rounding", "order", "reset"))
            idle |= hypothesis.term == "rounding" and any(f"the {name} " in hypothesis.change for name in exact)
            idle |= hypothesis.term == "reset" and p.reset == "none"
        if not idle:
            rule = f"{hypothesis.term}: {hypothesis.change}"
            how = replace(node, update=hypothesis.update, rule=rule, remembers=hypothesis.remembers)
            yield hypothesis.term, hypothesis.change, replace(how, late=hypothesis.late)


def _beyond(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    wide = replace(population, output=replace(population.output, width=62, signed=True))
    return step(wide, state, a, n)


def _without_low(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    result = _beyond(population, state, a, n)
    return Step(np.minimum(result.output, population.output.high), result.v_before)


def _without_high(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
    result = _beyond(population, state, a, n)
    return Step(np.maximum(result.output, population.output.low), result.v_before)


def _clamps(node: Node) -> Rules:
    far = 1 << (62 - node.numerics.state_shift)
    for field, beyond in (("floor", -far), ("ceiling", far)):
        if getattr(node.population, field) is not None:
            yield "clamp", f"no {field}", _with(node, **{field: np.full(node.population.size, beyond)})
            yield "clamp", f"{field} one unit lower", _by(node, field, -1)
            yield "clamp", f"{field} one unit higher", _by(node, field, 1)


def _overflows(node: Node) -> Rules:
    n = node.numerics
    for field, words in (("membrane", "the membrane"), ("current", "the current"), ("wide", "sums")):
        rule = OTHER[getattr(n, f"{field}_overflow")]
        wrong: Any = {f"{field}_overflow": rule}
        yield "overflow", f"{words}: {rule}", replace(node, numerics=replace(n, **wrong))


def _decisions(node: Node) -> Rules:
    population = node.population
    yield "threshold", "one unit more", _by(node, "threshold", 1)
    yield "threshold", "one unit less", _by(node, "threshold", -1)
    other = ">" if population.compare == ">=" else ">="
    yield "tie rule", f"compares by {other}", _with(node, compare=other)
    for reset in ("zero", "subtract", "none"):
        if reset != population.reset:
            yield "reset", f"reset: {reset}", _with(node, reset=reset)
    if population.reset == "value":
        yield "reset", "reset value one more", _by(node, "reset_value", 1)
    words = "fires more than once" if population.fire_once else "fires only once"
    yield "fire once", words, _with(node, fire_once=not population.fire_once)
    if population.max_spikes_per_step > 1:
        yield "spikes per step", "one at most", _with(node, max_spikes_per_step=1)
        fewer = population.max_spikes_per_step - 1
        yield "spikes per step", "one fewer", _with(node, max_spikes_per_step=fewer)
