"""A run cut into groups of samples and chunks of steps, so that what is held at once does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from neurodeploy.engine import open_stream
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.floats import NetworkRun
from neurodeploy.floats.kernels import kernels
from neurodeploy.network.network import Network
from neurodeploy.parity.plan import Plan
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import keeps_state, run_network
from neurodeploy.reference.program_runner import ProgramRun
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace


@dataclass(frozen=True, eq=False)
class Piece:
    """Some steps of some samples of a run; ``first``: whether the samples are at their first step."""

    samples: slice
    steps: slice
    trace: Trace

    @property
    def first(self) -> bool:
        """Whether it begins its samples."""
        return self.steps.start == 0


def program_pieces(program: Program, stimulus: Stimulus, states: bool = True) -> Iterator[Piece]:
    """What a program does with a stimulus: on the reference where that takes seconds, else on compiled code."""
    plan = Plan.of(stimulus.batch, stimulus.steps, sum(p.size for p in program.populations))
    compiled = not plan.small and find_compiler() is not None
    for run in plan.runs():
        for group in plan.groups(run):
            batch = group.stop - group.start
            feed = open_stream(program, batch, states) if compiled else ProgramRun(program, batch, states)
            for chunk in plan.chunks():
                yield Piece(group, chunk, feed.feed(stimulus.part(group, chunk)))


def network_pieces(network: Network, stimulus: Stimulus) -> Iterator[Piece]:
    """What a float network does, with membranes.

    Without a C compiler all steps of a sample are held at once; where a term keeps states from sample to sample, all.
    """
    plan = Plan.of(stimulus.batch, stimulus.steps, sum(prod(network.shapes[name]) for name in network.populations))
    library = None if plan.small else kernels()
    if library is None or keeps_state(network):
        group = stimulus.batch if keeps_state(network) else 1
        for first in range(0, stimulus.batch, group):
            part = slice(first, first + group)
            yield Piece(part, slice(0, stimulus.steps), run_network(network, stimulus.part(part), states=True))
        return
    for run in plan.runs():
        for group in plan.groups(run):
            feed = NetworkRun(network, group.stop - group.start, library, states=True)
            for chunk in plan.chunks():
                yield Piece(group, chunk, feed.feed(stimulus.part(group, chunk)))
