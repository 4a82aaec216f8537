"""A population of neurons in float arithmetic, several times at once, each time with other terms at their float value.

With no term replaced it is the integer update of ``neurodeploy.reference.integer``, number for number: every quantity
is a whole number below 2**53. With all terms replaced it is the network's neuron. It explains losses and decides
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.losses.counterpart import Counterpart
from neurodeploy.losses.terms import TERMS, Term
from neurodeploy.numerics import Numerics, Overflow
from neurodeploy.reference.integer import overflow

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Choice = frozenset[Term]
"""Terms that have their float value."""
INTEGERS: Choice = frozenset()
ALL: Choice = frozenset(TERMS)


def covers(numerics: Numerics) -> bool:
    """Whether ``Variants`` computes what a machine does: it sums its input and multiplies its decays."""
    usual = numerics.accumulation == "sum" and numerics.integration == "sum"
    return usual and numerics.decay_rule == "product"


@dataclass(frozen=True, eq=False)
class Variants:
    """Constants of a population, one set per choice: each ``(V, 1, *shape)`` in state units, or broadcastable to it.

    ``truncates``, ``saturates``: ``(V, 1, ...)``, whether decays are cut off, and whether widths apply.
    """

    counterpart: Counterpart
    numerics: Numerics
    choices: tuple[Choice, ...]
    keep_current: Array
    keep_membrane: Array
    threshold: Array
    bias: Array
    reset_value: Array
    floor: Array | None
    start: tuple[Array, Array]
    truncates: Mask
    saturates: Mask

    @staticmethod
    def of(counterpart: Counterpart, numerics: Numerics, choices: Sequence[Choice]) -> Variants:
        """The constants under each of ``choices``."""
        population, neuron = counterpart.population, counterpart.neuron
        one, state = float(numerics.decay_one), 2.0**numerics.state_shift

        def pick(term: Term, integers: Any, real: Any) -> Array:
            sides = [np.broadcast_to(np.asarray(side, np.float64), population.shape) for side in (integers, real)]
            return np.stack([sides[term in choice] for choice in choices])[:, None]

        def flags(term: Term) -> Mask:
            kept = np.array([term not in choice for choice in choices])
            return kept.reshape(-1, 1, *[1] * len(population.shape))

        floor = None
        if population.floor is not None:
            real = population.floor if neuron.terms.v_min is None else neuron.terms.v_min
            floor = pick("reset and clamp", population.floor, real) * state
        keeps = [1 - np.asarray(decay) / one for decay in (population.current_decay, population.membrane_decay)]
        initial = neuron.terms.initial_state * state
        on_grid = neuron.terms.state_grid is not None
        return Variants(
            counterpart,
            numerics,
            tuple(choices),
            pick("decay", keeps[0], neuron.keep_current),
            pick("decay", keeps[1], neuron.keep_membrane),
            pick("threshold", population.threshold, neuron.threshold) * state,
            pick("bias", population.bias, neuron.bias * state),
            pick("reset and clamp", population.reset_value, neuron.reset_value) * state,
            floor,
            (
                pick("bias", population.initial_current, neuron.initial_current * state),
                pick("reset and clamp", population.initial_membrane, initial),
            ),
            flags("truncation") | on_grid,
            flags("saturation"),
        )

    def differ(self, term: Term) -> bool:
        """Whether a constant differs between the sets of choices: else the term costs nothing."""
        parts: Mapping[str, tuple[Array | None, ...]] = {
            "decay": (self.keep_current, self.keep_membrane),
            "threshold": (self.threshold,),
            "bias": (self.bias, self.start[0]),
            "reset and clamp": (self.reset_value, self.floor, self.start[1]),
        }
        return any(part is not None and bool(np.any(part != part[:1])) for part in parts[term])


@dataclass
class States:
    """What the variants remember, each ``(V, B, *shape)``."""

    current: Array
    membrane: Array
    fired: Mask

    @staticmethod
    def of(variants: Variants, batch: int) -> States:
        """The state before the first step."""
        shape = (len(variants.choices), batch, *variants.counterpart.population.shape)
        current, membrane = (np.broadcast_to(part, shape).copy() for part in variants.start)
        return States(current, membrane, np.zeros(shape, np.bool_))


def advance(variants: Variants, states: States, arrived: Array) -> Array:
    """Spikes of one step ``(V, B, *shape)``, or membranes of a population that sends them.

    ``arrived``: the input in accumulator units, of the same shape.
    """
    population, n = variants.counterpart.population, variants.numerics
    if population.every_step:
        fresh = States.of(variants, arrived.shape[1])
        states.current, states.membrane = fresh.current, fresh.membrane

    def width(values: Array, bits: int, rule: Overflow) -> Array:
        return limited(values, bits, rule, variants.saturates)

    drive = width(arrived * 2.0**n.state_shift, n.wide_bits, n.wide_overflow)
    current = width(_kept(states.current, variants.keep_current, variants) + drive, n.wide_bits, n.wide_overflow)
    states.current = width(current, n.current_bits, n.current_overflow)
    membrane = _kept(states.membrane, variants.keep_membrane, variants) + states.current + variants.bias
    membrane = width(membrane, n.wide_bits, n.wide_overflow)
    membrane = width(membrane, n.membrane_bits, n.membrane_overflow)
    if variants.floor is not None:
        membrane = np.maximum(membrane, variants.floor)
    if population.ceiling is not None:
        membrane = np.minimum(membrane, float(population.ceiling << n.state_shift))
    if population.kind == "li":
        states.membrane = membrane
        return membrane
    spikes = _fires(variants, membrane)
    if population.fire_once:
        spikes = np.where(states.fired, 0.0, spikes)
        states.fired |= spikes > 0
    states.membrane = _reset(variants, membrane, spikes)
    return spikes


def _kept(state: Array, keep: Array, variants: Variants) -> Array:
    """A state after its decay, cut off toward zero where the machine does."""
    product = state * keep
    return np.trunc(product, out=product, where=np.broadcast_to(variants.truncates, product.shape))


def limited(values: Array, bits: int, rule: Overflow, where: Mask) -> Array:
    """Values under a width, as ``reference.integer`` applies it, ``where`` it holds."""
    top = 2.0 ** (bits - 1) - 1
    if not values.size or (values.max() <= top and values.min() >= -top):
        return values
    return np.where(where, overflow_of(rule)(values, bits), values)


def overflow_of(rule: Overflow) -> Callable[[Array, int], Array]:
    """The rule on real numbers."""
    if rule == "wrap":
        return lambda values, bits: np.mod(values + 2.0 ** (bits - 1), 2.0**bits) - 2.0 ** (bits - 1)
    return lambda values, bits: overflow(values, bits, rule)  # type: ignore[arg-type,return-value]


def _fires(variants: Variants, membrane: Array) -> Array:
    population, threshold = variants.counterpart.population, variants.threshold
    strict = population.compare == ">"
    fires = (membrane > threshold) if strict else (membrane >= threshold)
    if population.max_spikes_per_step == 1:
        return fires.astype(np.float64)
    ratio = membrane / np.maximum(threshold, 1e-300)
    many = np.ceil(ratio) - 1 if strict else np.floor(ratio)
    return np.where(fires, np.clip(many, 1, population.max_spikes_per_step), 0.0)


def _reset(variants: Variants, membrane: Array, spikes: Array) -> Array:
    reset = variants.counterpart.population.reset
    if reset == "subtract":
        return membrane - spikes * variants.threshold
    if reset == "none":
        return membrane
    return np.where(spikes > 0, variants.reset_value if reset == "value" else 0.0, membrane)
