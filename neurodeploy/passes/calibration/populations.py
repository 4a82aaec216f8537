"""Calibrated rounding of a whole network: population by population, each on what those before it really send.

Rules:

1. The scale of inputs and sums is fitted to the values they send (``messages``). Then populations are taken in the
   order in which spikes pass them. What reaches one is what the integers before it send; around a loop, what the float
   network sends.
2. Its resets are those of the float network's spikes, so that the membrane is linear in what is chosen.
3. Where the machine has a threshold per neuron every row has its own unit, bias and threshold; else its own bias.
4. Then the population runs in integers, rounded plainly and with each choice (``choices``).
5. Where the machine would cut membranes that the float network has, a scale with room for them is tried too.
6. Populations for which there is a ``reason`` are rounded plainly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.accuracy import Calibrated
from neurodeploy.passes.calibration.applying import RunProgram, play, with_rows
from neurodeploy.passes.calibration.choices import Choice, Counts, Rows, Seen, best, never_worse, shifted
from neurodeploy.passes.calibration.fan_in import in_channels
from neurodeploy.passes.calibration.messages import fitted_messages
from neurodeploy.passes.calibration.reasons import check_reached, reason, unreached
from neurodeploy.passes.calibration.room import check_room, cut_cells, with_room
from neurodeploy.passes.calibration.rows import Row, Tried, tried, unclipped, worths
from neurodeploy.passes.calibration.task import Task, task_of
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.neurons import Neuron
from neurodeploy.trace import Trace

Array = NDArray[np.float64]
SMALLEST_WORTH = 2.0**-500
"""Least worth of a level, for a row whose weights are all 0."""


def calibrated(draft: Draft, network: Trace, run: RunProgram, seed: int) -> tuple[Draft, tuple[Calibrated, ...]]:
    """The draft with the weights, biases, thresholds and units that calibration chose.

    Args:
        draft: with everything but scales.
        network: the float network's own trace of the calibration stimulus, with states.
        run: runs a Program on messages.
        seed: of the choice of samples and steps that are looked at.

    Raises:
        InputError: where no message of the stimulus reaches a population.
    """
    seen = Seen.of(network.batch, np.random.default_rng(seed))
    draft, messages_fitted = fitted_messages(draft, network)
    finer = {report.population: report for report in messages_fitted}
    sent = {name: _quantized(draft, name, network) for name in draft.inputs}
    reports = [report for name, report in finer.items() if name in draft.inputs]
    for name in draft.neurons:
        draft = in_channels(draft, name)
        messages = {path.source: sent.get(path.source, network[path.source].values) for path in draft.entering(name)}
        messages.setdefault(name, network[name].values)
        draft, report = _with_best_room(draft, draft.neurons[name], messages, network, run, seen, seed)
        reports.append(finer.get(name, report))
        sent[name] = play(draft, name, messages, run)
    return draft, tuple(reports)


def _quantized(draft: Draft, name: str, network: Trace) -> Array:
    """What an input sends once its quantizer has seen it, in the network's own units."""
    quantizer = draft.inputs[name]
    return quantizer.quantize(network[name].values).astype(np.float64) / 2.0**quantizer.scale


def _with_best_room(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    run: RunProgram,
    seen: Seen,
    seed: int,
) -> tuple[Draft, Calibrated]:
    """The population calibrated, with room for the membranes that were seen where that keeps as many spikes."""
    name, expected = neuron.name, network[neuron.name].values
    after, report = _calibrated(draft, neuron, messages, network, run, seen, seed)
    cut = cut_cells(after, after.neurons[name], network)
    if not cut or neuron.own_scale(draft.numerics) is not None or not draft.entering(name):
        return after, report
    wrong = int(np.count_nonzero(play(after, name, messages, run) != expected))
    if report.reason is not None:
        report = replace(report, rows=1, cells=expected.size, differing_plain=wrong, differing=wrong)
    report = replace(report, cut=cut)
    try:
        roomy, chosen = _calibrated(with_room(draft, neuron, network), neuron, messages, network, run, seen, seed)
        check_room(roomy, roomy.neurons[name])
        roomy_wrong = int(np.count_nonzero(play(roomy, name, messages, run) != expected))
    except CannotRepresentError:
        return after, report
    if roomy_wrong > wrong:
        return after, report
    chosen = chosen if chosen.reason is None else replace(report, differing=roomy_wrong)
    cut = cut_cells(roomy, roomy.neurons[name], network)
    return roomy, replace(chosen, differing_plain=report.differing_plain, cut=cut, room=True)


