"""Whether a target does the same again, and whether it records states or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurodeploy.flow.foreign import run_target
from neurodeploy.parity.compare import unequal
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Trace


@dataclass(frozen=True)
class Repeated:
    """What a further run of a target showed: whether it sent the same, and what a report says of it."""

    same: bool
    words: str


def repeated(target: Target, artifact: Artifact, stimulus: Stimulus, sent: Trace, states: bool) -> Repeated:
    """Run the first samples and steps again, with states where they were not recorded and without where they were.

    - ``sent``: what the target sent in those samples and steps when it ran with or without ``states``.

    A single sample is shown twice in that run: something that is kept from one sample to the next shows there. Where
    the runs differ, a third one tells whether that depends on the states or happens anyway.
    """
    once = stimulus.batch == 1
    shown = _doubled(stimulus) if once else stimulus.part(slice(0, sent.batch))
    shown = shown if shown.signals else shown.part(slice(None), slice(0, sent.steps))
    expected = _doubled_trace(sent) if once else sent
    part = f"{'its sample twice over' if once else f'{sent.batch} samples'} and {sent.steps} steps"
    changed = _different(expected, run_target(target, artifact, shown, not states))
    if not changed:
        return Repeated(True, f"run again on {part}, {'without' if states else 'with'} states: the same outputs")
    again = _different(expected, run_target(target, artifact, shown, states))
    if not again:
        why, nodes = f"it sends something else where it records {'no ' if states else ''}states", changed
    elif once and all(row for rows in again.values() for row in rows):
        why, nodes = "it keeps something from one sample to the next", again
    else:
        why, nodes = "two runs do not send the same", again
    return Repeated(False, f"{why}: {', '.join(nodes)}, on {part}")


def _different(expected: Trace, actual: Trace) -> dict[str, list[int]]:
    """By node, the samples in which two runs differ."""
    rows: dict[str, list[int]] = {}
    for name, entry in expected.entries.items():
        cells = unequal(entry, actual[name].part(slice(None), slice(0, expected.steps)))
        differing = cells.reshape(len(cells), -1).any(axis=1)
        if differing.any():
            rows[name] = np.flatnonzero(differing).tolist()
    return rows


def _doubled(stimulus: Stimulus) -> Stimulus:
    """Its one sample, twice."""
    inputs = {name: np.repeat(array, 2, axis=0) for name, array in stimulus.inputs.items()}
    signals = {
        name: replace(signal, values=np.repeat(signal.values, 2, axis=0), samples=np.repeat(signal.samples, 2, axis=0))
        for name, signal in stimulus.signals.items()
    }
    labels = None if stimulus.labels is None else np.repeat(stimulus.labels, 2)
    return replace(stimulus, inputs=inputs, signals=signals, labels=labels)


def _doubled_trace(trace: Trace) -> Trace:
    entries = {name: replace(entry, output=np.repeat(entry.output, 2, axis=0)) for name, entry in trace.entries.items()}
    return replace(trace, entries=entries)
