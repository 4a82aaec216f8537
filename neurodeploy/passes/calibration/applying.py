"""Chosen rows in a draft, and what a population sends with them in integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.choices import Rows
from neurodeploy.passes.calibration.rows import unclipped
from neurodeploy.passes.calibration.task import Task
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.rounding import rounded_paths
from neurodeploy.passes.scales import ceiling, choose_scale
from neurodeploy.passes.units import ROUNDING
from neurodeploy.program.population import Input, Output
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace

Array = NDArray[np.float64]
RunProgram = Callable[[Program, Mapping[str, Array]], Trace]
ROUNDING_OF_LOGARITHMS = 1e-9
LEAST_THRESHOLD = 0.25
"""A threshold is never lowered below this share of the float network's."""


def with_rows(draft: Draft, task: Task, rows: Rows) -> Draft:
    """The draft with the chosen rows; None leaves a row as it is, to be rounded plainly."""
    neuron, count = task.neuron, task.rows
    weights = [path.weights.copy() for path in task.paths]
    threshold, bias, unit = task.thresholds.copy(), np.zeros(count), np.ones(count)
    ends = np.cumsum([part.shape[1] for part in weights])[:-1]
    finest = min(row.worth for row in rows if row is not None) if any(rows) else 1.0
    common = 2.0 ** np.floor(np.log2(finest)) * (1 - ROUNDING)
    for number, row in enumerate(rows):
        if row is None:
            unit[number] = _plain_unit(task, number, common)
            continue
        for part, integers in zip(weights, np.split(row.integers, ends), strict=True):
            part[number] = integers * row.worth
        unit[number] = common / row.worth
        bias[number] = row.changes[0]
        if task.by_row:
            threshold[number] = max(threshold[number] + row.changes[1], LEAST_THRESHOLD * threshold[number])
    spread = prod(neuron.shape) // count
    changed = replace(
        neuron,
        threshold=np.repeat(threshold, spread).reshape(neuron.shape),
        bias=neuron.bias + np.repeat(bias, spread).reshape(neuron.shape),
    ).counted_in(np.repeat(unit, spread).reshape(neuron.shape))
    made = {
        id(entering.path): part.reshape(entering.path.weights.shape)
        for entering, part in zip(task.paths, weights, strict=True)
    }
    full = np.repeat(unit, spread).reshape(neuron.shape)
    paths = [
        replace(path, weights=made.get(id(path), path.weights)).scaled(full, neuron.shape)
        if path.target == neuron.name
        else path
        for path in draft.paths
    ]
    after = replace(draft, neurons={**draft.neurons, neuron.name: changed}, paths=tuple(paths))
    return replace(after, ceilings={**after.ceilings, neuron.name: ceiling(after, changed)})


def _plain_unit(task: Task, row: int, common: float) -> float:
    """The power of two that brings the levels of a row that is rounded plainly beside those of the others.

    A power of two, so that its integers are those it had.
    """
    if not task.by_row:
        return 1.0
    largest = max(unclipped(task.weights(row), task.levels), float(task.least[row]))
    return float(2.0 ** np.floor(np.log2(common / largest) + ROUNDING_OF_LOGARITHMS))


def play(draft: Draft, name: str, messages: Mapping[str, Array], run: RunProgram) -> Array:
    """What a population sends, in integers, when it is fed these messages; in the network's own units."""
    neuron, entering = draft.neurons[name], draft.entering(name)
    scale = choose_scale(draft, neuron)
    population = neuron.population(scale, draft.outputs[name], draft.numerics)
    rounded = rounded_paths(draft, entering, scale)
    sources = {path.source for path in entering} - {name}
    if not sources:
        return messages[name]
    inputs = tuple(_stand_in(draft, source) for source in sorted(sources))
    projections = tuple(replace(path.projection, name=str(number)) for number, path in enumerate(rounded))
    program = Program(draft.numerics, inputs, (population,), projections, (name,))
    entry = run(program, {source: messages[source] for source in sources})[name]
    return entry.values


def _stand_in(draft: Draft, source: str) -> Input:
    """An input that sends the messages of ``source``."""
    output: Output = draft.outputs[source]
    shape = draft.network.shapes[source]
    return Input(source, shape, output.scale, output.width, output.signed)