def _calibrated(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    run: RunProgram,
    seen: Seen,
    seed: int,
) -> tuple[Draft, Calibrated]:
    """The population calibrated; as it is where there is a reason to round it plainly."""
    why = reason(draft, neuron)
    if why is not None:
        return draft, Calibrated(neuron.name, 0, 0, 0, 0, 0, reason=why)
    check_reached(draft, neuron, {source: network[source].values for source in messages})
    silent = unreached(draft, neuron, messages)
    if silent is not None:
        why = f"{silent} once its own weights are integers"
        return draft, Calibrated(neuron.name, 0, 0, 0, 0, 0, reason=why)
    chosen, plain = _population(draft, neuron, messages, network, run, seen, np.random.default_rng(seed))
    return chosen.draft, _report(neuron.name, chosen, plain, network[neuron.name].values, seen)


def _population(
    draft: Draft,
    neuron: Neuron,
    messages: Mapping[str, Array],
    network: Trace,
    run: RunProgram,
    seen: Seen,
    rng: np.random.Generator,
) -> tuple[Choice, Choice]:
    """What was chosen, and how plain rounding does."""
    name, expected = neuron.name, network[neuron.name].values
    task = task_of(draft, neuron, messages, network, seen.fitted, rng)

    def played(rows: Rows) -> Choice:
        made = draft if all(row is None for row in rows) else with_rows(draft, task, rows)
        wrong = play(made, name, messages, run) != expected
        return Choice(made, tuple(rows), _by_row(wrong, task.rows), _by_row(wrong[seen.aside], task.rows))

    plain = played([None] * task.rows)
    chosen = best([plain, *(played(rows) for rows in _variants(task))], played, task.by_row)
    moved = (played(rows) for rows in shifted(chosen.rows, task.thresholds, task.by_row, task.bits))
    chosen = best([chosen, *moved], played, task.by_row, whole=True)
    chosen = never_worse(plain, chosen, played, task.by_row)
    return chosen, plain


def _report(name: str, chosen: Choice, plain: Choice, expected: Array, seen: Seen) -> Calibrated:
    count = sum(row is not None for row in chosen.rows)
    everywhere = int(plain.everywhere.sum()), int(chosen.everywhere.sum())
    aside = int(chosen.aside.sum()) if seen.apart else None
    return Calibrated(name, len(chosen.rows), count, expected.size, *everywhere, aside, len(seen.aside) / len(expected))


def _variants(task: Task) -> list[Rows]:
    """Choices for all rows, one per way to fit them."""
    shared = None
    if not task.by_row:
        largest = max(unclipped(task.weights(row), task.levels) for row in range(task.rows))
        shared = np.maximum(worths(largest, task.bits, task.worths), task.least.max())
    rows = [_tried(task, row, shared) for row in range(task.rows)]
    variants: list[Rows] = []
    for k in range(max(len(row) for row in rows)):
        fits = [row[min(k, len(row) - 1)] for row in rows]
        candidate = None if shared is None else int(np.argmin(np.sum([fit.errors for fit in fits], axis=0)))
        variants.append([fit.chosen(candidate) for fit in fits])
    if task.by_row:
        variants.append([_nearest(task, row) for row in range(task.rows)])
    return variants


def _tried(task: Task, row: int, shared: Array | None) -> list[Tried]:
    """A row at the ``shared`` worths of a level, or at its own; weights it does not use stay 0."""
    whole = task.weights(row)
    used = whole != 0 if whole.any() else np.arange(len(whole)) == 0
    levels, least = task.levels.of(used), max(float(task.least[row]), SMALLEST_WORTH)

    def units(weights: Array) -> Array:
        if shared is not None:
            return shared
        return np.maximum(worths(unclipped(weights, levels), task.bits, task.worths), least)

    fits = tried(whole[used], task.lines(row, used), float(task.thresholds[row]), levels, units)
    placed = [np.zeros((len(fit.units), len(whole))) for fit in fits]
    for integers, fit in zip(placed, fits, strict=True):
        integers[:, used] = fit.integers * levels.size
    return [replace(fit, integers=integers) for integers, fit in zip(placed, fits, strict=True)]


def _nearest(task: Task, row: int) -> Row:
    """A row whose weights are each rounded to the nearest level, the largest to the last."""
    weights = task.weights(row)
    worth = max(unclipped(weights, task.levels), float(task.least[row]), SMALLEST_WORTH)
    integers = task.levels.all_nearest(weights / (task.levels.size * worth)) * task.levels.size
    return Row(integers, worth, np.zeros(2))


def _by_row(wrong: NDArray[np.bool_], rows: int) -> Counts:
    """Cells of each row."""
    return wrong.sum(axis=(0, 1)).reshape(rows, -1).sum(axis=1)
