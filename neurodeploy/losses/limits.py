"""How far rounding may move each constant of a population, and which constants are further away.

Rules, where ``x`` is the network's value in the program's units:

1. A weight lies within half a step of ``x``. The step is the largest power of two of which all weights of a projection
   are multiples; of two that hold wider weights, the finer. The most negative weight may be cut by a whole step. Paths
   that add up are rounded apart, and so do their errors.
2. A decay lies within half of ``2**-decay_bits``; threshold, reset value, clamp and initial state within half a unit;
   a bias within half of the power of two beside its mantissa.
3. How a neuron compares and resets, and which synapses there are, is not rounded: it is the same.
4. Where a population was calibrated, weights, bias and threshold were chosen for the membranes they make, and nothing
   bounds them; the rest is judged as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.losses.counterpart import Counterpart, Wiring, added, place_of
from neurodeploy.losses.terms import Culprit
from neurodeploy.numerics import Numerics
from neurodeploy.passes.names import LOWER
from neurodeploy.program.projection import Projection
from neurodeploy.table import number

Array = NDArray[np.float64]
SLACK = 1e-6
"""Share of a unit by which float arithmetic may miss the middle between two points of a grid."""


@dataclass(frozen=True)
class Beyond:
    """Something of a population that no rounding makes.

    - ``culprit``: the term; ``place``: where in it; ``count`` places of it are so.
    - ``actual`` where rounding gives ``least`` to ``most``, in the program's units; texts where it is no number.
    """

    node: str
    culprit: Culprit
    place: str
    actual: str
    expected: str
    hint: str = ""
    count: int = 1

    def __str__(self) -> str:
        more = f" ({self.count} in all)" if self.count > 1 else ""
        place = f" of {self.place}" if self.place else ""
        hint = f": {self.hint}" if self.hint else ""
        return f"{self.culprit}{place}: {self.actual}, rounding gives {self.expected}{hint}{more}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class Limits:
    """The largest error that rounding leaves in each constant of a population.

    ``weights`` by wiring, in the layout of its weights. Decays as factors per step, the rest in accumulator units,
    ``bias`` in state units. ``inf`` where nothing bounds it.
    """

    weights: tuple[Array, ...]
    decay: float
    threshold: float
    bias: Array
    constants: float = 0.5


def limits_of(counterpart: Counterpart, numerics: Numerics, chosen: bool) -> Limits:
    """The limits of one population; ``chosen``: whether it was calibrated."""
    weights = tuple(_of_weights(wiring, chosen) for wiring in counterpart.wirings)
    if counterpart.population.kind == "relay":
        bias = np.full(counterpart.population.shape, 0.5)
    else:
        bias = _of_bias(counterpart.neuron.bias * 2.0**numerics.state_shift, numerics)
    free = np.inf if chosen else 0.0
    return Limits(weights, 0.5 / numerics.decay_one, 0.5 + free, bias + free)


def _of_weights(wiring: Wiring, chosen: bool) -> Array:
    if wiring.integers is None or wiring.real is None:
        return np.zeros(wiring.form.weights.shape)
    if chosen:
        return np.full(wiring.integers.shape, np.inf)
    limits = _around(wiring, all_of_them=True)
    if np.mean(np.abs(wiring.integers - wiring.real) > limits) > 0.5:
        return _around(wiring, all_of_them=False)
    return limits


def _around(wiring: Wiring, all_of_them: bool) -> Array:
    """What the paths of a wiring leave together. One whose weights are all 0 has a step no larger than the others'."""
    assert wiring.integers is not None and wiring.real is not None
    limits, paths = np.zeros(wiring.integers.shape), _paths(wiring)
    steps = [_step(path, all_of_them) for path in paths]
    largest = max((step for step in steps if step < np.inf), default=np.inf)
    for path, step in zip(paths, steps, strict=True):
        step, integers = min(step, largest), added(path)
        limits += step if len(path) > 1 else step / 2  # the ends of a path in two parts may be cut
        limits[(integers == integers.min()) & (integers < 0) & (wiring.real < wiring.integers)] += step / 2
    return limits * (1 + SLACK) + SLACK


