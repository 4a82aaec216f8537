"""The samples of a target's runs, spread over workers while this process runs what they are compared with.

Workers send digests of what the target did; where these differ from those of the program, the part runs once more and
its records travel too. The report is that of one process.
"""

from __future__ import annotations

import pickle
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurodeploy.flow.foreign import open_target, run_target
from neurodeploy.parity.plan import Plan
from neurodeploy.parity.prints import Packed, Prints, digest
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace, joined
from neurodeploy.work import Shared, content
from neurodeploy.work.calls import Calls

FEWEST = 2
"""Samples of a job: a state that is kept between samples shows with two."""


@dataclass(frozen=True)
class Asked:
    """What workers are asked for: the target of that name with ``states``, ``fed`` in the chunks of the plan or not."""

    target: str
    states: bool
    fed: bool
    plan: Plan


class Elsewhere:
    """A target's runs of all samples of a stimulus, on the crew of ``calls``; they begin at once, in order."""

    def __init__(
        self, calls: Calls, target: Target, artifact: Artifact, plan: Plan, states: bool, fed: bool, shown: Stimulus
    ) -> None:
        self._calls, self._plan, self._shown = calls, plan, shown
        self._asked, self._artifact = Asked(target.name, states, fed, plan), calls.crew.share(pickle.dumps(artifact))
        size = plan.group if fed else max(FEWEST, -(-plan.together // calls.crew.width))
        self._parts = deque(
            slice(first, min(first + size, run.stop))
            for run in plan.runs()
            for first in range(run.start, run.stop, size)
        )
        self._stream = calls.stream(prints_of_part, [self._arguments(part) for part in self._parts])
        self._known: list[tuple[slice, Prints]] = []
        self._records: dict[int, Trace] = {}

    def _arguments(self, samples: slice) -> tuple[Any, ...]:
        return self._asked, self._artifact, self._shown.part(samples)

    def sent(self, samples: slice, steps: slice, expected: Trace) -> Trace:
        """What the target did in some samples and a chunk of steps. ``expected``: what it should have done there."""
        chunk, parts = steps.start // self._plan.chunk, self._of(samples)
        for part, prints in parts:
            for row in range(max(part.start, samples.start), min(part.stop, samples.stop)):
                ours = expected.part(slice(row - samples.start, row - samples.start + 1), slice(None))
                if prints.digests[row - part.start][chunk] != digest(ours, prints.recorded):
                    return self.trace(samples).part(slice(None), steps)
        return parts[0][1].filled(expected)

    def trace(self, samples: slice) -> Trace:
        """The records of some samples; their parts run once more for them."""
        traces: list[Trace] = []
        for part, _ in self._of(samples):
            if part.start not in self._records:
                packed = self._calls.results(records_of_part, [self._arguments(part)])[0]
                self._records[part.start] = packed.opened()
            rows = slice(max(samples.start - part.start, 0), min(samples.stop, part.stop) - part.start)
            traces.append(self._records[part.start].part(rows, slice(None)))
        return joined(traces, 0)

    def _of(self, samples: slice) -> list[tuple[slice, Prints]]:
        """The parts that hold some samples."""
        while not self._known or self._known[-1][0].stop < samples.stop:
            self._known.append((self._parts.popleft(), self._stream.take()))
        return [known for known in self._known if known[0].start < samples.stop and known[0].stop > samples.start]

    def forget(self) -> None:
        """All samples that were asked for are done with."""
        self._known.clear()
        self._records.clear()


def prints_of_part(asked: Asked, artifact: Shared | bytes, shown: Stimulus) -> Prints:
    """In a worker: some samples on the target, as digests."""
    return Prints.of(_run(asked, artifact, shown), asked.plan.chunk)


def records_of_part(asked: Asked, artifact: Shared | bytes, shown: Stimulus) -> Packed:
    """In a worker: some samples on the target, with all records."""
    return Packed.of(_run(asked, artifact, shown))


def _run(asked: Asked, artifact: Shared | bytes, shown: Stimulus) -> Trace:
    target, loaded = find_target(asked.target), _loaded(content(artifact))
    feed = open_target(target, loaded, shown.batch, asked.states) if asked.fed else None
    if feed is None:
        return run_target(target, loaded, shown, asked.states)
    return joined([feed.feed(shown.part(slice(None), steps)) for steps in asked.plan.chunks()], 1)


@lru_cache(maxsize=4)
def _loaded(data: bytes) -> Artifact:
    return pickle.loads(data)
