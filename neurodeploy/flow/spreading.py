"""The samples of a target's runs, spread over workers: the trace is that of one run in this process."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import lru_cache

from neurodeploy.flow.foreign import open_target, run_target
from neurodeploy.parity.plan import Plan
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace, joined
from neurodeploy.work import Shared, content
from neurodeploy.work.calls import Calls

FEWEST = 2
"""Samples of a job: a state that is kept between samples shows with two."""


def spread(calls: Calls, target: Target, artifact: Artifact, plan: Plan, states: bool, fed: bool) -> _Run:
    """What runs all samples of a stimulus on the crew of ``calls``. ``fed``: in the chunks of the plan."""
    shared = calls.crew.share(pickle.dumps(artifact))
    size = plan.group if fed else max(FEWEST, -(-plan.together // calls.crew.width))

    def run(shown: Stimulus) -> Trace:
        parts = [slice(first, first + size) for first in range(0, shown.batch, size)]
        jobs = [(target.name, shared, shown.part(part), states, plan if fed else None) for part in parts]
        return joined(calls.results(run_part, jobs), 0)

    return run


_Run = Callable[[Stimulus], Trace]


def run_part(name: str, artifact: Shared | bytes, shown: Stimulus, states: bool, plan: Plan | None) -> Trace:
    """In a worker: some samples on the target of that name. ``plan``: whose chunks of steps it is fed."""
    target, loaded = find_target(name), _loaded(content(artifact))
    feed = None if plan is None else open_target(target, loaded, shown.batch, states)
    if plan is None or feed is None:
        return run_target(target, loaded, shown, states)
    return joined([feed.feed(shown.part(slice(None), steps)) for steps in plan.chunks()], 1)


@lru_cache(maxsize=4)
def _loaded(data: bytes) -> Artifact:
    return pickle.loads(data)
