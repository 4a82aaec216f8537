"""Calibrated rounding of a whole network: population by population, each on what those before it really send.

Rules:

1. Populations are taken in the order in which spikes pass them. What reaches one is what the integers before it send;
   around a loop, what the float network sends.
2. Its resets are those of the float network's spikes, so that the membrane is linear in what is chosen.
3. Where the machine has a threshold per neuron every row has its own unit, bias and threshold; else its own bias.
4. Then the population runs in integers, rounded plainly and as calibrated. Rows that differ from the float network in
   fewer cells when rounded plainly are rounded plainly.
5. Where the machine would cut membranes that the float network has, a scale with room for them is tried too.
6. Populations whose rows cannot be told apart, whose states start elsewhere than at zero or are clamped elsewhere, and
   those that are exact already are rounded plainly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.accuracy import Calibrated
from neurodeploy.passes.calibration.fan_in import has_windows
from neurodeploy.passes.calibration.room import check_room, cut_cells, with_room
from neurodeploy.passes.calibration.rounding import Levels
from neurodeploy.passes.calibration.rows import Row, candidates, unclipped, worths
from neurodeploy.passes.calibration.task import Task, task_of
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.rounding import rounded_paths
from neurodeploy.passes.scales import ceiling, choose_scale
from neurodeploy.passes.units import ROUNDING, on_powers
from neurodeploy.program.population import Input, Output
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace

Array = NDArray[np.float64]
RunProgram = Callable[[Program, Mapping[str, Array]], Trace]
LARGEST_FAN_IN = 2048
"""Synapses of one neuron of a dense layer up to which their moments, a square matrix, are taken."""
SMALLEST_WORTH = 2.0**-500
"""Least worth of a level, for a row whose weights are all 0."""
LEAST_THRESHOLD = 0.25
"""A threshold is never lowered below this share of the float network's."""


def calibrated(draft: Draft, network: Trace, run: RunProgram, seed: int) -> tuple[Draft, tuple[Calibrated, ...]]:
    """The draft with the weights, biases, thresholds and units that calibration chose.

    Args:
        draft: with everything but scales.
        network: the float network's own trace of the calibration stimulus, with states.
        run: runs a Program on messages.
        seed: of the choice of steps that are looked at.
    """
    rng = np.random.default_rng(seed)
    sent = {name: _quantized(draft, name, network) for name in draft.inputs}
    reports: list[Calibrated] = []
    for name, neuron in draft.neurons.items():
        messages = {path.source: sent.get(path.source, network[path.source].values) for path in draft.entering(name)}
        messages.setdefault(name, network[name].values)
        draft, report = _with_best_room(draft, neuron, messages, network, run, rng)
        reports += [] if report is None else [report]
        sent[name] = _play(draft, name, messages, run)
    return draft, tuple(reports)


def _quantized(draft: Draft, name: str, network: Trace) -> Array:
    """What an input sends once its quantizer has seen it, in the network's own units."""
    quantizer = draft.inputs[name]
    return quantizer.quantize(network[name].values).astype(np.float64) / 2.0**quantizer.scale


