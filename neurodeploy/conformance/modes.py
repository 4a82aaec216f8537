"""The ways in which a program is run on a target, and what the reference says to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.device import Device
from neurodeploy.parity.compare import compare, quantity
from neurodeploy.parity.rung import Quantity
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact
from neurodeploy.trace import Trace, joined

Mode = Literal["states", "outputs", "again", "samples apart", "isolated", "in chunks"]
"""All samples with states or without; twice with one artifact; sample by sample; every synapse fed from a trace that
is not the run's own; fed in chunks of steps."""
MODES: tuple[Mode, ...] = get_args(Mode)
CHUNK = 5


@dataclass(frozen=True)
class Difference:
    """The first cell of a run that is not the reference's, in causal order of its step."""

    node: str
    quantity: str
    sample: int
    step: int
    neuron: tuple[int, ...]
    expected: int
    actual: int | None

    def __str__(self) -> str:
        place = f"{self.node}{list(self.neuron)}, sample {self.sample}, step {self.step}"
        return f"{place}: {self.quantity} is {self.actual}, not {self.expected}"

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {**vars(self), "neuron": list(self.neuron)}


@dataclass(frozen=True)
class Judged:
    """What one run of a program in one mode gave: the first difference of every node that has one, and notes."""

    first: Mapping[str, Difference]
    notes: tuple[str, ...] = ()


def judge(device: Device, artifact: Artifact, case: Case, mode: Mode) -> Judged | None:
    """Run a case in a mode and compare; None where the target offers no such mode. Raises what the target raises."""
    return _RUNS[mode](device, artifact, case)


def _states(device: Device, artifact: Artifact, case: Case) -> Judged:
    trace = device.run(artifact, case.stimulus, True, None)
    first = first_differences(case.program, run_program(case.program, case.stimulus, states=True), trace)
    recorded = any(trace[p.name].v is not None for p in case.program.populations if p.kind != "relay")
    spiking = any(p.kind != "relay" for p in case.program.populations)
    return Judged(first, () if recorded or not spiking else ("it records no states",))


def _outputs(device: Device, artifact: Artifact, case: Case) -> Judged:
    trace = device.run(artifact, case.stimulus, False, None)
    return Judged(first_differences(case.program, run_program(case.program, case.stimulus), trace))


def _again(device: Device, artifact: Artifact, case: Case) -> Judged:
    expected = run_program(case.program, case.stimulus)
    device.run(artifact, case.stimulus.part(slice(None, None, -1)), False, None)
    return Judged(first_differences(case.program, expected, device.run(artifact, case.stimulus, False, None)))


def _apart(device: Device, artifact: Artifact, case: Case) -> Judged:
    samples = [case.stimulus.part(slice(k, k + 1)) for k in range(case.stimulus.batch)]
    trace = joined([device.run(artifact, sample, True, None) for sample in samples], 0)
    return Judged(first_differences(case.program, run_program(case.program, case.stimulus, states=True), trace))


def _isolated(device: Device, artifact: Artifact, case: Case) -> Judged:
    """Every synapse is fed what the nodes sent in the other samples; a target may ignore that and run as usual."""
    usual = run_program(case.program, case.stimulus)
    drive = Trace({name: replace(entry, output=entry.output[::-1]) for name, entry in usual.entries.items()})
    trace = device.run(artifact, case.stimulus, False, drive)
    expected = run_program(case.program, case.stimulus, drive=drive)
    first = first_differences(case.program, expected, trace)
    if first and not first_differences(case.program, usual, trace):
        return Judged({}, ("it does not run nodes isolated",))
    return Judged(first)


def _chunks(device: Device, artifact: Artifact, case: Case) -> Judged | None:
    feed = device.opens(artifact, case.stimulus.batch)
    if feed is None:
        return None
    ends = [1, *range(1 + CHUNK, case.steps, CHUNK), case.steps]
    steps = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False) if end > start]
    trace = joined([feed.feed(_part(case.stimulus, part)) for part in steps], 1)
    return Judged(first_differences(case.program, run_program(case.program, case.stimulus), trace))


def _part(stimulus: Stimulus, steps: slice) -> Stimulus:
    return stimulus.part(slice(None), steps)


_RUNS: dict[Mode, Callable[[Device, Artifact, Case], Judged | None]] = {
    "states": _states,
    "outputs": _outputs,
    "again": _again,
    "samples apart": _apart,
    "isolated": _isolated,
    "in chunks": _chunks,
}
CAUSAL: tuple[Quantity, ...] = ("current", "membrane", "output")


def first_differences(program: Program, expected: Trace, actual: Trace) -> dict[str, Difference]:
    """By population, the first cell that differs: earliest step, then current, membrane, output."""
    first = {p.name: _first(p.name, expected, actual) for p in program.populations}
    return {name: difference for name, difference in first.items() if difference is not None}


def _first(node: str, expected: Trace, actual: Trace) -> Difference | None:
    masks = compare(expected, actual, [node])[node]
    places = [(step, CAUSAL.index(name), cell) for name, mask in masks.items() for step, cell in _cells(mask)]
    if not places:
        return None
    step, rank, (sample, neuron) = min(places)
    name = CAUSAL[rank]
    ours, theirs = quantity(expected[node], name), quantity(actual[node], name)
    assert ours is not None
    cell = (sample, step, *neuron)
    value = None if theirs is None or theirs.shape != ours.shape else int(theirs[cell])
    return Difference(node, name, sample, step, neuron, int(ours[cell]), value)


def _cells(mask: NDArray[np.bool_]) -> list[tuple[int, tuple[int, tuple[int, ...]]]]:
    """The step of the first cell that is set, with its sample and neuron; nothing for an empty mask."""
    by_time = np.moveaxis(mask, 1, 0)
    if not by_time.any():
        return []
    step, sample, *neuron = (int(k) for k in np.unravel_index(int(by_time.argmax()), by_time.shape))
    return [(step, (sample, tuple(neuron)))]
