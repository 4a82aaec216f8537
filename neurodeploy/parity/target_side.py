"""One target of a ladder: its runs, the counts against the program, and what explains its first divergence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from neurodeploy.causes.search import SECONDS
from neurodeploy.evidence import Evidence
from neurodeploy.parity.beginning import Beginning
from neurodeploy.parity.block import Block, Past, Place
from neurodeploy.parity.divergence import first_of
from neurodeploy.parity.exact_judge import ExactJudge, with_inputs
from neurodeploy.parity.exact_rung import Explanation, judged_rung
from neurodeploy.parity.feeds import Recorded, Runs
from neurodeploy.parity.isolation import Isolated, isolate
from neurodeploy.parity.known import Known
from neurodeploy.parity.plan import RUN, Plan
from neurodeploy.parity.rung import Divergence, Rung
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import ProgramRun, memory_steps, run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Feed
from neurodeploy.trace import Trace, joined

MARGIN = 4
"""Steps around the first divergence of a long run that are run again with all their states."""


Sends = Callable[[Stimulus, slice, Trace], Trace]
"""What a target does in the next block: its inputs, its steps, and what the target should do."""


class Spread(Protocol):
    """A target's runs elsewhere. Samples are those of all runs."""

    def sent(self, samples: slice, steps: slice, expected: Trace) -> Trace:
        """What it did in some samples and a chunk of steps. ``expected``: what it should have done there."""
        ...

    def trace(self, samples: slice) -> Trace:
        """All records of some samples."""
        ...

    def forget(self) -> None:
        """All samples that were asked for are done with."""
        ...


@dataclass(eq=False)
class Side:
    """A target while its ladder is climbed.

    - ``run``: runs it on a stimulus, with all synapses fed the outputs of a trace where one is given.
    - ``opens``: opens a run of so many samples that is fed in chunks; None where only whole runs are possible.
    - ``evidence``: what it means that it agrees, unless its trace says so itself.
    - ``spread``: its runs elsewhere, sample by sample as they would be here; None: it runs here.
    - ``seconds``: what the search for the causes of a divergence may take.
    - ``begun``: after the run, what it sent in its first samples and steps.
    """

    name: str
    program: Program
    run: Callable[[Stimulus, Trace | None], Trace]
    opens: Callable[[int], Feed] | None
    evidence: Evidence
    latency: Mapping[str, int]
    notes: tuple[str, ...] = ()
    seconds: float = SECONDS
    spread: Spread | None = None
    exact: ExactJudge | None = field(default=None, init=False)
    compiled: bool = field(default=False, init=False)
    begun: Beginning = field(init=False)
    _shown: Stimulus = field(init=False)
    _first: int = field(default=0, init=False)
    _past: Past = field(init=False)
    _trace: Trace | None = field(default=None, init=False)
    _known: Divergence | None = field(default=None, init=False)
    _explanation: Explanation | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        populations = self.program.populations
        self.begun = Beginning(self.program.by_name, sum(population.size for population in populations))

    def begin(self, shown: Stimulus, first: int) -> None:
        """Go on with some samples, of which ``first`` is the first; where it cannot be fed in chunks, it runs now."""
        self._shown, self._first = shown, first
        if self.spread is None and self.opens is None:
            self._trace = self.run(shown, None)
            self._told(self._trace)

    def _told(self, trace: Trace) -> None:
        if self.exact is None:
            self.exact = ExactJudge(self.program, trace.encoded)
            self.evidence = trace.evidence or self.evidence
            self.compiled = trace.meta.get("engine") == "compiled"
            self.notes = (*self.notes, *trace.notes)

    def sends(self, samples: slice, batch: int) -> Sends:
        """What the target does in some of the samples, block after block."""
        if self.spread is None:
            feed = self.feed(samples, batch)
            return lambda block, _steps, _expected: feed.feed(block)
        spread, rows = self.spread, self._rows(samples)
        return lambda _block, steps, expected: spread.sent(rows, steps, expected)

    def _rows(self, samples: slice) -> slice:
        """Some of the samples as they are counted through all runs."""
        return slice(self._first + samples.start, self._first + samples.stop)

    def feed(self, samples: slice, batch: int) -> Feed:
        """The run of some of the samples, in chunks."""
        if self.spread is not None:
            return Recorded(self.spread.trace(self._rows(samples)))
        if self._trace is not None:
            return Recorded(self._trace.part(samples, slice(None)))
        assert self.opens is not None
        return self.opens(batch)

    def add(self, expected: Block, actual: Trace, known: Known | None = None) -> Trace:
        """Compare the next block, of which something may be ``known``; it comes back with what the inputs sent."""
        self._told(actual)
        assert self.exact is not None
        self.begun.add(actual, expected.place)
        full = with_inputs(self.program, expected.trace, actual)
        if expected.place.step == 0:
            self._past = Past(memory_steps(self.program))
        self.exact.add(expected, self._past.block(full, expected.place), known)
        return actual

    def end(self, runs: Runs, plan: Plan) -> None:
        """After some samples: run again what explains the first divergence, where it lies in them."""
        first = None if self.exact is None else first_of(self.exact.nodes, self.program)
        if first is not None and first != self._known:
            self._known = first
            self._explanation = self._explained(runs, plan, first)
        self._trace = None
        if self.spread is not None:
            self.spread.forget()

    def _explained(self, runs: Runs, plan: Plan, first: Divergence) -> Explanation:
        width, batch = max(plan.neurons, 1), self._shown.batch
        all_samples = plan.small or batch * plan.steps * width <= RUN
        row = first.sample - self._first
        samples = slice(0, batch) if all_samples else slice(row, row + 1)
        long = not plan.small and plan.steps * width > RUN
        stop = min(plan.steps, first.step + MARGIN) if long else plan.steps
        late = long and stop * width > RUN
        start = max(0, first.step - memory_steps(self.program) - MARGIN) if late else 0
        again = _Again(self, runs, self._shown.part(samples, slice(0, stop)), samples, slice(start, stop))
        place = Place(self._first + samples.start, start)
        whole = samples == slice(0, plan.samples) and not long
        part = "" if whole else f"samples {place.sample} to {place.sample + samples.stop - samples.start - 1}"
        part += f", steps {start} to {stop - 1}" if part else ""
        return again.explanation(plan, place, part)

    def rung(self, allow_silent: Collection[str], lead: tuple[int, int], part: str = "") -> Rung:
        """What follows, over ``lead`` samples and steps. ``part``: that which the reference judged."""
        assert self.exact is not None
        rung = judged_rung(
            self.program,
            self.name,
            self.exact,
            lead,
            allow_silent,
            self.latency,
            self.evidence,
            self.notes,
            self._explanation,
            self.seconds,
        )
        if rung.scope is None or not (self.compiled and part):
            return rung
        return replace(rung, scope=replace(rung.scope, part=part))


