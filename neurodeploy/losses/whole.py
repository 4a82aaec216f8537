"""What each term costs the whole network: all layers run on their own spikes, with one term restored in every layer.

This is what a task feels: a term that costs each layer little can cost the last one much. Sums are taken without the
widths of accumulators, which quantization keeps them within.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.heads import task_value
from neurodeploy.host import Head
from neurodeploy.losses.counterpart import Counterpart, Wiring
from neurodeploy.losses.feed import term_of
from neurodeploy.losses.terms import TERMS, Term
from neurodeploy.losses.variants import INTEGERS, Choice, States, Variants, advance
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry, Trace

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Everywhere:
    """A term restored in every layer: the Jaccard of the worst spiking layer, and the value of the task."""

    worst: float
    task: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"worst": self.worst, "task": dict(self.task)}


class Sent:
    """What every node sent in the last steps, ``(V, B, *shape)`` each, in integer units."""

    def __init__(self, parts: Mapping[str, Counterpart]) -> None:
        self._longest = max((wiring.delay for part in parts.values() for wiring in part.wirings), default=0)
        self._steps: dict[str, dict[int, Array]] = {}

    def add(self, name: str, step: int, output: Array) -> None:
        """The output of a node in a step; what no delay can ask for any more is dropped."""
        steps = self._steps.setdefault(name, {})
        steps[step] = output
        steps.pop(step - self._longest - 1, None)

    def arriving(self, wiring: Wiring, step: int) -> Array | None:
        """What arrives over a wiring in a step; None before there was anything."""
        return self._steps.get(wiring.source.name, {}).get(step - wiring.delay)


def restored_everywhere(
    program: Program,
    parts: Mapping[str, Counterpart],
    trace: Trace,
    terms: Sequence[Term],
    head: Head,
    labels: NDArray[Any] | None,
) -> dict[str, Everywhere]:
    """By term, and under ``none`` with every term as the program has it.

    - ``trace``: the float network's own run, of which only inputs are fed; ``labels``: of its samples.
    - ``terms``: those that are asked for.
    """
    choices: list[Choice] = [INTEGERS, *(frozenset({term}) for term in TERMS if term in terms)]
    variants = {name: Variants.of(part, program.numerics, choices) for name, part in parts.items()}
    states = {name: States.of(variants[name], trace.batch) for name in parts}
    sent = Sent(parts)
    least = {name: np.zeros(len(choices)) for name in parts if parts[name].population.kind == "cuba-lif"}
    most = {name: np.zeros(len(choices)) for name in least}
    read = np.zeros((len(choices), *trace[head.node].output.shape))
    for t in range(trace.steps):
        for node in program.inputs:
            sent.add(node.name, t, _input(program, node.name, trace[node.name].values[:, t], choices))
        for name in program.order:
            arrived = _arrived(parts[name], sent, t, choices, trace.batch)
            output = _output(parts[name], variants[name], states[name], arrived)
            sent.add(name, t, output)
            if name in least:
                expected, axes = trace[name].output[:, t], tuple(range(1, output.ndim))
                least[name] += np.minimum(output, expected).sum(axis=axes)
                most[name] += np.maximum(output, expected).sum(axis=axes)
            if name == head.node:
                read[:, :, t] = output / 2.0 ** program.node(name).output.scale
    jaccards = [np.where(most[name] > 0, least[name] / np.maximum(most[name], 1), 1.0) for name in least]
    worst = np.min(jaccards, axis=0) if jaccards else np.ones(len(choices))
    names = ["none", *(term for choice in choices[1:] for term in choice)]
    return {
        name: Everywhere(float(worst[v]), task_value(head, Trace({head.node: Entry(read[v])}), labels))
        for v, name in enumerate(names)
    }


def _input(program: Program, name: str, values: Array, choices: Sequence[Choice]) -> Array:
    """What an input sends under every choice."""
    quantizer = program.input_by_name[name]
    sides = quantizer.quantize(values).astype(np.float64), values * 2.0**quantizer.scale
    return np.stack([sides["input quantizer" in choice] for choice in choices])


def _arrived(part: Counterpart, sent: Sent, step: int, choices: Sequence[Choice], batch: int) -> Array:
    """The input of a population under every choice ``(V, B, *shape)``, in accumulator units."""
    shape = part.population.shape
    total = np.zeros((len(choices), batch, *shape))
    for wiring in part.wirings:
        output = sent.arriving(wiring, step)
        if output is None or wiring.integers is None or wiring.real is None:
            continue
        for v, choice in enumerate(choices):
            messages = output[v]
            if all(p.message_bits == 1 for p in wiring.projections) and term_of(wiring) not in choice:
                messages = (messages != 0).astype(np.float64)
            weights = wiring.real if "weights" in choice else wiring.integers
            total[v] += wiring.applied(weights[None], messages, shape)[0]
    return total


def _output(part: Counterpart, variants: Variants, states: States, arrived: Array) -> Array:
    """What a population sends under every choice, in integer units."""
    population = part.population
    if population.kind != "relay":
        return advance(variants, states, arrived)
    output = np.empty_like(arrived)
    for v, choice in enumerate(variants.choices):
        bias = part.neuron.bias if "bias" in choice else population.bias
        value = (arrived[v] + bias) * 2.0**-population.shift
        rounded = np.clip(np.rint(value), population.output.low, population.output.high)
        output[v] = value if "graded messages" in choice else rounded
    return output
