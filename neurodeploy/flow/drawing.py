"""Targets whose every node is fed drawn messages, by itself, and what that shows beside the run of a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurodeploy.adequacy import Adequacy, NodeAdequacy
from neurodeploy.errors import InputError, NeurodeployError
from neurodeploy.flow.foreign import run_target
from neurodeploy.guided import Drawn, drawn_messages
from neurodeploy.network.network import Network
from neurodeploy.parity.compare import Cell, Differences, compare, first_cell, quantity
from neurodeploy.parity.coverage import coverage
from neurodeploy.parity.gate import Rules
from neurodeploy.parity.rung import Quantity, Rung
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target
from neurodeploy.trace import Trace

BRANCHES = ("at_threshold", "just_below", "saturated", "reset", "clamped", "clipped_low", "clipped_high")
"""What of the coverage of a check drawn messages add to: branches, which are one rule for a whole population."""


@dataclass(frozen=True)
class Fed:
    """What a target did on drawn messages: whether it took them, whether it did what it should, and words for both."""

    took: bool
    same: bool
    words: str

    def on(self, rung: Rung) -> Rung:
        """The rung of the target with this."""
        if self.same:
            return replace(rung, notes=(*rung.notes, self.words))
        return replace(rung, verdict="diverged", reasons=(*rung.reasons, self.words))


@dataclass(frozen=True, eq=False)
class Feeding:
    """Drawn messages of a program, and what it does on them.

    - ``fed``: by target, what it did.
    """

    program: Program
    drawn: Drawn
    stimulus: Stimulus
    expected: Trace
    fed: dict[str, Fed] = field(default_factory=dict[str, Fed])

    @staticmethod
    def of(network: Network, program: Program, seed: int) -> Feeding:
        """Draw the messages, and run the reference on them. Raises InputError where an encoder makes the input."""
        if network.host.pre is not None:
            problem = "an encoder makes this network's input, and no messages are drawn for it"
            raise InputError(problem, "--drawn", "leave out the option")
        drawn = drawn_messages(program, seed)
        stimulus = drawn.stimulus(program)
        return Feeding(program, drawn, stimulus, run_program(program, stimulus, states=True, drive=drawn.messages))

    @property
    def size(self) -> str:
        """How much was drawn, in words."""
        return f"{self.expected.batch} samples of {self.expected.steps} steps"

    def feed(self, target: Target, artifact: Artifact, states: bool) -> None:
        """Run a target on the messages, and compare."""
        self.fed[target.name] = self._run(target, artifact, states)

    def _run(self, target: Target, artifact: Artifact, states: bool) -> Fed:
        try:
            ran = run_target(target, artifact, self.stimulus, states, self.drawn.messages)
        except NeurodeployError as error:
            return Fed(False, True, f"no drawn messages were fed: the target cannot run on them ({error.what})")
        differing = self._differing(self.expected, ran)
        if not differing:
            return Fed(True, True, f"every node alone, on drawn messages ({self.size}): the same")
        if not self._differing(run_program(self.program, self.stimulus, states=True), ran):
            return Fed(False, True, "no drawn messages were fed: the target ignores them (drive)")
        return Fed(True, False, self._words(differing, ran))

    def _differing(self, expected: Trace, ran: Trace) -> dict[str, Differences]:
        nodes = compare(expected, ran, self.program.by_name)
        return {name: masks for name, masks in nodes.items() if any(mask.any() for mask in masks.values())}

    def _words(self, differing: Mapping[str, Differences], ran: Trace) -> str:
        """The first cell of every node that differs; each is at fault itself, for it got what it should get."""
        told: list[str] = []
        for node, masks in differing.items():
            cells: dict[Quantity, Cell] = {key: cell for key, mask in masks.items() if (cell := first_cell(mask))}
            name, cell = min(cells.items(), key=lambda item: item[1][0])
            step, sample, *neuron = cell
            values = (quantity(trace[node], name) for trace in (self.expected, ran))
            ours, theirs = (None if array is None else int(array[sample, step, *neuron]) for array in values)
            place = f"neuron {tuple(neuron)}, sample {sample}, step {step}"
            told.append(f"{node}: {name} of {place}: expected {ours}, got {theirs}")
        return f"every node alone, on drawn messages ({self.size}): {'; '.join(told)}"

    @property
    def counts(self) -> bool:
        """Whether what was drawn adds to what the check would have noticed: every target took it."""
        return bool(self.fed) and all(fed.took for fed in self.fed.values())

    def exercised(self, shares: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        """By population, the coverage of a check with the branches that were taken on drawn messages too."""
        more = coverage(self.program, self.expected) if self.counts else {}
        return {
            name: {
                key: max(share, more.get(name, {}).get(key, 0.0)) if key in BRANCHES else share
                for key, share in own.items()
            }
            for name, own in shares.items()
        }

    def noticed(self, adequacy: Mapping[str, NodeAdequacy], impossible: Mapping[str, Rules]) -> dict[str, NodeAdequacy]:
        """What a check would have noticed, with what would have shown on drawn messages."""
        if not self.counts or not adequacy:
            return dict(adequacy)
        messages = self.drawn.messages
        measured = Adequacy(self.program, messages.batch, messages.steps, self.drawn.watched)
        measured.add(messages)
        more = measured.results(impossible, [name for name, node in adequacy.items() if not node.states])
        return {name: node.joined(more[name]) if name in more else node for name, node in adequacy.items()}
