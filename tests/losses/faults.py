"""Faults of a quantizer, planted in a program after it was rounded, and the term each belongs to."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection


def _projection(program: Program, wanted: Callable[[Projection], bool] = lambda _: True) -> Projection | None:
    return next((projection for projection in program.projections if wanted(projection)), None)


def _with(program: Program, old: Projection, new: Projection) -> Program:
    parts = tuple(new if projection is old else projection for projection in program.projections)
    return replace(program, projections=parts)


def _with_population(program: Program, old: Population, **changes: object) -> Program:
    parts = tuple(replace(p, **changes) if p is old else p for p in program.populations)  # type: ignore[arg-type]
    return replace(program, populations=parts)


def wrong_sign(program: Program) -> tuple[Program, str] | None:
    """The largest weight of the first projection with its sign turned."""
    projection = _projection(program, lambda p: bool(np.any(p.weights)))
    if projection is None:
        return None
    weights = projection.weights.copy()
    place = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
    weights[place] = -weights[place]
    return _with(program, projection, replace(projection, weights=weights)), projection.target


def swapped_outputs(program: Program) -> tuple[Program, str] | None:
    """The two outputs of a layer that differ most exchanged."""
    projection = _projection(program, lambda p: p.kind != "sum-pool" and len(p.weights) > 1)
    if projection is None:
        return None
    rows = projection.weights.reshape(len(projection.weights), -1)
    away = np.abs(rows[:, None] - rows[None]).max(axis=2)
    first, second = (int(i) for i in np.unravel_index(int(away.argmax()), away.shape))
    step = int(np.abs(projection.weights[projection.weights != 0]).min(initial=1 << 20))
    if away.max() <= 2 * step:
        return None
    order = np.arange(len(rows))
    order[[first, second]] = order[[second, first]]
    return _with(program, projection, replace(projection, weights=projection.weights[order])), projection.target


def transposed_kernel(program: Program) -> tuple[Program, str] | None:
    """A square kernel with its axes exchanged."""
    projection = _projection(program, lambda p: p.kind == "conv2d" and p.weights.shape[-1] == p.weights.shape[-2] > 1)
    if projection is None or np.abs(projection.weights - projection.weights.swapaxes(-1, -2)).max() < 8:
        return None
    turned = np.ascontiguousarray(projection.weights.swapaxes(-1, -2))
    return _with(program, projection, replace(projection, weights=turned)), projection.target


def decay_one_off(program: Program) -> tuple[Program, str] | None:
    """A membrane that decays by one last bit too much."""
    for population in program.populations:
        decay = population.membrane_decay
        if population.kind == "cuba-lif" and isinstance(decay, int) and 0 < decay < program.numerics.decay_one:
            return _with_population(program, population, membrane_decay=decay + 1), population.name
    return None


def threshold_two_off(program: Program) -> tuple[Program, str] | None:
    """A threshold two units too high."""
    population = next((p for p in program.populations if p.kind == "cuba-lif"), None)
    if population is None:
        return None
    return _with_population(program, population, threshold=population.threshold + 2), population.name


def bias_of_a_neighbor(program: Program) -> tuple[Program, str] | None:
    """Biases shifted by one neuron."""
    for population in program.populations:
        bias = population.bias
        if isinstance(bias, np.ndarray) and np.ptp(bias) > 1 << 12 and population.kind == "cuba-lif":
            return _with_population(program, population, bias=np.roll(bias, 1, axis=0)), population.name
    return None


def other_reset(program: Program) -> tuple[Program, str] | None:
    """A membrane that is set to zero where the threshold is subtracted, and the other way round."""
    population = next((p for p in program.populations if p.kind == "cuba-lif"), None)
    if population is None or population.reset not in ("zero", "subtract"):
        return None
    reset = "zero" if population.reset == "subtract" else "subtract"
    return _with_population(program, population, reset=reset), population.name


def other_comparison(program: Program) -> tuple[Program, str] | None:
    """A comparison that counts equality the other way."""
    population = next((p for p in program.populations if p.kind == "cuba-lif"), None)
    if population is None:
        return None
    compare = ">" if population.compare == ">=" else ">="
    return _with_population(program, population, compare=compare), population.name


def one_step_late(program: Program) -> tuple[Program, str] | None:
    """A projection whose messages come a step late."""
    projection = _projection(program)
    if projection is None:
        return None
    return _with(program, projection, replace(projection, delay=projection.delay + 1)), projection.target


FAULTS: dict[str, tuple[Callable[[Program], tuple[Program, str] | None], str]] = {
    "a wrong sign": (wrong_sign, "weights"),
    "swapped outputs": (swapped_outputs, "weights"),
    "a transposed kernel": (transposed_kernel, "weights"),
    "a decay one off": (decay_one_off, "decay"),
    "a threshold two off": (threshold_two_off, "threshold"),
    "a neighbor's bias": (bias_of_a_neighbor, "bias"),
    "another reset": (other_reset, "rule"),
    "another comparison": (other_comparison, "rule"),
    "a step late": (one_step_late, "synapses"),
}
"""By name: what plants it, and gives the node that is wrong; and the culprit that the report should name."""
