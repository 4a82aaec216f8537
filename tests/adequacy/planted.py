"""Faults planted in one node of a program, written without a look at the rules that a check tries by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurodeploy.program import Population, Program, Projection


@dataclass(frozen=True, eq=False)
class Planted:
    """A program with a fault; ``terms``: what a report may call it."""

    words: str
    node: str
    terms: tuple[str, ...]
    program: Program


def planted(program: Program, rng: np.random.Generator) -> Iterator[Planted]:
    """Faults of every population and everything that enters it."""
    for population in program.populations:
        yield from _of_neurons(program, population, rng)
        for projection in program.into(population.name):
            yield from _of_synapses(program, projection, rng)


def _of_neurons(program: Program, p: Population, rng: np.random.Generator) -> Iterator[Planted]:
    def fault(words: str, term: str, **fields: Any) -> Planted:
        populations = tuple(replace(p, **fields) if q is p else q for q in program.populations)
        return Planted(words, p.name, (term,), replace(program, populations=populations))

    one = np.zeros(p.shape, np.int64)
    one[tuple(rng.integers(0, size) for size in p.shape)] = 1
    yield fault("bias of one neuron", "bias", bias=p.bias + one)
    if p.kind == "relay":
        yield fault("a relay of the wrong gain", "relay", shift=p.shift + 1)
        return
    yield fault("membrane begins above zero", "initial state", initial_membrane=p.initial_membrane + 64)
    if p.kind != "cuba-lif":
        return
    yield fault("ties decided otherwise", "tie rule", compare=">" if p.compare == ">=" else ">=")
    yield fault("threshold of one neuron", "threshold", threshold=p.threshold + one)
    yield fault("threshold too low", "threshold", threshold=p.threshold - 1)
    if p.reset != "subtract":
        yield fault("subtracts", "reset", reset="subtract")
    if p.reset != "zero":
        yield fault("resets to zero", "reset", reset="zero")
    if not p.fire_once:
        yield fault("falls silent after a spike", "fire once", fire_once=True)
    if p.floor is not None:
        yield fault("forgets its floor", "clamp", floor=None)
    if np.all(np.asarray(p.membrane_decay) < program.numerics.decay_one):
        yield fault("leaks more", "membrane decay", membrane_decay=p.membrane_decay + 1)


def _of_synapses(program: Program, projection: Projection, rng: np.random.Generator) -> Iterator[Planted]:
    def fault(words: str, term: str, **fields: Any) -> Planted:
        changed = tuple(replace(projection, **fields) if q is projection else q for q in program.projections)
        return Planted(words, projection.target, (term,), replace(program, projections=changed))

    places = np.argwhere(projection.weights)
    for words, factor in (("a synapse less", 0), ("a synapse of the other sign", -1), ("a synapse of twice", 2)):
        weights = projection.weights.copy()
        weights[tuple(places[rng.integers(len(places))])] *= factor
        yield fault(words, "weights", weights=weights)
    yield fault("arrives late", "delay", delay=projection.delay + 1)
    yield fault("all weights of twice", "exponent", shift=projection.shift + 1)
