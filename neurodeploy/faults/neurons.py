"""Faults of neurons that other constants, rules or numbers of the program express."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.faults.fault import Term
from neurodeploy.faults.planting import Faults, Spot


def neuron_faults(spot: Spot) -> Faults:
    """Every fault of a population's constants and rules."""
    population = spot.population
    yield from _bias(spot)
    if population.kind == "relay":
        yield from _relay(spot)
        return
    yield from _decays(spot)
    yield from _start(spot)
    yield from _clamps(spot)
    if population.kind == "cuba-lif":
        yield from _threshold(spot)
        yield from _reset(spot)
        yield from _spikes(spot)


def _bias(spot: Spot) -> Faults:
    population, one = spot.population, spot.neuron()
    unit = 1 if population.kind == "relay" else 1 << spot.program.numerics.state_shift
    bias = spot.full(population.bias)
    yield spot.with_population("bias one unit more", "bias", bias=population.bias + unit)
    single = bias.copy()
    single[one] -= 3 * unit
    yield spot.with_population("bias of one neuron", "bias", str(one), bias=single)
    if bias.any():
        yield spot.with_population("bias lost", "bias", bias=0)
        yield spot.with_population("sign of the bias", "bias", bias=-bias)
        turned = np.roll(bias, 1, 0)
        if not np.array_equal(turned, bias):
            yield spot.with_population("biases moved by one", "bias", bias=turned)


def _relay(spot: Spot) -> Faults:
    population, output = spot.population, spot.population.output
    yield spot.with_population("relay shifts one more", "relay", shift=population.shift + 1)
    yield spot.with_population("relay shifts one less", "relay", shift=population.shift - 1)
    if output.width > 2:
        narrow = replace(output, width=output.width - 1)
        yield spot.with_population("graded value one bit narrower", "relay", output=narrow)


def _decays(spot: Spot) -> Faults:
    population, n = spot.population, spot.program.numerics
    terms: dict[str, Term] = {"current_decay": "current decay", "membrane_decay": "membrane decay"}
    for field, term in terms.items():
        amount = getattr(population, field)
        for kind, by in (("one more", 1), ("one less", -1), ("a tenth more", n.decay_one // 10)):
            changed = np.asarray(amount) + by
            if changed.min() >= 0 and changed.max() <= n.decay_one:
                yield spot.with_population(f"{term} {kind}", term, "", **{field: _plain(changed)})
    if not np.array_equal(population.current_decay, population.membrane_decay):
        yield spot.with_population(
            "decays swapped",
            "membrane decay",
            current_decay=population.membrane_decay,
            membrane_decay=population.current_decay,
        )


def _start(spot: Spot) -> Faults:
    population = spot.population
    unit = 1 << spot.program.numerics.state_shift
    if np.any(population.initial_membrane):
        yield spot.with_population("initial membrane lost", "initial state", initial_membrane=0)
    yield spot.with_population(
        "initial membrane too high", "initial state", initial_membrane=population.initial_membrane + 5 * unit
    )
    if np.any(population.initial_current):
        yield spot.with_population("initial current lost", "initial state", initial_current=0)


def _clamps(spot: Spot) -> Faults:
    population = spot.population
    for field in ("floor", "ceiling"):
        bound = getattr(population, field)
        if bound is not None:
            yield spot.with_population(f"{field} lost", "clamp", "", **{field: None})
            yield spot.with_population(f"{field} one unit lower", "clamp", "", **{field: bound - 1})
    if population.floor is None:
        yield spot.with_population("floor at zero", "clamp", floor=0)
    if not population.every_step:
        yield spot.with_population("state forgotten in every step", "membrane decay", every_step=True)


def _threshold(spot: Spot) -> Faults:
    population, one = spot.population, spot.neuron()
    threshold = spot.full(population.threshold)
    yield spot.with_population("threshold one unit more", "threshold", threshold=population.threshold + 1)
    yield spot.with_population("threshold one unit less", "threshold", threshold=population.threshold - 1)
    yield spot.with_population("threshold an eighth more", "threshold", threshold=threshold + threshold // 8 + 1)
    single = threshold.copy()
    single[one] += max(1, int(threshold[one]) // 6)
    yield spot.with_population("threshold of one neuron", "threshold", str(one), threshold=single)
    turned = np.roll(threshold, 1, 0)
    if not np.array_equal(turned, threshold):
        yield spot.with_population("thresholds moved by one", "threshold", threshold=turned)
    other = ">" if population.compare == ">=" else ">="
    yield spot.with_population(f"compares by {other}", "tie rule", compare=other)


def _reset(spot: Spot) -> Faults:
    population = spot.population
    for reset in ("zero", "subtract", "none"):
        if population.reset != reset:
            yield spot.with_population(f"reset {reset}", "reset", reset=reset)
    if population.reset == "value":
        yield spot.with_population("reset value one more", "reset", reset_value=population.reset_value + 1)
    else:
        low = -max(1, int(np.max(population.threshold)) // 8)
        yield spot.with_population("reset below zero", "reset", reset="value", reset_value=low)


def _spikes(spot: Spot) -> Faults:
    population = spot.population
    if population.fire_once:
        yield spot.with_population("fires more than once", "fire once", fire_once=False)
    else:
        yield spot.with_population("fires only once", "fire once", fire_once=True)
    if population.max_spikes_per_step > 1:
        yield spot.with_population("one spike per step", "spikes per step", max_spikes_per_step=1)
        fewer = population.max_spikes_per_step - 1
        yield spot.with_population("one spike per step fewer", "spikes per step", max_spikes_per_step=fewer)


def _plain(amount: np.ndarray) -> int | np.ndarray:
    return amount if amount.ndim else int(amount)
