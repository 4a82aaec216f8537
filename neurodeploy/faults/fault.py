"""A planted fault as a value, and the run of a program that has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy import causes
from neurodeploy.evidence import INDEPENDENT
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import check_inputs
from neurodeploy.reference.integer import State, initial_state
from neurodeploy.reference.program_runner import ProgramRun, Update
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Entry, Trace, joined

IntArray = NDArray[np.int64]
Term = causes.Term | Literal["none of these"]
"""What a fault is a fault of; ``none of these``: something that no single term describes."""
ByStep = Callable[[], Update]
"""Makes the faulty update of a population afresh for every run, for it may remember steps."""


@dataclass(frozen=True, eq=False)
class Fault:
    """One defect in one node, planted.

    - ``kind``: what it is, in words that identify it; ``term``: what it is a fault of; ``place``: where in the node.
    - ``program``: what runs instead; ``update``: what takes the place of the node's update, if something does.
    - ``keeps_state``: states go on from sample to sample. ``order``: samples come back in this order.
    """

    kind: str
    term: Term
    node: str
    program: Program
    place: str = ""
    update: ByStep | None = None
    keeps_state: bool = False
    order: tuple[int, ...] | None = None

    @property
    def in_program(self) -> bool:
        """Whether a faulty program says all of it, so that any target can run it."""
        return self.update is None and not self.keeps_state and self.order is None

    def __str__(self) -> str:
        return f"{self.kind} in {self.node}{f' ({self.place})' if self.place else ''}"

    def run(self, stimulus: Stimulus, states: bool = False, drive: Trace | None = None) -> Trace:
        """What a machine with this fault does; arguments as of ``run_program``."""
        arrays = check_inputs(self.program, stimulus)
        batch = next(iter(arrays.values())).shape[0]
        if not self.keeps_state:
            trace = ProgramRun(self.program, batch, states, updates=self._updates()).feed(arrays, drive)
            return trace if self.order is None else _reordered(trace, self.order)
        start = {p.name: initial_state(p, 1) for p in self.program.populations}
        traces: list[Trace] = []
        for sample in range(batch):
            part = slice(sample, sample + 1)
            run = ProgramRun(self.program, 1, states, start=start)
            fed = None if drive is None else drive.part(part, slice(None))
            traces.append(run.feed({name: array[part] for name, array in arrays.items()}, fed))
            fresh = {p.name: initial_state(p, 1) for p in self.program.populations if p.name != self.node}
            start = {**start, **fresh}
        return joined(traces, 0)

    def _updates(self) -> dict[str, Update]:
        return {} if self.update is None else {self.node: self.update()}


def _reordered(trace: Trace, order: tuple[int, ...]) -> Trace:
    def turned(array: IntArray | None) -> IntArray | None:
        return None if array is None else array[list(order)]

    entries: dict[str, Entry] = {}
    for name, entry in trace.entries.items():
        output = entry.output[list(order)]
        entries[name] = replace(
            entry, output=output, v=turned(entry.v), u=turned(entry.u), v_before=turned(entry.v_before)
        )
    return replace(trace, entries=entries)


def planted_in(target: Target, fault: Fault, states: bool = True) -> Target:
    """``target``, but with the fault and run by the reference's own arithmetic, as if it had a machine of its own.

    ``states``: whether it can record states.
    """

    def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
        trace = fault.run(stimulus, states and records, drive)
        kept = {name: trace[name] for name in artifact.program.by_name}
        return replace(trace, entries=kept, evidence=INDEPENDENT)

    records = states
    return replace(target, run=run, opens=None, evidence=INDEPENDENT)


def copied(state: State) -> State:
    """A state that can be changed alone."""
    return State(state.u.copy(), state.v.copy(), state.fired.copy())
