"""Hypotheses about the constants and rules of a population."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis
from neurodeploy.causes.values import Term
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population

IntArray = NDArray[np.int64]
Hypotheses = Iterator[Hypothesis]
RULE = 2.0
"""Bits of a rule that is otherwise: there are a few of each."""
NEAR = 16
"""Distance up to which every value of a constant is tried; beyond it powers of two and shares."""


def neuron_hypotheses(population: Population, n: Numerics) -> Hypotheses:
    """Everything that is tried of the population's own attributes and widths."""
    yield from _bias(population, n)
    if population.kind == "relay":
        yield from _relay(population)
        return
    yield from _decays(population, n)
    yield from _start(population, n)
    yield from _clamps(population, n)
    yield from _widths(n)
    for words, keeps in (("states go", "uv"), ("the membrane goes", "v"), ("the current goes", "u")):
        yield Hypothesis("kept state", f"{words} on from sample to sample", RULE, keeps_state=keeps)
    if population.kind == "cuba-lif":
        yield from _threshold(population)
        yield from _reset(population)
        yield from _spikes(population)


def _otherwise(population: Population, term: Term, key: str, values: Iterable[Any], unit: int = 1) -> Hypotheses:
    """Other values of a constant, the same for all neurons or moved by the same amount."""
    sound, words = getattr(population, key), key.replace("_", " ")
    one = np.ndim(sound) == 0
    told = _told(sound)
    for value in values:
        if one and np.ndim(value) == 0:
            if value != sound:
                bits = 1 + log2(1 + abs(int(value) - int(sound)) // unit)
                yield Hypothesis(term, f"{words} {told} → {value}", bits, {key: value})
        elif not np.array_equal(value, sound):
            far = int(np.max(np.abs(np.asarray(value) - np.asarray(sound)))) // unit
            changed = "in another order" if _told(value) == told else f"→ {_told(value)}"
            yield Hypothesis(term, f"{words} {told} {changed}", 1 + log2(1 + far), {key: value})


def _moved(sound: IntArray) -> list[IntArray]:
    """Constants that stand one neuron further: along every axis, and in the order of addresses."""
    if sound.ndim == 0:
        return []
    along = [np.roll(sound, by, axis) for axis in range(sound.ndim) for by in (1, -1)]
    return along + [np.roll(sound, by) for by in (1, -1) if sound.ndim > 1]


def _told(value: Any) -> str:
    array = np.asarray(value)
    if array.size and array.min() == array.max():
        return str(int(array.min()))
    return f"{array.min()} to {array.max()}"


def _steps(unit: int, most: int) -> list[int]:
    """Distances: all near ones, then powers of two, in both directions."""
    far = [1 << k for k in range(4, 62) if 1 << k <= most]
    distances = sorted({*range(1, NEAR + 1), *far, *(3 * d // 2 for d in far)})
    return [sign * d * unit for d in distances for sign in (1, -1)]


def _bias(population: Population, n: Numerics) -> Hypotheses:
    sound = np.asarray(population.bias)
    unit = 1 if population.kind == "relay" else 1 << n.state_shift
    largest = max(int(np.abs(sound).max(initial=0)), int(np.abs(population.threshold).max(initial=1)) * unit, unit)
    turned = _moved(sound)
    yield from _otherwise(
        population,
        "bias",
        "bias",
        (0 * sound, -sound, *turned, *(sound << k for k in (1, 2)), *(sound >> k for k in (1, 2))),
        1 << 40,
    )
    yield from _otherwise(population, "bias", "bias", (sound + d for d in _steps(unit, 4 * largest)), unit)
    if unit > 1:
        yield from _otherwise(population, "bias", "bias", (sound + d for d in _steps(1, unit - 1)), 1)


def _relay(population: Population) -> Hypotheses:
    yield from _otherwise(population, "relay", "shift", (population.shift + d for d in (1, -1, 2, -2)))
    output = population.output
    for width in (output.width - 1, output.width - 2, output.width + 1, 8, 16):
        if 0 < width != output.width:
            changed = type(output)(output.kind, width, output.signed, output.scale)
            yield Hypothesis("relay", f"{width} bits of output instead of {output.width}", RULE, {"output": changed})
    other = type(output)(output.kind, output.width, not output.signed, output.scale)
    yield Hypothesis("relay", "output signed" if other.signed else "output unsigned", RULE, {"output": other})


def _decays(population: Population, n: Numerics) -> Hypotheses:
    fields: dict[str, Term] = {"current_decay": "current decay", "membrane_decay": "membrane decay"}
    one = n.decay_one if n.decay_rule == "product" else 15
    for key, term in fields.items():
        sound = np.asarray(getattr(population, key))
        if sound.ndim == 0:
            yield from _otherwise(population, term, key, range(one + 1))
        else:
            yield from _otherwise(population, term, key, (np.clip(sound + d, 0, one) for d in _steps(1, one)))
    current, membrane = population.current_decay, population.membrane_decay
    if not np.array_equal(current, membrane):
        swapped = {"current_decay": membrane, "membrane_decay": current}
        yield Hypothesis("membrane decay", "decays of current and membrane swapped", RULE, swapped)
    other = not population.every_step
    words = "every step begins afresh" if other else "states are kept from step to step"
    yield Hypothesis("membrane decay", words, RULE, {"every_step": other})


def _start(population: Population, n: Numerics) -> Hypotheses:
    unit = 1 << n.state_shift
    for key in ("initial_membrane", "initial_current"):
        sound = np.asarray(getattr(population, key))
        largest = max(int(np.abs(sound).max(initial=0)), int(np.abs(population.threshold).max(initial=1)) * unit)
        yield from _otherwise(population, "initial state", key, (0 * sound, -sound), 1 << 40)
        yield from _otherwise(population, "initial state", key, (sound + d for d in _steps(unit, 4 * largest)), unit)


def _clamps(population: Population, n: Numerics) -> Hypotheses:
    for key in ("floor", "ceiling"):
        bound = getattr(population, key)
        if bound is None:
            values = {0} if key == "floor" else set[int]()
            most = int(np.max(population.threshold))
            values |= {-most, -1} if key == "floor" else {most, most + 1, most + 2, 2 * most}
            for value in sorted(values):
                yield Hypothesis("clamp", f"{key} at {value} instead of none", RULE + 1, {key: value})
            continue
        yield Hypothesis("clamp", f"no {key} instead of {bound}", RULE, {key: None})
        yield from _otherwise(population, "clamp", key, {0, -bound, *(bound + d for d in _steps(1, 4 * abs(bound)))})


def _widths(n: Numerics) -> Hypotheses:
    for quantity in ("membrane", "current"):
        bits, rule = getattr(n, f"{quantity}_bits"), getattr(n, f"{quantity}_overflow")
        for other in ("wrap", "saturate", "clip"):
            for width in {bits, *range(8, bits)} if other != rule else range(8, bits):
                words = f"{quantity} of {width} bits: {other}, instead of {bits} bits: {rule}"
                cost = RULE + (0 if width == bits else log2(bits))
                fields = {f"{quantity}_bits": width, f"{quantity}_overflow": other}
                yield Hypothesis("overflow", words, cost, numerics=fields)


def _threshold(population: Population) -> Hypotheses:
    sound = np.asarray(population.threshold)
    most = int(sound.max())
    turned = _moved(sound)
    shares = [sound + sound // k + c for k in (-8, -4, -2, 8, 4, 2, 1) for c in (0, 1)]
    yield from _otherwise(population, "threshold", "threshold", (*turned, *shares), max(1, most // 8))
    yield from _otherwise(population, "threshold", "threshold", (sound + d for d in _steps(1, 2 * most)))
    other = ">" if population.compare == ">=" else ">="
    yield Hypothesis("tie rule", f"compares by {other} instead of {population.compare}", 1, {"compare": other})


def _reset(population: Population) -> Hypotheses:
    for reset in ("zero", "subtract", "none"):
        if population.reset != reset:
            yield Hypothesis("reset", f"reset {reset} instead of {population.reset}", RULE, {"reset": reset})
    most = int(np.max(population.threshold))
    sound = population.reset_value if population.reset == "value" else 0
    values = {sound + d for d in _steps(1, 2 * most)} | {most, -most, -(most // 8), -(most // 4), most // 2, -1}
    for value in sorted(values):
        words = f"resets to {value}"
        cost = RULE + log2(1 + abs(value - sound))
        yield Hypothesis("reset", words, cost, {"reset": "value", "reset_value": value})


def _spikes(population: Population) -> Hypotheses:
    other = not population.fire_once
    words = "fires only once" if other else "fires more than once"
    yield Hypothesis("fire once", words, RULE, {"fire_once": other})
    many = population.max_spikes_per_step
    for value in {1, many - 1, many + 1, population.output.high} - {many, 0}:
        words = f"up to {value} spikes per step instead of {many}"
        yield Hypothesis("spikes per step", words, RULE, {"max_spikes_per_step": value})
