"""The order in which a case is made smaller: samples, steps, nodes, neurons, leading steps, lines, events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import CannotRepresentError, CapabilityError, InputError, RefusedError
from neurodeploy.program.program import Program
from neurodeploy.reduction.ddmin import fewest
from neurodeploy.reduction.first import First
from neurodeploy.reduction.programs import alone, leading_to, neurons_alone, with_lines
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus

IntArray = NDArray[np.int64]
Differs = Callable[[Program, Stimulus], Sequence[First | None]]
"""Runs a program on the target and on the reference: the first divergence of every sample."""
REFUSALS = (CapabilityError, CannotRepresentError, InputError, RefusedError)
AT_ONCE = 64
"""Choices that run at once, as samples of one run."""


@dataclass(frozen=True, eq=False)
class Case:
    """A program and a stimulus on which it differs, and where it first does. ``steps``: what made it smaller."""

    program: Program
    stimulus: Stimulus
    first: First
    steps: tuple[str, ...] = ()

    @property
    def events(self) -> int:
        """Values of the stimulus that are not 0."""
        return sum(int(np.count_nonzero(array)) for array in self.stimulus.inputs.values())

    @property
    def neurons(self) -> int:
        """Neurons of all populations."""
        return sum(population.size for population in self.program.populations)


def shrunk(case: Case, differs: Differs, programs: bool = True) -> Case:
    """The case made smaller while it goes on to differ in the same node and quantity.

    ``programs``: whether the target can be given another program; otherwise only the stimulus gets smaller.
    """
    search = _Search(differs, case.first)
    case = search.samples(case)
    case = search.cut_after(case)
    if programs:
        for smaller in (search.leading, search.alone, search.one_neuron):
            case = smaller(case)
    case = search.cut_before(case)
    case = search.lines(case)
    return search.cut_before(search.events(case))


class _Search:
    def __init__(self, differs: Differs, first: First) -> None:
        self._differs, self._first = differs, first

    def _tried(self, case: Case, program: Program, stimulus: Stimulus, step: str) -> Case:
        """The smaller case where it still differs, else the one there was."""
        try:
            program.ensure_sound()
            found = self._differs(program, stimulus)
        except REFUSALS:
            return case
        first = next((first for first in found if self._first.like(first)), None)
        return case if first is None else Case(program, stimulus, first, (*case.steps, step))

    def samples(self, case: Case) -> Case:
        """One sample, or, where it differs only after others, as few as do."""
        found = self._differs(case.program, case.stimulus)
        for sample in [number for number, first in enumerate(found) if self._first.like(first)][:1]:
            one = self._tried(case, case.program, _some(case.stimulus, [sample]), f"sample {sample} alone")
            if one is not case:
                return one

        def test(choices: Sequence[Sequence[int]]) -> int | None:
            for number, choice in enumerate(choices):
                if choice and self._holds(case.program, _some(case.stimulus, choice)):
                    return number
            return None

        kept = fewest(range(case.stimulus.batch), test)
        words = f"{len(kept)} samples, one after the other"
        return self._tried(case, case.program, _some(case.stimulus, kept), words)

    def _holds(self, program: Program, stimulus: Stimulus) -> bool:
        return any(self._first.like(first) for first in self._differs(program, stimulus))

    def cut_after(self, case: Case) -> Case:
        """Nothing after the first divergence."""
        last = case.first.step + 1
        if last == case.stimulus.steps:
            return case
        return self._tried(case, case.program, case.stimulus.part(slice(None), slice(0, last)), f"{last} steps")

    def leading(self, case: Case) -> Case:
        """Only the nodes that lead to the one that differs."""
        program = leading_to(case.program, self._first.node)
        inputs = {node.name: case.stimulus[node.name] for node in program.inputs}
        if len(program.populations) == len(case.program.populations) or not inputs:
            return case
        return self._tried(case, program, Stimulus(inputs), "nodes that lead there")

    def alone(self, case: Case) -> Case:
        """The node alone, its sources replayed."""
        if len(case.program.populations) == 1 and not _loops(case.program):
            return case
        sent = run_program(case.program, case.stimulus)
        program, arrays = alone(case.program, self._first.node, sent)
        return self._tried(case, program, Stimulus(arrays), "the node alone") if arrays else case

    def one_neuron(self, case: Case) -> Case:
        """The neuron alone, where the node stands alone."""
        if len(case.program.populations) > 1 or _loops(case.program):
            return case
        program = neurons_alone(case.program, self._first.node, np.array([case.first.neuron]))
        stimulus = Stimulus({name: a.reshape(*a.shape[:2], -1) for name, a in case.stimulus.inputs.items()})
        return self._tried(case, program, stimulus, "the neuron alone")

    def cut_before(self, case: Case) -> Case:
        """As few steps before the first divergence as do."""
        drop = case.stimulus.steps - 1
        while drop:
            later = self._tried(case, case.program, case.stimulus.part(slice(None), slice(drop, None)), "later start")
            case, drop = (later, later.stimulus.steps - 1) if later is not case else (case, drop // 2)
        return case

    def lines(self, case: Case) -> Case:
        """Only the lines of the inputs that are needed, where nothing but dense synapses leaves them."""
        dense = all(p.kind in ("dense", "sparse") for p in case.program.projections)
        plain = all(p.source in case.program.input_by_name for p in case.program.projections)
        if not (dense and plain and all(len(i.shape) == 1 for i in case.program.inputs)):
            return case
        every = [(i.name, line) for i in case.program.inputs for line in range(i.size)]
        silent = self._silenced(case, every)
        kept = {i.name: np.array([line for name, line in silent if name == i.name], int) for i in case.program.inputs}
        if not silent:
            kept[case.program.inputs[0].name] = np.array([0])
        program = with_lines(case.program, kept)
        inputs = {node.name: case.stimulus[node.name][:, :, kept[node.name]] for node in program.inputs}
        return self._tried(case, program, Stimulus(inputs), "lines that matter")

    def _silenced(self, case: Case, every: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """The fewest lines that must send something."""

        def only(choice: Sequence[tuple[str, int]]) -> dict[str, NDArray[np.float64]]:
            inputs = {name: np.zeros_like(array) for name, array in case.stimulus.inputs.items()}
            for name, line in choice:
                inputs[name][:, :, line] = case.stimulus[name][:, :, line]
            return inputs

        return fewest(every, lambda choices: self._first_of(case, [only(choice) for choice in choices]))

    def events(self, case: Case) -> Case:
        """Only the events that are needed."""
        every = [
            (name, tuple(map(int, place)))
            for name, array in case.stimulus.inputs.items()
            for place in np.argwhere(array != 0)
        ]

        def only(choice: Sequence[tuple[str, tuple[int, ...]]]) -> dict[str, NDArray[np.float64]]:
            inputs = {name: np.zeros_like(array) for name, array in case.stimulus.inputs.items()}
            for name, place in choice:
                inputs[name][place] = case.stimulus[name][place]
            return inputs

        kept = fewest(every, lambda choices: self._first_of(case, [only(choice) for choice in choices]))
        return self._tried(case, case.program, Stimulus(only(kept)), "events that matter")

    def _first_of(self, case: Case, choices: Sequence[dict[str, NDArray[np.float64]]]) -> int | None:
        """The first choice that differs in the same way; those of a single sample run at once and are confirmed."""
        batch = case.stimulus.batch
        for start in range(0, len(choices), AT_ONCE if batch == 1 else 1):
            part = choices[start : start + (AT_ONCE if batch == 1 else 1)]
            together = Stimulus({name: np.concatenate([choice[name] for choice in part]) for name in part[0]})
            for number, first in enumerate(self._differs(case.program, together)):
                choice = number if batch == 1 else 0
                if self._first.like(first) and self._holds(case.program, Stimulus(part[choice])):
                    return start + choice
        return None


def _some(stimulus: Stimulus, samples: Sequence[int]) -> Stimulus:
    labels = None if stimulus.labels is None else stimulus.labels[list(samples)]
    return replace(Stimulus({name: array[list(samples)] for name, array in stimulus.inputs.items()}), labels=labels)


def _loops(program: Program) -> bool:
    return any(p.source in program.by_name for p in program.projections)
