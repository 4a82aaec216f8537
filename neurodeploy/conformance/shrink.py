"""A failing case made smaller as long as it fails in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.device import Device
from neurodeploy.conformance.suite import Failure, Results, run_group
from neurodeploy.errors import NeurodeployError
from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus

ATTEMPTS = 120
"""Runs of a target at most."""
PLAIN = Population("", ())
SIMPLE = ("every_step", "fire_once", "floor", "ceiling", "initial_membrane", "initial_current", "bias")


@dataclass(eq=False)
class Shrinker:
    """Tries smaller cases, and keeps each that still fails as the first one did: a difference, or an error."""

    device: Device
    failure: Failure
    attempts: int = field(default=0, init=False)

    def smallest(self) -> Failure:
        """The smallest failing case that the attempts lead to."""
        smaller = True
        while smaller and self.attempts < ATTEMPTS:
            passes = [self._pass(candidates) for candidates in (_shorter, _fewer, _cut, _simpler, _quieter)]
            smaller = any(passes)
        return self.failure

    def _pass(self, candidates: Any) -> bool:
        """Go through one kind of smaller cases, anew after each that fails too; whether any did."""
        smaller = False
        while self.attempts < ATTEMPTS and any(map(self._fails, candidates(self.failure))):
            smaller = True
        return smaller

    def _fails(self, case: Case) -> bool:
        results = Results()
        try:
            case.program.ensure_sound()
            if self.attempts >= ATTEMPTS or self.device.refusal(case.program) is not None:
                return False
            self.attempts += 1
            run_group(self.device, [case], [self.failure.mode], results)
        except NeurodeployError:
            return False
        failure = results.failures.get(case.name)
        if failure is None or (failure.first is None) != (self.failure.first is None):
            return False
        self.failure = failure
        return True


def shrink(device: Device, failure: Failure) -> Failure:
    """The smallest failing case; the same for the same failure."""
    return Shrinker(device, failure).smallest()


def _shorter(failure: Failure) -> Iterator[Case]:
    """Fewer samples, and fewer steps: none after the difference, then fewer before it."""
    case, first = failure.case, failure.first
    samples = case.stimulus.batch
    for k in [first.sample] if first and samples > 1 else range(samples if samples > 1 else 0):
        yield replace(case, stimulus=case.stimulus.part(slice(k, k + 1)))
    if first and first.step + 1 < case.steps:
        yield _steps(case, slice(0, first.step + 1))
    for leading in (case.steps // 2, case.steps // 4, 1):
        if 0 < leading < case.steps:
            yield _steps(case, slice(leading, None))
            yield _steps(case, slice(0, case.steps - leading))


def _steps(case: Case, steps: slice) -> Case:
    stimulus = case.stimulus.part(slice(None), steps)
    return replace(case, stimulus=stimulus, steps=stimulus.steps)


def _fewer(failure: Failure) -> Iterator[Case]:
    """Only what leads to the difference; the node alone on what reached it; then without one part at a time."""
    case, first = failure.case, failure.first
    program = case.program
    if first is not None:
        yield from _narrowed(case, _before(program, first.node))
        yield from _alone(case, first.node)
    for name in reversed(program.order):
        yield from _narrowed(case, {p.name for p in program.populations} - {name})
    for gone in program.projections:
        yield _made(case, replace(program, projections=tuple(p for p in program.projections if p is not gone)))


def _before(program: Program, node: str) -> set[str]:
    """The populations on some path to ``node``, and itself."""
    reached, frontier = {node}, {node}
    while frontier:
        frontier = {p.source for p in program.projections if p.target in frontier} & program.by_name.keys() - reached
        reached |= frontier
    return reached


def _narrowed(case: Case, kept: set[str]) -> Iterator[Case]:
    program = case.program
    populations = tuple(p for p in program.populations if p.name in kept)
    if not populations or len(populations) == len(program.populations):
        return
    known = kept | program.input_by_name.keys()
    joins = tuple(p for p in program.projections if p.source in known and p.target in kept)
    yield _made(case, replace(program, populations=populations, projections=joins, outputs=(), provenance={}))


def _made(case: Case, program: Program) -> Case:
    """The case of another program: inputs that feed nothing are left out where some others do."""
    fed = {p.source for p in program.projections}
    inputs = tuple(node for node in program.inputs if node.name in fed) or program.inputs[:1]
    feeding = {p.source for p in program.projections if p.source != p.target}
    outputs = tuple(p.name for p in program.populations if p.name not in feeding)
    values = {node.name: case.stimulus[node.name] for node in inputs}
    return replace(case, program=replace(program, inputs=inputs, outputs=outputs), stimulus=Stimulus(values))


def _alone(case: Case, node: str) -> Iterator[Case]:
    """The node with inputs in the place of populations that feed it, which send what those sent."""
    program = case.program
    feeding = {p.source for p in program.into(node)} & program.by_name.keys() - {node}
    if not feeding:
        return
    sent = run_program(program, case.stimulus)
    values = dict(case.stimulus)
    inputs = list(program.inputs)
    for name in sorted(feeding):
        p, output = program.by_name[name], sent[name].output
        width = 1 if p.output.kind == "binary" else max(p.output.width, 2)
        inputs.append(Input(name, p.shape, 0, width, signed=p.output.signed))
        values[name] = output.astype(np.float64)
    alone = replace(
        program,
        inputs=tuple(inputs),
        populations=(program.by_name[node],),
        projections=program.into(node),
        outputs=(),
        provenance={},
    )
    yield _made(replace(case, stimulus=Stimulus(values)), alone)


def _cut(failure: Failure) -> Iterator[Case]:
    """The neuron that differs alone, and half the lines of each input, where only matrices join them."""
    case, first = failure.case, failure.first
    program = case.program
    if any(p.kind not in ("dense", "sparse") for p in program.projections):
        return
    if first is not None and not any(p.source == first.node for p in program.projections):
        size = program.by_name[first.node].size
        if size > 1:
            row = int(np.ravel_multi_index(first.neuron, program.by_name[first.node].shape))
            yield _sliced(case, first.node, np.array([row]))
    for node in program.inputs:
        for part in np.array_split(np.arange(node.size), 2) if node.size > 1 else ():
            yield _sliced(case, node.name, part)


def _sliced(case: Case, name: str, kept: np.ndarray[Any, np.dtype[np.int64]]) -> Case:
    """The case with these neurons or lines of one node only."""
    program = case.program
    shape = (len(kept),)

    def cut_population(p: Population) -> Population:
        arrays = {f.name: np.asarray(getattr(p, f.name)).reshape(-1)[kept] for f in fields(p)
                  if np.ndim(getattr(p, f.name)) and f.name != "shape"}  # fmt: skip
        return replace(p, shape=shape, **arrays)

    joins = [replace(p, weights=p.weights[kept]) if p.target == name else p for p in program.projections]
    joins = [replace(p, weights=p.weights[:, kept]) if p.source == name else p for p in joins]
    values = {key: array.reshape(*array.shape[:2], -1)[..., kept] if key == name else array
              for key, array in case.stimulus.items()}  # fmt: skip
    cut = replace(
        program,
        inputs=tuple(replace(node, shape=shape) if node.name == name else node for node in program.inputs),
        populations=tuple(cut_population(p) if p.name == name else p for p in program.populations),
        projections=tuple(joins),
    )
    return replace(case, program=cut, stimulus=Stimulus(values))


def _simpler(failure: Failure) -> Iterator[Case]:
    """One attribute of one population as it is by default, or one value for all its neurons."""
    program = failure.case.program
    for p in program.populations:
        changes: list[dict[str, Any]] = [
            {key: getattr(PLAIN, key)} for key in SIMPLE if not np.array_equal(getattr(p, key), getattr(PLAIN, key))
        ]
        changes += [{key: int(np.ravel(value)[0])} for key, value in vars(p).items() if _an_array(key, value)]
        if p.max_spikes_per_step > 1:
            changes.append({"max_spikes_per_step": 1, "output": Output()})
        for change in changes:
            others = tuple(replace(q, **change) if q is p else q for q in program.populations)
            yield replace(failure.case, program=replace(program, populations=others))
    for join in program.projections:
        if join.delay and join.source != join.target:
            others = tuple(replace(q, delay=0) if q is join else q for q in program.projections)
            yield replace(failure.case, program=replace(program, projections=others))


def _an_array(key: str, value: object) -> bool:
    return isinstance(value, np.ndarray) and key not in ("unit", "shape")


def _quieter(failure: Failure) -> Iterator[Case]:
    """Without half, a quarter, an eighth of the steps' events."""
    case = failure.case
    for parts in (2, 4, 8):
        for steps in np.array_split(np.arange(case.steps), parts):
            values = {key: np.array(array) for key, array in case.stimulus.items()}
            if not any(array[:, steps].any() for array in values.values()):
                continue
            for array in values.values():
                array[:, steps] = 0
            yield replace(case, stimulus=Stimulus(values))
