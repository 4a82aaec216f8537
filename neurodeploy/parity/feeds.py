"""The runs that a check advances side by side, each fed in chunks of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from numpy.typing import NDArray

from neurodeploy.counting import kernels as counting
from neurodeploy.engine import open_stream
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.floats import NetworkRun
from neurodeploy.floats.kernels import Kernels, kernels
from neurodeploy.memory import Pool
from neurodeploy.network.network import Network
from neurodeploy.parity.compare import unequal
from neurodeploy.parity.known import Known
from neurodeploy.parity.masks import is_nowhere
from neurodeploy.parity.plan import Plan
from neurodeploy.passes.resets import held_apart
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import ProgramRun
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Feed
from neurodeploy.trace import Entry, Trace

Judge = Literal["part", "full"]
"""How much of a long check the reference computes: a seeded part, or all of it."""


class Recorded:
    """A run that is over, handed out in chunks of its steps."""

    def __init__(self, trace: Trace) -> None:
        self._trace, self._at = trace, 0

    def feed(self, stimulus: Mapping[str, NDArray[Any]], drive: Trace | None = None) -> Trace:
        """Its next steps, as many as the stimulus has; what is driven is over too."""
        start = self._at
        self._at += next(iter(stimulus.values())).shape[1]
        return self._trace.part(slice(None), slice(start, self._at))


class Follower:
    """A run that is fed what another one sent, chunk after chunk of ``shown``.

    As long as that is what it sends by itself, it is the run that goes on undriven anyway, and nothing is computed. At
    the first difference it is opened, and led to that step by the stimulus alone.
    """

    def __init__(self, opens: Callable[[], Feed], shown: Stimulus) -> None:
        self._opens, self._shown = opens, shown
        self._feed: Feed | None = None
        self._past: list[slice] = []

    def feed(self, steps: slice, drive: Trace, undriven: Trace, same: bool) -> Trace:
        """What the next steps do. ``undriven``: what they do by themselves; ``same``: they send what ``drive`` says."""
        if self._feed is None:
            if same:
                self._past.append(steps)
                return undriven
            self._feed = self._opens()
            for past in self._past:
                self._feed.feed(self._shown.part(slice(None), past))
        return self._feed.feed(self._shown.part(slice(None), steps), drive)


def sends_the_same(expected: Entry, actual: Entry, known: Known | None = None) -> bool:
    """Whether two records of a node hold equal outputs. ``known``: what is known of the block that both belong to."""
    return expected.output is actual.output or is_nowhere(unequal(expected, actual, known))


@dataclass(frozen=True, eq=False)
class Runs:
    """What computes the network and the program of a check.

    A small check runs on the reference, which is the definition of both. A long one runs on compiled code, and the
    reference judges a seeded part of the program's run; ``library`` are the kernels of the float network, ``counting``
    those that count and compare what all of them did; ``pool``: where their records lie.
    """

    network: Network
    program: Program
    compiled: bool
    library: Kernels | None
    counting: counting.Kernels | None = None
    pool: Pool = field(default_factory=Pool)

    @staticmethod
    def of(network: Network, program: Program, plan: Plan, reference: Judge) -> Runs:
        """The runs of a check. Without a C compiler the reference runs all of it."""
        if plan.small or find_compiler() is None:
            return Runs(network, program, False, None)
        return Runs(network, program, reference == "part", kernels(), counting.kernels())

    def of_program(self, batch: int) -> Feed:
        """The program, with states."""
        if self.compiled:
            return open_stream(self.program, batch, states=True, pool=self.pool)
        return ProgramRun(self.program, batch, states=True)

    def of_isolated(self, batch: int) -> Feed:
        """The program without states, to be driven by what the float network sent.

        Compiled code records the nodes ``behind`` others only: the rest do what they do undriven.
        """
        if self.compiled:
            return open_stream(self.program, batch, record=self.behind, pool=self.pool)
        return ProgramRun(self.program, batch)

    @cached_property
    def behind(self) -> tuple[str, ...]:
        """Populations that others send to, not only inputs."""
        reached = {p.target for p in self.program.projections if p.source in self.program.by_name}
        return tuple(name for name in self.program.by_name if name in reached)

    def whole_network(self, stimulus: Stimulus) -> Trace | None:
        """The run of the float network with the populations of the program, and membranes, by the plain runner.

        None where it is fed in chunks.
        """
        return None if self.library is not None else run_network(held_apart(self.network), stimulus, states=True)

    def of_network(self, batch: int) -> Feed:
        """The float network with the populations of the program, and membranes, by compiled kernels."""
        assert self.library is not None
        return NetworkRun(held_apart(self.network), batch, self.library, states=True, pool=self.pool)

    def follows(self, said: Trace, floats: Trace, known: Known | None = None) -> bool:
        """Whether the float network, driven by what the source sent, does what it does by itself: it sent the same.

        ``known``: what is known of the block that both belong to.
        """
        names = self.network.populations
        return all(name in floats.entries and sends_the_same(said[name], floats[name], known) for name in names)

    def of_judged(self, stimulus: Stimulus, source: Trace) -> Feed:
        """The float network, to be driven by what the source sent, each neuron reset as it fired."""
        if self.library is not None:
            return NetworkRun(self.network, stimulus.batch, self.library, states=True, forced=True, pool=self.pool)
        return Recorded(run_network(self.network, stimulus, states=True, drive=source, forced=True))
