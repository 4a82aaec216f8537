"""All rungs of a ladder side by side: group after group of samples, chunk after chunk of steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from neurodeploy.adequacy import Adequacy
from neurodeploy.network.network import Network
from neurodeploy.parity.block import Past, Place
from neurodeploy.parity.budget_rung import BudgetJudge, as_integers
from neurodeploy.parity.coverage import Coverage
from neurodeploy.parity.divergence import first_of
from neurodeploy.parity.feeds import Follower, Recorded, Runs, sends_the_same
from neurodeploy.parity.float_rung import FloatJudge, check_source
from neurodeploy.parity.known import Known
from neurodeploy.parity.plan import Plan
from neurodeploy.parity.recorder import Recorder
from neurodeploy.parity.reference_part import ReferencePart
from neurodeploy.parity.rung import Divergence
from neurodeploy.parity.target_side import Sends, Side
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import memory_steps
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Feed
from neurodeploy.trace import Trace, joined

Progress = Callable[[str], None]
"""Is told, now and then, how far a check has come."""


@dataclass(eq=False)
class Readouts:
    """What one node sent on every rung: all that a head needs."""

    node: str | None
    blocks: dict[str, list[list[Trace]]] = field(default_factory=dict[str, list[list[Trace]]])

    def add(self, rung: str, trace: Trace, place: Place) -> None:
        """Keep the node's entry of a block."""
        if self.node is not None and self.node in trace.entries:
            groups = self.blocks.setdefault(rung, [])
            if place.step == 0:
                groups.append([])
            groups[-1].append(Trace({self.node: trace[self.node].outputs()}))

    def traces(self) -> dict[str, Trace]:
        """By rung, the trace of that node."""
        return {rung: joined([joined(b, 1) for b in groups], 0) for rung, groups in self.blocks.items()}


def _in_rows(trace: Trace, known: Known, rows: Trace | None = None) -> Trace:
    """A trace with outputs in row-major order, those of ``rows`` where they are equal."""
    entries = dict(trace.entries)
    for name, entry in entries.items():
        turned = None if rows is None or name not in rows.entries else rows[name].output
        if turned is not None and turned.shape == entry.output.shape and known.equal(turned, entry.output):
            output = turned
        else:
            output = known.in_rows(entry.output)
        entries[name] = entry if output is entry.output else replace(entry, output=output)
    return replace(trace, entries=entries)


@dataclass(frozen=True, eq=False)
class _Whole:
    """Runs of some samples that are over: of the source, and of the float network where it is not fed in chunks."""

    said: Trace | None
    floats: Trace | None


@dataclass(frozen=True, eq=False)
class _Rungs:
    """Runs of some samples under way; ``floats``, ``integers``: what the network and the program sent last."""

    network: Feed
    program: Feed
    isolated: Follower
    judged: Follower | None
    sides: Sequence[tuple[Side, Sends]]
    floats: Past
    integers: Past


