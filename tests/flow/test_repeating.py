"""``--twice``: a target that differs from itself has diverged, and the reason tells in what it does."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.evidence import INDEPENDENT
from neurodeploy.flow.checking import _repeated
from neurodeploy.flow.repeating import repeated
from neurodeploy.parity.rung import Rung
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace
from tests.parity.networks import chain, noise

PROGRAM = chain([[20, 30], [40, 10]], [[30, 30]])
SHOWN = Stimulus(noise(2, samples=2))
RUNG = Rung("program", "chip", "exact", "agree", {}, None)


def chip(lies) -> Target:
    """A target that sends the contrary of node ``l2`` where ``lies`` says so of its run's number and states."""
    runs: list[bool] = []

    def run(artifact: Artifact, stimulus: Stimulus, *, states: bool = False, drive: Trace | None = None) -> Trace:
        runs.append(states)
        trace = run_program(artifact.program, stimulus, states, drive)
        if not lies(len(runs), states):
            return trace
        entry = replace(trace["l2"], output=1 - np.clip(trace["l2"].output, 0, 1))
        return replace(trace, entries={**trace.entries, "l2": entry}, evidence=INDEPENDENT)

    return replace(find_target("fixed"), name="chip", run=run, opens=None)


@pytest.mark.parametrize(
    ("lies", "words"),
    [
        (lambda number, states: states, "it sends something else where it records states: l2"),
        (lambda number, states: number > 1, "two runs do not send the same: l2"),
    ],
)
def test_a_target_that_differs_from_itself_diverged(lies, words: str) -> None:
    result = repeated(chip(lies), Artifact(PROGRAM), SHOWN)
    (rung,) = _repeated([RUNG], {"chip": result})
    assert (result[0], rung.verdict) == (False, "diverged")
    assert rung.reasons == (f"{words}, on 2 samples and 40 steps",)


def test_one_that_does_not_says_what_was_run_again() -> None:
    result = repeated(chip(lambda number, states: False), Artifact(PROGRAM), SHOWN)
    (rung,) = _repeated([RUNG], {"chip": result})
    assert (rung.verdict, rung.notes) == (
        "agree",
        ("run twice on 2 samples and 40 steps, with states and without: the same outputs",),
    )
