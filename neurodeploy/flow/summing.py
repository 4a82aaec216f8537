"""A run of which only the sum over its steps is kept, so that one of any length fits into memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.run import MISSING
from neurodeploy.errors import InputError, UnavailableError
from neurodeploy.extras import install_command
from neurodeploy.finding import Finding
from neurodeploy.floats import NetworkRun
from neurodeploy.floats.kernels import kernels
from neurodeploy.flow.foreign import open_target
from neurodeploy.flow.subject import Subject, artifact_of, network_of, program_of, target_of
from neurodeploy.heads import ChosenHead
from neurodeploy.network.network import Network
from neurodeploy.reference.program_runner import ProgramRun
from neurodeploy.stimuli import Blocks
from neurodeploy.stimuli.findings import stimulus_findings
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Feed, Options, ensure_available
from neurodeploy.trace import SUMMED, Entry, Trace

OPTION = "--sums"


def summed(
    subject: Subject, rung: str, blocks: Blocks, options: Options, trust_sources: bool, chosen: ChosenHead | None
) -> Trace:
    """What every neuron of a rung sent in all, with what a head made of every step.

    The trace has one step, the sum of all; its ``meta`` says of how many. Raises InputError for a rung that only runs
    whole.
    """
    feed = _opened(subject, rung, blocks.batch, options, trust_sources)
    reading = None if chosen is None else chosen.open(blocks.batch)
    sums, shown, steps = dict[str, Entry](), _Shown(), 0
    trace: Trace | None = None
    for block in blocks.parts:
        part = feed.feed(block)
        sums = {name: _added(sums.get(name), entry) for name, entry in part.entries.items()}
        shown.add(block)
        steps += block.steps
        if reading is not None:
            reading.feed(part)
        trace = trace or replace(part, entries={})
    assert trace is not None, "a stimulus has a step"
    task = None if reading is None else reading.value()
    findings = (*blocks.findings, *shown.findings(network_of(subject)))
    return replace(trace, entries=sums, meta={**trace.meta, SUMMED: steps}, findings=findings, task=task)


def no_steps(states: bool, operations: bool) -> None:
    """Raises InputError where something of every step is asked for beside the sums."""
    for option, asked in (("--states", states), ("--operations", operations)):
        if asked:
            raise InputError("needs every step, and the run keeps their sum alone", option, f"leave out {OPTION}")


def _opened(subject: Subject, rung: str, batch: int, options: Options, trust_sources: bool) -> Feed:
    if rung == "program":
        return ProgramRun(program_of(subject, options), batch)
    if rung == "network":
        library = kernels()
        if library is None:
            raise UnavailableError(MISSING, OPTION, f"install gcc, or the extra: {install_command('cc')}")
        return NetworkRun(network_of(subject), batch, library)
    if rung != "source":
        target = target_of(subject, rung)
        artifact = artifact_of(subject, target, options, trust_sources)
        ensure_available(target)
        feed = open_target(target, artifact, batch)
        if feed is not None:
            return feed
    problem = f"the rung {rung} runs a stimulus whole, so its memory grows with it"
    raise InputError(problem, OPTION, "run --on fixed, program or network; or leave out the option")


def _added(sum_: Entry | None, entry: Entry) -> Entry:
    """An entry summed over its steps, and added to that of the steps before."""
    kind = np.float64 if entry.output.dtype.kind == "f" else np.int64
    total = entry.output.sum(axis=1, dtype=kind, keepdims=True)
    return replace(entry.outputs(), output=total if sum_ is None else sum_.output + total)


class _Shown:
    """The least and the largest value of every input: what is noticed about a stimulus of any length."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}

    def add(self, block: Mapping[str, NDArray[Any]]) -> None:
        for name, array in block.items():
            low, high = self._ends.get(name, (array.min(), array.max()))
            self._ends[name] = np.minimum(low, array.min()), np.maximum(high, array.max())

    def findings(self, network: Network) -> tuple[Finding, ...]:
        shapes = network.shapes
        ends = {name: np.stack([np.full(shapes[name], end) for end in pair]) for name, pair in self._ends.items()}
        return stimulus_findings(Stimulus({name: array[None] for name, array in ends.items()}), network)