@dataclass(frozen=True, eq=False)
class _Again:
    """Some samples and steps of a ladder once more, with what explains a divergence; ``kept``: steps that are kept."""

    side: Side
    runs: Runs
    shown: Stimulus
    samples: slice
    kept: slice

    def explanation(self, plan: Plan, place: Place, part: str) -> Explanation:
        program, batch = self.side.program, self.shown.batch
        expected, actual = self.runs.of_program(batch), self.side.feed(self.samples, batch)
        arrived = ProgramRun(program, batch, states=True)
        alone = None if self.side.opens is None else self.side.opens(batch)
        sides: dict[str, list[Trace]] = {"expected": [], "actual": [], "arrived": [], "alone": []}
        sent: list[Trace] = []
        for steps in plan.chunks(self.kept.stop):
            block = self.shown.part(slice(None), steps)
            ours = expected.feed(block)
            theirs = with_inputs(program, ours, actual.feed(block))
            traces = {"expected": ours, "actual": theirs, "arrived": arrived.feed(block, theirs)}
            if alone is None:
                sent.append(Trace({name: entry.outputs() for name, entry in ours.entries.items()}))
            else:
                traces["alone"] = alone.feed(block, ours)
            for name, trace in traces.items():
                first = max(self.kept.start - steps.start, 0)
                if first < trace.steps:
                    sides[name].append(trace.part(slice(None), slice(first, None)))
        windows = {name: joined(traces, 1) for name, traces in sides.items() if traces}
        isolated = Isolated(windows["alone"]) if alone is not None else self._isolated(joined(sent, 1))
        blocks = Block(windows["expected"], place), Block(windows["actual"], place)
        return Explanation(*blocks, windows["arrived"], isolated, part)

    def _isolated(self, sent: Trace) -> Isolated:
        """The isolated run of a target that runs as a whole. ``sent``: what every node should have sent."""
        trace = self.side.feed(self.samples, self.shown.batch).feed(self.shown)
        isolated = isolate(
            self.side.program,
            sent,
            trace,
            lambda drive: self.side.run(self.shown, drive),
            lambda drive: run_program(self.side.program, self.shown, drive=drive),
        )
        if isolated.trace is None:
            return isolated
        return Isolated(isolated.trace.part(slice(None), self.kept))