def _reason(draft: Draft, neuron: Neuron) -> str | None:
    """Why a population is rounded plainly, or None."""
    entering = [path for path in draft.entering(neuron.name) if np.any(path.weights)]
    if neuron.kind != "cuba-lif" or not entering:
        return "it does not spike, or nothing reaches it"
    if neuron.own_scale(draft.numerics) is not None or neuron.terms.fire_once:
        return "its contract fixes its scale, or how often it fires"
    if any(np.any(value) for value in (neuron.reset_value, neuron.terms.initial_state, neuron.terms.v_min or 0.0)):
        return "its states start or end elsewhere than at zero"
    if all(on_powers(path, draft.machine) for path in entering):
        return "it is exact"
    try:
        windows = has_windows(entering)
    except ValueError as error:
        return str(error)
    fan_in = sum(path.weights.size // len(path.weights) for path in entering)
    return None if fan_in <= LARGEST_FAN_IN or windows else "too many synapses end at one neuron"


def _with_best_room(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    run: RunProgram,
    rng: np.random.Generator,
) -> tuple[Draft, Calibrated | None]:
    """The population calibrated, with room for the membranes that were seen where that keeps as many spikes."""
    name, expected = neuron.name, network[neuron.name].values
    after, report = _calibrated(draft, neuron, messages, network, run, rng)
    cut = cut_cells(after, after.neurons[name], network)
    if not cut or neuron.own_scale(draft.numerics) is not None or not draft.entering(name):
        return after, report
    wrong = int(np.count_nonzero(_play(after, name, messages, run) != expected))
    report = replace(report or Calibrated(name, 1, 0, wrong, wrong), cut=cut)
    try:
        roomy, chosen = _calibrated(with_room(draft, neuron, network), neuron, messages, network, run, rng)
        check_room(roomy, roomy.neurons[name])
        roomy_wrong = int(np.count_nonzero(_play(roomy, name, messages, run) != expected))
    except CannotRepresentError:
        return after, report
    if roomy_wrong > wrong:
        return after, report
    chosen = chosen or replace(report, differing=roomy_wrong)
    cut = cut_cells(roomy, roomy.neurons[name], network)
    return roomy, replace(chosen, differing_plain=report.differing_plain, cut=cut, room=True)


def _calibrated(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    run: RunProgram,
    rng: np.random.Generator,
) -> tuple[Draft, Calibrated | None]:
    """The population calibrated; as it is, without a report, where it is rounded plainly."""
    if _reason(draft, neuron) is not None:
        return draft, None
    return _population(draft, neuron, messages, network, run, rng)


def _population(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    run: RunProgram,
    rng: np.random.Generator,
) -> tuple[Draft, Calibrated]:
    """The population as calibrated, with rows that are better rounded plainly left so."""
    name = neuron.name
    expected = network[name].values
    task = task_of(draft, neuron, messages, network, rng)
    fits = all(np.array_equal(messages[path.source], network[path.source].values) for path in draft.entering(name))
    rows = _rows(task, refit=not fits)
    plain = _differing(_play(draft, name, messages, run), expected, task.rows)
    after = _with_rows(draft, task, rows)
    wrong = _differing(_play(after, name, messages, run), expected, task.rows)
    better = wrong <= plain
    if not task.by_row and not better.all():
        better = np.full(task.rows, wrong.sum() <= plain.sum())
    if not better.all():
        after = _with_rows(draft, task, [row if keep else None for row, keep in zip(rows, better, strict=True)])
        wrong = _differing(_play(after, name, messages, run), expected, task.rows)
        if wrong.sum() > plain.sum():
            after, wrong, better = draft, plain, np.zeros(task.rows, bool)
    return after, Calibrated(name, task.rows, int(better.sum()), int(plain.sum()), int(wrong.sum()))


def _rows(task: Task, refit: bool) -> list[Row]:
    """The choice of every row. Where one unit serves all of them, all rows try the same worths."""
    bits = task.bits
    if task.by_row:
        return [_chosen(_tried(task, row, refit, None)) for row in range(task.rows)]
    largest = max(unclipped(task.weights(row), task.levels) for row in range(task.rows))
    units = np.maximum(worths(largest, bits), task.least.max())
    tried = [_tried(task, row, refit, units) for row in range(task.rows)]
    best = int(np.argmin(np.sum([row.errors for row in tried], axis=0)))
    return [_chosen(row, best) for row in tried]


@dataclass(frozen=True, eq=False)
class _Tried:
    """A row at several worths of a level: integers of the weights it uses, with the errors foreseen.

    ``changes``: of bias and threshold by the fit. ``absorbed``: those that make up for rounding, ``(K, m)``.
    """

    used: NDArray[np.bool_]
    sizes: Array
    units: Array
    integers: Array
    errors: Array
    changes: Array
    absorbed: Array


def _tried(task: Task, row: int, refit: bool, units: Array | None) -> _Tried:
    """A row at ``units`` (its own candidates without them)."""
    weights = task.weights(row)
    used = weights != 0 if weights.any() else np.arange(len(weights)) == 0
    levels = Levels(*(part[used] for part in (task.levels.low, task.levels.high, task.levels.step, task.levels.size)))
    moments, weights = task.moments(row, used), weights[used]
    changes = np.zeros(len(moments.constants))
    if refit:
        weights, changes = moments.fitted(weights)
    if units is None:
        least = max(float(task.least[row]), SMALLEST_WORTH)
        units = np.maximum(worths(unclipped(weights, levels), task.bits), least)
    integers, errors = candidates(weights, moments, levels, units)
    away = integers * levels.size * units[:, None] - weights
    absorbed = np.array([moments.absorbed(error) for error in away])
    return _Tried(used, levels.size, units, integers, errors, changes, absorbed)


def _chosen(row: _Tried, candidate: int | None = None) -> Row:
    """The row at one of its worths; without ``candidate`` at the one with the smallest error."""
    best = int(np.argmin(row.errors)) if candidate is None else candidate
    placed = np.zeros(len(row.used))
    placed[row.used] = row.integers[best] * row.sizes
    return Row(placed, float(row.units[best]), row.changes + row.absorbed[best])


def _with_rows(draft: Draft, task: Task, rows: Sequence[Row | None]) -> Draft:
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
    """The unit at which the largest weight of a row that is rounded plainly is the last level."""
    largest = unclipped(task.weights(row), task.levels)
    return 1.0 if not task.by_row else common / max(largest, task.least[row])


def _differing(actual: Array, expected: Array, rows: int) -> NDArray[np.int64]:
    """Differing cells of each row."""
    wrong = (actual != expected).sum(axis=(0, 1))
    return wrong.reshape(rows, -1).sum(axis=1)


def _play(draft: Draft, name: str, messages: Mapping[str, Array], run: RunProgram) -> Array:
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