class Climb:
    """A ladder on its way up; after ``run`` its judges hold all counts.

    ``sourced``: whether the source ran. ``read``: the node that a head reads.
    ``floats``: the whole run of the float network, where it was made in one go. ``adequacy``: collects what would have
    been noticed, where that is asked for.
    """

    def __init__(
        self,
        network: Network,
        program: Program,
        stimulus: Stimulus,
        runs: Runs,
        plan: Plan,
        sides: Collection[Side],
        read: str | None = None,
        adequacy: Adequacy | None = None,
    ) -> None:
        self.network, self.program, self.stimulus = network, program, stimulus
        self.runs, self.plan, self.sides = runs, plan, tuple(sides)
        self.reading, self.losses = FloatJudge(network), BudgetJudge(program)
        self.exercised, self.adequacy = Coverage(program, stimulus.steps, runs.counting), adequacy
        self.part = ReferencePart(program, plan) if runs.compiled else None
        self.floats: Trace | None = None
        self.sourced = False
        self.readouts = Readouts(read)
        self.recorder = Recorder(program, plan)

    def run(self, source: Callable[[Stimulus], Trace] | None, progress: Progress = lambda text: None) -> None:
        """Advance every rung to the end. ``source``: runs the module that the network came from."""
        begun, self.sourced = monotonic(), source is not None
        for samples in self.plan.runs():
            shown = self.stimulus.part(samples)
            said = None if source is None else source(shown)
            if said is not None:
                check_source(self.network, said, (shown.batch, shown.steps))
            floats = self.runs.whole_network(shown)
            if shown.batch == self.plan.samples:
                self.floats = floats
            for side in self.sides:
                side.begin(shown, samples.start)
            for group in self.plan.groups(samples):
                local = slice(group.start - samples.start, group.stop - samples.start)
                whole = _Whole(*(None if trace is None else trace.part(local, slice(None)) for trace in (said, floats)))
                self._group(shown.part(local), group, local, whole, lambda done: progress(self._told(done, begun)))
            for side in self.sides:
                side.end(self.runs, self.plan)
            said = floats = None  # or the next call of the source would find two of its traces in memory

    def _group(self, shown: Stimulus, group: slice, local: slice, whole: _Whole, told: Callable[[float], None]) -> None:
        said = whole.said
        rungs = _Rungs(
            self.runs.of_network(shown.batch) if whole.floats is None else Recorded(whole.floats),
            self.runs.of_program(shown.batch),
            Follower(lambda: self.runs.of_isolated(shown.batch), shown),
            None if said is None else Follower(lambda: self.runs.of_judged(shown, said), shown),
            [(side, side.sends(local, shown.batch)) for side in self.sides],
            *(Past(memory_steps(self.program)) for _ in range(2)),
        )
        for steps in self.plan.chunks():
            source = None if said is None else said.part(slice(None), steps)
            self._block(shown.part(slice(None), steps), steps, Place(group.start, steps.start), rungs, source)
            told(group.start + (group.stop - group.start) * steps.stop / self.plan.steps)

    def _block(self, block: Stimulus, steps: slice, place: Place, rungs: _Rungs, source: Trace | None) -> None:
        """One step of the ladder; all that it recorded is gone afterwards, so that the next finds its memory free."""
        traces: dict[str, Trace] = {}
        known, sent = Known(self.runs.counting, self.runs.pool), rungs.network.feed(block)
        if source is not None and rungs.judged is not None:
            driven = rungs.judged.feed(steps, source, sent, self.runs.follows(source, sent, known))
            self.reading.add(source, driven, place, known)
            traces["source"] = source
        expected = rungs.program.feed(block)
        self.exercised.add(expected, place, known)
        if self.part is not None:
            self.part.add(block, expected, place)
        rows, ours = _in_rows(expected, known), rungs.integers.block(expected, place)
        traces |= {"network": sent, "program": rows}
        for side, sends in rungs.sides:
            traces[side.name] = _in_rows(side.add(ours, sends(block, steps, expected), known), known, rows)
        asked = place.sample < self.alone[0] and place.step < self.alone[1]
        fed = self._isolated(steps, sent, rows, rungs.isolated, known) if asked else None
        self.losses.add(rungs.floats.block(sent, place), replace(ours, trace=rows), fed, known)
        if self.adequacy is not None:
            counts = {name: known.sent(rows[name].output) for name in self.program.by_name}
            fired = {name: sent.neurons for name, sent in counts.items() if sent.cells}
            self.adequacy.add(rows, place.sample, place.step, fired)
        for rung, trace in traces.items():
            self.readouts.add(rung, trace, place)
        self.recorder.add(traces, place, self._firsts(), known)

    def _isolated(self, steps: slice, sent: Trace, rows: Trace, isolated: Follower, known: Known) -> Trace:
        """What the program does in a block when nodes are fed what the network sent. ``rows``: what it does else."""
        drive = as_integers(self.program, sent, known)
        same = all(sends_the_same(entry, drive[name], known) for name, entry in rows.entries.items())
        fed = isolated.feed(steps, drive, rows, same or not self.runs.behind)
        return fed if fed is rows else _in_rows(replace(fed, entries={**rows.entries, **fed.entries}), known)

    @property
    def alone(self) -> tuple[int, int]:
        """First samples and steps in which nodes are fed what the network sent."""
        return self.plan.alone if self.runs.compiled else (self.plan.samples, self.plan.steps)

    def floats_of(self, samples: int, steps: int) -> Trace:
        """The float network with states on the first samples and steps."""
        first = slice(0, samples), slice(0, steps)
        if self.floats is not None:
            return self.floats.part(*first)
        shown = self.stimulus.part(*first)
        whole = self.runs.whole_network(shown)
        return self.runs.of_network(shown.batch).feed(shown) if whole is None else whole

    def _firsts(self) -> dict[str, Divergence | None]:
        """The earliest divergence so far on rungs without a budget, and on the one with."""
        judges = [side.exact for side in self.sides if side.exact is not None]
        firsts = [self.reading.first, *(first_of(judge.nodes, self.program) for judge in judges)]
        exact = min((first for first in firsts if first is not None), key=lambda first: first.step, default=None)
        return {"exact": exact, "budget": self.losses.first}

    def _told(self, done: float, begun: float) -> str:
        """How far it is. ``done``: samples, with a share of the one under way."""
        share = done / self.plan.samples
        left = (monotonic() - begun) * (1 / share - 1)
        rungs = ", ".join(["network", "program", *(side.name for side in self.sides)])
        return (
            f"{rungs}: {100 * share:.0f} % of {self.plan.samples} samples of {self.plan.steps} steps, {left:.0f} s left"
        )
