"""Of the nodes that differ on a target: which are wrong themselves, by which term, and which only by what they got."""

from __future__ import annotations

from math import prod
from time import process_time

import numpy as np

from neurodeploy.causes import Causes
from neurodeploy.causes.observed import Observed
from neurodeploy.causes.search import SECONDS, find_cause
from neurodeploy.parity.block import Block
from neurodeploy.parity.compare import Mask, compare_entries
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import memory_steps
from neurodeploy.trace import Entry, Trace

MESSAGES = 1 << 23
"""Messages that reach the neurons of one node in all samples and steps that are looked at, at most."""
AFTER = 16
"""Steps after a node's first difference that are looked at in any case."""


def blame(program: Program, expected: Block, actual: Block, arrived: Trace, seconds: float = SECONDS) -> Causes:
    """Every culprit with its cause, and the victims. ``arrived``: the reference on what really arrived.

    The search ends after some ``seconds`` of processor time, shared by the culprits; one that it did not come to says
    so.
    """
    until = process_time() + seconds
    locally = {name: _different(arrived[name], actual.trace[name]) for name in program.order}
    guilty = [name for name, different in locally.items() if different.any()]
    victims = [
        name
        for name in program.order
        if name not in guilty and _different(expected.trace[name], actual.trace[name]).any()
    ]
    culprits = []
    for number, name in enumerate(guilty):
        observed = _observed(program, name, expected, actual, arrived, locally[name])
        share = max(0.0, until - process_time()) / (len(guilty) - number)
        culprits.append(find_cause(program, name, observed, share))
    return Causes(tuple(culprits), tuple(victims))


def _different(ours: Entry, theirs: Entry) -> Mask:
    return np.logical_or.reduce(list(compare_entries(ours, theirs).values()))


def _observed(program: Program, name: str, expected: Block, actual: Block, arrived: Trace, different: Mask) -> Observed:
    """What is known of a node, cut to the samples and steps that are needed where they are many."""
    sources = {projection.source for projection in program.into(name)}
    lines = sum(prod(program.node(source).shape) for source in sources) or 1
    samples, steps = slice(0, different.shape[0]), slice(0, different.shape[1])
    if different.shape[0] * different.shape[1] * lines > MESSAGES:
        first = int(different.any(axis=tuple(range(2, different.ndim))).any(axis=0).argmax())
        sample = int(different[:, first].reshape(len(different), -1).any(axis=1).argmax())
        samples = slice(max(0, sample - 1), sample + 1)
        steps = slice(0, max(first + AFTER, MESSAGES // (2 * lines)))
    traces = (actual.trace, arrived, expected.trace)
    ours, reference, sound = (trace[name].part(samples, steps) for trace in traces)
    nodes = (*program.input_by_name, *program.by_name)
    sent = {node: _flat(actual.trace[node].part(samples, steps)) for node in nodes}
    skip = 0 if actual.place.step == 0 else memory_steps(program) + 1
    return Observed(sent, ours, reference, sound, different[samples, steps], skip)


def _flat(entry: Entry) -> np.ndarray:
    return entry.output.reshape(*entry.output.shape[:2], -1)