def _paths(wiring: Wiring) -> list[tuple[Projection, ...]]:
    """The projections of every path: one, or the two parts of wider weights, of which the lower is named for the upper.

    Where they are not as many as the network's paths, a projection is missing or too many: all of them are one.
    """
    lower = {part.name: part for part in wiring.projections if part.name.endswith(LOWER)}
    upper = [part for part in wiring.projections if part.name not in lower]
    paths = [tuple(filter(None, (part, lower.get(part.name + LOWER)))) for part in upper]
    return paths if len(paths) == wiring.paths else [wiring.projections]


def _step(path: Sequence[Projection], all_of_them: bool) -> float:
    """The largest power of two of which the weights of the finer projection are multiples, in accumulator units.

    Without ``all_of_them`` nine in ten of them need to be, so that a few wrong weights do not make a step finer.
    """
    steps: list[float] = []
    for projection in path:
        integers = projection.weights[projection.weights != 0]
        lowest = np.sort(integers & -integers)
        if lowest.size:
            step = lowest[0 if all_of_them else lowest.size // 10]
            steps.append(float(step) * 2.0**projection.shift)
    return min(steps, default=np.inf)


def _of_bias(bias: Array, numerics: Numerics) -> Array:
    """Half of the power of two beside the mantissa of each bias, ``bias`` in state units."""
    largest = (1 << (numerics.bias_mantissa_bits - 1)) - 1
    limits = np.full(bias.shape, 2.0 ** (numerics.bias_exponent_max - 1))
    for exponent in reversed(range(numerics.bias_exponent_max)):
        limits[np.abs(np.rint(bias / 2.0**exponent)) <= largest] = 2.0 ** (exponent - 1)
    return limits


def beyond_limits(counterpart: Counterpart, numerics: Numerics, limits: Limits) -> tuple[Beyond, ...]:
    """Every term of a population that is further from the network's than rounding brings it."""
    parts: list[Beyond | None] = [*_rules(counterpart, numerics)]
    for wiring, limit in zip(counterpart.wirings, limits.weights, strict=True):
        parts += [*_synapses(counterpart, wiring), _weights(counterpart, wiring, limit)]
    parts += [*_constants(counterpart, numerics, limits)]
    return tuple(part for part in parts if part is not None)


def _rules(counterpart: Counterpart, numerics: Numerics) -> Iterator[Beyond]:
    """Rules of the update that differ. What a population without threshold does not use is not asked."""
    population, neuron = counterpart.population, counterpart.neuron
    terms = neuron.terms
    rules: dict[str, tuple[object, object]] = {"kind": (population.kind, neuron.kind)}
    if neuron.kind == "cuba-lif":
        rules |= {
            "comparison": (population.compare, ">" if terms.fires_at == ">" else ">="),
            "reset": (population.reset, neuron.reset),
            "fires once": (population.fire_once, terms.fire_once),
            "most spikes per step": (population.max_spikes_per_step, terms.max_spikes_per_step),
        }
    if neuron.kind != "relay":
        rules["starts anew every step"] = (population.every_step, terms.reset_timing == "every-step")
        rules["has a floor"] = (population.floor is not None, neuron.floor(0, numerics) is not None)
        rules["has a ceiling"] = (population.ceiling is not None, False)
    else:
        rules["shift"] = (population.shift, population.scale - population.output.scale)
    for rule, (actual, expected) in rules.items():
        if actual != expected:
            yield Beyond(counterpart.name, "rule", rule, str(actual), str(expected))


def _synapses(counterpart: Counterpart, wiring: Wiring) -> Iterator[Beyond]:
    """Synapses that only one side has."""
    if wiring.integers is not None and wiring.real is not None:
        return
    sides = ("none", "some") if wiring.integers is None else ("some", "none")
    form = wiring.form
    text = f"{form.kind} from {form.source}, delay {form.delay}"
    window = "" if form.kind in ("dense", "sparse") else f", stride {form.stride}, padding {form.padding}"
    yield Beyond(counterpart.name, "synapses", text + window, *sides)


def _weights(counterpart: Counterpart, wiring: Wiring, limit: Array) -> Beyond | None:
    if wiring.integers is None or wiring.real is None:
        return None
    away = np.abs(wiring.integers - wiring.real)
    wrong = away > limit
    if not wrong.any():
        return None
    places = np.argwhere(wrong)
    worst = tuple(int(number) for number in places[int(np.argmax((away - limit)[wrong]))])
    names = ", ".join(projection.name for projection in wiring.projections)
    return Beyond(
        counterpart.name,
        "weights",
        f"{names}, {place_of(worst, wiring)}",
        number(float(wiring.integers[worst])),
        _interval(float(wiring.real[worst]), float(limit[worst])),
        _hint(wiring, limit, wrong),
        len(places),
    )


def _hint(wiring: Wiring, limit: Array, wrong: NDArray[np.bool_]) -> str:
    """What would explain all weights that are wrong, where something simple does."""
    assert wiring.integers is not None and wiring.real is not None
    if np.all(np.abs(wiring.integers + wiring.real)[wrong] <= limit[wrong]):
        return "its sign is wrong" if wrong.sum() == 1 else "their signs are wrong"
    for axis, name in ((0, "outputs"), (1, "inputs")):
        lines = np.flatnonzero(wrong.any(axis=tuple(i for i in range(wrong.ndim) if i != axis)))
        if len(lines) == 2:
            order = np.arange(wrong.shape[axis])
            order[lines] = order[lines[::-1]]
            if np.all(np.abs(np.take(wiring.integers, order, axis) - wiring.real) <= limit.max()):
                return f"{name} {lines[0]} and {lines[1]} are swapped"
    turned = wiring.real.swapaxes(-1, -2)
    if turned.shape == wiring.real.shape and np.all(np.abs(wiring.integers - turned) <= limit.max()):
        return "it is transposed"
    return ""


def _constants(counterpart: Counterpart, numerics: Numerics, limits: Limits) -> Iterator[Beyond | None]:
    """Decays, thresholds, biases, resets and clamps."""
    population, neuron = counterpart.population, counterpart.neuron
    if population.kind == "relay":
        yield _constant(counterpart, "bias", "", population.bias, neuron.bias, limits.bias)
        return
    one, state = float(numerics.decay_one), 2.0**numerics.state_shift
    for place, decay, keep in (
        ("current", population.current_decay, neuron.keep_current),
        ("membrane", population.membrane_decay, neuron.keep_membrane),
    ):
        yield _constant(counterpart, "decay", place, decay, (1 - keep) * one, limits.decay * one)
    yield _constant(counterpart, "bias", "", population.bias, neuron.bias * state, limits.bias)
    start = neuron.initial_current * state
    yield _constant(counterpart, "bias", "initial current", population.initial_current, start, limits.constants)
    initial = _first(neuron.terms.initial_state * state)
    yield _constant(counterpart, "reset and clamp", "initial membrane", population.initial_membrane, initial, 0.5)
    if population.floor is not None and neuron.terms.v_min is not None:
        yield _constant(counterpart, "reset and clamp", "floor", population.floor, _first(neuron.terms.v_min), 0.5)
    if population.kind == "cuba-lif":
        yield _constant(counterpart, "threshold", "", population.threshold, neuron.threshold, limits.threshold)
        if population.reset == "value":
            yield _constant(
                counterpart, "reset and clamp", "reset value", population.reset_value, neuron.reset_value, 0.5
            )


def _first(value: float) -> Array:
    return np.asarray(value, np.float64)


def _constant(
    counterpart: Counterpart, culprit: Culprit, place: str, integers: Any, real: Array, limit: float | Array
) -> Beyond | None:
    """A constant of which some value is further away than ``limit``."""
    shape = counterpart.population.shape
    actual, expected, most = (np.broadcast_to(np.asarray(part, np.float64), shape) for part in (integers, real, limit))
    most = most * (1 + SLACK) + SLACK * np.maximum(1.0, np.abs(expected) * SLACK)
    away = np.abs(actual - expected)
    count = int(np.count_nonzero(away > most))
    if not count:
        return None
    worst = np.unravel_index(int(np.argmax(away - most)), shape)
    neuron = f"neuron {tuple(int(number) for number in worst)}" if np.ptp(actual) or np.ptp(expected) else ""
    text = ", ".join(part for part in (place, neuron) if part)
    return Beyond(
        counterpart.name,
        culprit,
        text,
        number(float(actual[worst])),
        _interval(float(expected[worst]), float(most[worst])),
        count=count if neuron else 1,
    )


def _interval(value: float, limit: float) -> str:
    """The whole numbers that rounding may make of ``value``."""
    least, most = int(np.ceil(value - limit)), int(np.floor(value + limit))
    return f"{least}" if least >= most else f"{least} to {most}"
