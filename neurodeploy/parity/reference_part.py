"""The compiled program against the reference, in some blocks: each step judged from the state it started from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurodeploy.evidence import INDEPENDENT
from neurodeploy.parity.block import Block, Past, Place
from neurodeploy.parity.divergence import first_of
from neurodeploy.parity.exact_judge import ExactJudge
from neurodeploy.parity.exact_rung import Explanation, judged_rung
from neurodeploy.parity.plan import Plan
from neurodeploy.parity.rung import Rung
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import Inputs, quantize_inputs
from neurodeploy.reference.following import follows
from neurodeploy.reference.integer import State, initial_state
from neurodeploy.reference.program_runner import ProgramRun, memory_steps
from neurodeploy.trace import Trace

ENGINE = "engine"


class ReferencePart:
    """Runs the reference on a seeded part of the blocks that the engine ran, and compares every integer."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self._program, self._plan, self._chosen = program, plan, plan.reference_part()
        self._judge = ExactJudge(program)
        self._judged = 0
        self._states: dict[str, State] = {}
        self._past = Past(memory_steps(program))
        self._explanation: Explanation | None = None

    def add(self, stimulus: Inputs, trace: Trace, place: Place) -> None:
        """Judge a block that the engine ran, where it is one of the part; blocks come in order of their steps."""
        if place.step == 0:
            self._states = {p.name: initial_state(p, trace.batch) for p in self._program.populations}
            self._past = Past(memory_steps(self._program))
        block = self._past.block(trace, place)
        for row in range(trace.batch):
            if place.step in self._chosen.get(place.sample + row, ()):
                self._compare(stimulus, block, row)
        self._states = {p.name: _ended(self._states[p.name], trace, p) for p in self._program.populations}

    def _compare(self, stimulus: Inputs, block: Block, row: int) -> None:
        samples, steps = slice(row, row + 1), slice(0, self._plan.judged)
        place = Place(block.place.sample + row, block.place.step)
        inputs = {name: array[samples, steps] for name, array in stimulus.items()}
        past = {name: line[samples] for name, line in block.past.items()}
        actual = Block(block.trace.part(samples, steps), place, past)
        self._judged += 1
        if self._follows(inputs, actual.trace, block, samples):
            self._judge.add(actual, actual)
            return
        expected = Block(self._begun(block, samples).feed(inputs), place, past)
        if self._judge.add(expected, actual):
            first = first_of(self._judge.nodes, self._program)
            if first is not None and expected.holds(first.sample, first.step):
                arrived = self._begun(block, samples).feed(inputs, actual.trace)
                part = f"sample {place.sample}, steps {place.step} to {place.step + expected.trace.steps - 1}"
                self._explanation = Explanation(expected, actual, arrived, None, part)

    def _follows(self, inputs: Inputs, run: Trace, block: Block, samples: slice) -> bool:
        """Whether the engine did what the reference does; where not, the reference runs to show it."""
        sent = quantize_inputs(self._program, inputs)
        return follows(self._program, sent, run, self._start(samples), self._memory(block, samples))

    def _begun(self, block: Block, samples: slice) -> ProgramRun:
        """The reference, in the state in which the engine began a block."""
        past = self._memory(block, samples)
        return ProgramRun(self._program, 1, states=True, start=self._start(samples), past=past)

    def _start(self, samples: slice) -> dict[str, State]:
        """The states in which the engine began a block."""
        return {
            name: State(state.u[samples].copy(), state.v[samples].copy(), state.fired[samples].copy())
            for name, state in self._states.items()
        }

    def _memory(self, block: Block, samples: slice) -> Mapping[str, NDArray[np.int64]]:
        """What every node sent in the steps before, with silence before the first step."""
        steps = memory_steps(self._program)
        memory: dict[str, NDArray[np.int64]] = {}
        for node in (*self._program.inputs, *self._program.populations):
            memory[node.name] = np.zeros((1, steps, *node.shape), np.int64)
            if steps and node.name in block.past:
                line = block.past[node.name][samples]
                memory[node.name][:, steps - line.shape[1] :] = line
        return memory

    @property
    def words(self) -> str:
        """Which part was judged."""
        chunk, judged = self._plan.chunk, self._plan.judged
        blocks = f"{self._judged} of {self._plan.blocks} blocks of {chunk} steps of a sample"
        return blocks if judged == chunk else f"the first {judged} steps of {blocks}"

    @property
    def note(self) -> str:
        """What the report says of it."""
        return f"ran as compiled code, equal to the reference in {self.words} (--reference full compares all)"

    def rung(self) -> Rung | None:
        """The rung that shows where the engine differs from the reference; None where it does not."""
        lead = self._plan.samples, self._plan.steps
        allowed = self._program.by_name
        rung = judged_rung(
            self._program,
            ENGINE,
            self._judge,
            lead,
            allowed,
            {},
            INDEPENDENT,
            (self.words,),
            self._explanation,
        )
        return rung if rung.verdict == "diverged" else None


def _ended(state: State, trace: Trace, population: Population) -> State:
    """The state after a block, as the engine recorded it."""
    entry = trace[population.name]
    fired = state.fired | (entry.output != 0).any(axis=1) if population.fire_once else state.fired
    if entry.u is None or entry.v is None:
        return State(state.u, state.v, fired)
    return State(entry.u[:, -1], entry.v[:, -1], fired)
